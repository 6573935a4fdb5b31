import base64
import json
from typing import Any

import pytest

from edgevoice.simulator.schema import CLIENT_MESSAGE
from edgevoice.simulator.wire import Refused, read, without_bytes, write

INVALID = "Request contains an invalid argument."


def parse(message: Any, version: str = "v1beta") -> tuple[str, dict[str, Any]]:
    return read(json.dumps(message), CLIENT_MESSAGE[version])


def refusal(message: Any, version: str = "v1beta") -> str:
    with pytest.raises(Refused) as refused:
        parse(message, version)
    assert refused.value.code == 1007
    return refused.value.reason


def unknown(name: str, at: str = "") -> str:
    place = f" at '{at}'" if at else ""
    return (
        f'Invalid JSON payload received. Unknown name "{name}"{place}: '
        "Cannot find field."
    )


def test_camel_case_and_snake_case_mean_the_same() -> None:
    camel = {
        "setup": {"generationConfig": {"topP": 0.5, "responseModalities": ["AUDIO"]}}
    }
    snake = {
        "setup": {"generation_config": {"top_p": 0.5, "response_modalities": ["AUDIO"]}}
    }
    assert parse(camel) == parse(snake) == ("setup", camel["setup"])


def test_a_name_in_both_spellings_is_refused() -> None:
    assert refusal({"realtimeInput": {}, "realtime_input": {}}) == INVALID


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"config": {}}, unknown("config")),
        (
            {"setup": {"responseModalities": ["AUDIO"]}},
            unknown("responseModalities", "setup"),
        ),
        ({"setup": {"x": 1}}, unknown("x", "setup")),
        (
            {"setup": {"generationConfig": {"thinkingConfig": {"x": 1}}}},
            unknown("x", "setup.generation_config.thinking_config"),
        ),
        ({"setup": {"tools": [{}, {"x": {}}]}}, unknown("x", "setup.tools[1]")),
        (
            {"setup": {"sessionResumption": {"transparent": True}}},
            unknown("transparent", "setup.session_resumption"),
        ),
        ({"setup": {"proactivity": {}}}, unknown("proactivity", "setup")),
        (
            {"realtimeInput": {"activityStart": {"x": 1}}},
            unknown("x", "realtime_input.activity_start"),
        ),
    ],
)
def test_an_unknown_name_is_refused_with_its_path(message: Any, reason: str) -> None:
    assert refusal(message) == reason


def test_proactivity_is_known_to_v1alpha_only() -> None:
    message = {"setup": {"proactivity": {"proactiveAudio": True}}}
    assert parse(message, "v1alpha") == ("setup", message["setup"])
    assert refusal(message, "v1beta") == unknown("proactivity", "setup")
    assert refusal(message, "v1") == unknown("proactivity", "setup")


@pytest.mark.parametrize("message", [{}, {"setup": {}, "clientContent": {}}])
def test_there_is_exactly_one_top_level_key(message: Any) -> None:
    assert refusal(message) == INVALID


@pytest.mark.parametrize("text", ["", "hello", "[]", '"setup"', "{", b"\xff\xfe{}"])
def test_what_is_no_json_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(Refused) as refused:
        read(text, CLIENT_MESSAGE["v1beta"])
    assert refused.value.code == 1007


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padding", [b"=", b""])
def test_both_alphabets_of_base64_are_read_padded_or_not(
    encode: Any, padding: bytes
) -> None:
    pcm = bytes(range(248, 256)) + b"\xfb\xff"
    data = encode(pcm).rstrip(b"=") + padding * (-len(encode(pcm).rstrip(b"=")) % 4)
    blob = {"mimeType": "audio/pcm;rate=16000", "data": data.decode()}
    assert parse({"realtimeInput": {"audio": blob}})[1]["audio"]["data"] == pcm


@pytest.mark.parametrize("data", ["%%%%", "AAA\n", "A", 5, True])
def test_what_is_not_base64_is_refused(data: Any) -> None:
    reason = refusal({"realtimeInput": {"audio": {"data": data}}})
    assert reason == "Invalid value at 'realtime_input.audio.data' (TYPE_BYTES)"


@pytest.mark.parametrize("tokens", [16000, "16000", 16000.0])
def test_a_64_bit_number_may_come_as_text(tokens: Any) -> None:
    message = {"setup": {"contextWindowCompression": {"triggerTokens": tokens}}}
    assert parse(message)[1]["contextWindowCompression"] == {"triggerTokens": 16000}


@pytest.mark.parametrize("tokens", [1.5, "many", True, 2**63, "", [1]])
def test_what_is_no_whole_number_is_refused(tokens: Any) -> None:
    message = {"setup": {"contextWindowCompression": {"triggerTokens": tokens}}}
    assert refusal(message) == (
        "Invalid value at 'setup.context_window_compression.trigger_tokens' "
        "(TYPE_INT64)"
    )


@pytest.mark.parametrize("modality", ["audio", "SOUND", 3, None, ["AUDIO"]])
def test_an_enum_takes_its_upper_case_names_only(modality: Any) -> None:
    message = {"setup": {"generationConfig": {"responseModalities": [modality]}}}
    assert refusal(message) == (
        "Invalid value at 'setup.generation_config.response_modalities[0]' (TYPE_ENUM)"
    )


@pytest.mark.parametrize("value", [True, 1, "", []])
@pytest.mark.parametrize("name", ["activity_start", "activity_end"])
def test_a_presence_message_must_be_an_object(name: str, value: Any) -> None:
    reason = refusal({"realtimeInput": {name: value}})
    assert reason == f"Invalid value at 'realtime_input.{name}' (TYPE_MESSAGE)"


@pytest.mark.parametrize(
    ("setup", "at"),
    [
        ({"systemInstruction": "Be brief."}, "system_instruction"),
        ({"inputAudioTranscription": True}, "input_audio_transcription"),
        (
            {"generationConfig": {"temperature": "warm"}},
            "generation_config.temperature",
        ),
        ({"model": 38}, "model"),
        ({"tools": {}}, "tools"),
        (
            {
                "realtimeInputConfig": {
                    "automaticActivityDetection": {"disabled": "true"}
                }
            },
            "realtime_input_config.automatic_activity_detection.disabled",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_path_without_repeating_it(
    setup: Any, at: str
) -> None:
    assert refusal({"setup": setup}).startswith(f"Invalid value at 'setup.{at}' (TYPE_")


def test_null_means_not_set() -> None:
    assert parse({"setup": {"model": "models/x", "tools": None}})[1] == {
        "model": "models/x"
    }


def test_a_part_has_one_kind_of_data() -> None:
    part = {"text": "hello", "inlineData": {}}
    assert "oneof" in refusal({"clientContent": {"turns": [{"parts": [part]}]}})


def test_a_schema_of_a_tool_may_hold_schemas() -> None:
    inner = {"type": "ARRAY", "items": {"type": "STRING"}, "maxItems": "3"}
    schema = {
        "type": "OBJECT",
        "properties": {"days": inner, "any": {"anyOf": [inner]}},
    }
    tool = {"functionDeclarations": [{"name": "f", "parameters": schema}]}
    parsed = parse({"setup": {"tools": [tool]}})[1]["tools"][0]
    read_back = parsed["functionDeclarations"][0]["parameters"]["properties"]
    assert read_back["days"]["maxItems"] == 3
    assert "x" in refusal(
        {"setup": {"tools": [{"functionDeclarations": [{"parameters": {"x": 1}}]}]}}
    )


def test_a_long_reason_is_cut_to_what_a_close_frame_carries() -> None:
    reason = refusal({"setup": {"ü" * 200: 1}})
    assert 121 <= len(reason.encode()) <= 123


def test_server_messages_are_pretty_printed_with_a_trailing_newline() -> None:
    message = {
        "serverContent": {
            "modelTurn": {"parts": [{"inlineData": {"data": b"\xff\xfe"}}]}
        }
    }
    assert write({"setupComplete": {}}) == b'{\n  "setupComplete": {}\n}\n'
    assert (
        write(message)
        == (json.dumps(message, indent=2, default=lambda _: "//4=") + "\n").encode()
    )


def test_the_journal_holds_lengths_in_place_of_bytes() -> None:
    assert without_bytes({"a": [{"data": b"12345"}], "b": "text"}) == {
        "a": [{"data": 5}],
        "b": "text",
    }
