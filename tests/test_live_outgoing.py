import base64
import json
from itertools import product
from typing import Any

import pytest

from edgevoice.live import outgoing
from edgevoice.live.outgoing import (
    FunctionDeclaration,
    FunctionResponse,
    Said,
    SessionOptions,
)

DIM = FunctionDeclaration(
    name="dim_lights",
    description="Set how bright the lights are.",
    parameters_json_schema={
        "type": "object",
        "properties": {"level": {"type": "integer", "minimum": 0, "maximum": 100}},
        "required": ["level"],
    },
    behavior="NON_BLOCKING",
)
PING = FunctionDeclaration(name="ping", description="Say pong.", behavior="BLOCKING")


def every_setup() -> list[str]:
    """A setup message for every combination of settings that changes its form."""
    return [
        outgoing.setup(
            SessionOptions(
                model=model,
                instructions=instructions,
                voice=voice,
                language=language,
                transcripts=transcripts,
                trigger_tokens=trigger,
                target_tokens=target,
                functions=functions,
            ),
            handle,
        )
        for model in ("gemini-3.8-live", "models/gemini-3.8-live")
        for instructions, voice, language, transcripts in product(
            ("", "Be brief."), ("", "Kore"), ("", "de-DE"), (False, True)
        )
        for trigger, target in ((0, 8_000), (16_000, 8_000), (16_000, 0))
        for handle in (None, "a-handle")
        for functions in ((), (DIM, PING))
    ]


def every_message() -> list[str]:
    return [
        *every_setup(),
        outgoing.ACTIVITY_START,
        outgoing.ACTIVITY_END,
        outgoing.audio(b"\xfb\xff" * 640),
        outgoing.text("what time is it?"),
        outgoing.history([Said("user", "who?"), Said("model", "Ada.")]),
        *map(outgoing.tool_response, responses()),
        outgoing.picture(b"\xff\xd8 a picture"),
        outgoing.picture_turn(b"\xff\xd8 a picture", "what is this?"),
    ]


def responses() -> list[FunctionResponse]:
    """A result of a function call in every form."""
    return [
        FunctionResponse(
            id="call-1",
            name="dim_lights",
            response=response,
            scheduling=scheduling,
            will_continue=more,
        )
        for response in ({"error": "there is no lamp"}, {"output": {"level": [1, 2.5]}})
        for scheduling in (None, "INTERRUPT", "WHEN_IDLE", "SILENT")
        for more in (None, True)
    ]


def setup(handle: str | None = None, **options: Any) -> dict[str, Any]:
    text = outgoing.setup(SessionOptions(model="m", **options), handle)
    message: dict[str, Any] = json.loads(text)["setup"]
    return message


def places(value: object, path: str = "") -> list[tuple[str, object]]:
    """Every value in a message with its path."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    found: list[tuple[str, object]] = [(path, value)]
    for key, one in inner:
        found += places(one, f"{path}.{key}")
    return found


PRESENCE = {
    ".setup.sessionResumption",
    ".setup.inputAudioTranscription",
    ".setup.outputAudioTranscription",
    ".setup.contextWindowCompression.slidingWindow",
    ".realtimeInput.activityStart",
    ".realtimeInput.activityEnd",
}
"""Messages that say something by being there, ``{}``."""


@pytest.mark.parametrize("text", every_message())
def test_a_message_has_one_key_in_camel_case_and_nothing_empty(text: str) -> None:
    message = json.loads(text)

    assert len(message) == 1
    for path, value in places(message):
        key = path.rpartition(".")[2]
        assert "_" not in key
        assert not key[:1].isupper()
        assert value not in (None, "", []), path
        assert value != {} or path in PRESENCE, path


@pytest.mark.parametrize("text", every_setup())
def test_a_setup_is_manual_spoken_and_asks_for_handles(text: str) -> None:
    message = json.loads(text)["setup"]

    assert message["model"] == "models/gemini-3.8-live"
    assert message["generationConfig"]["responseModalities"] == ["AUDIO"]
    assert "responseModalities" not in message
    detection = message["realtimeInputConfig"]["automaticActivityDetection"]
    assert detection == {"disabled": True}
    assert set(message["sessionResumption"]) <= {"handle"}


def test_a_new_session_asks_for_handles_with_an_empty_message() -> None:
    assert setup()["sessionResumption"] == {}


def test_a_resumed_session_names_its_handle() -> None:
    assert setup("h-1")["sessionResumption"] == {"handle": "h-1"}


def test_instructions_are_a_content_and_no_bare_string() -> None:
    assert setup(instructions="Be brief.")["systemInstruction"] == {
        "parts": [{"text": "Be brief."}]
    }


def test_voice_and_language_stand_where_the_reference_says() -> None:
    config = setup(voice="Kore", language="de-DE")["generationConfig"]

    assert config["speechConfig"] == {
        "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}},
        "languageCode": "de-DE",
    }


def test_transcripts_are_asked_for_both_ways_or_not_at_all() -> None:
    keys = {"inputAudioTranscription", "outputAudioTranscription"}

    assert {key: setup()[key] for key in keys} == {key: {} for key in keys}
    assert keys.isdisjoint(setup(transcripts=False))


@pytest.mark.parametrize(
    ("trigger", "target", "expected"),
    [
        (0, 8_000, None),
        (
            9_000,
            5_000,
            {"triggerTokens": 9_000, "slidingWindow": {"targetTokens": 5_000}},
        ),
        (9_000, 0, {"triggerTokens": 9_000, "slidingWindow": {}}),
    ],
)
def test_compression_is_asked_for_as_configured(
    trigger: int, target: int, expected: dict[str, Any] | None
) -> None:
    message = setup(trigger_tokens=trigger, target_tokens=target)

    assert message.get("contextWindowCompression") == expected


def test_audio_travels_as_standard_base64_with_its_rate() -> None:
    pcm = b"\xfb\xff\xfe\xff"  # of which the URL-safe alphabet would make - and _

    blob = json.loads(outgoing.audio(pcm))["realtimeInput"]["audio"]

    assert blob["mimeType"] == "audio/pcm;rate=16000"
    assert base64.b64decode(blob["data"], validate=True) == pcm
    assert "+" in blob["data"]
    assert "/" in blob["data"]


def test_the_ends_of_an_activity_are_empty_messages() -> None:
    start, end = outgoing.ACTIVITY_START, outgoing.ACTIVITY_END

    assert json.loads(start) == {"realtimeInput": {"activityStart": {}}}
    assert json.loads(end) == {"realtimeInput": {"activityEnd": {}}}


def test_a_typed_turn_keeps_every_character() -> None:
    words = 'say "ü"\n\\ 🎺'

    assert json.loads(outgoing.text(words)) == {"realtimeInput": {"text": words}}


def test_a_call_that_cannot_be_made_is_answered_by_its_id() -> None:
    text = outgoing.tool_response(
        FunctionResponse(id="id-1", name="open_door", response={"error": "no door"})
    )

    [response] = json.loads(text)["toolResponse"]["functionResponses"]
    assert response == {
        "id": "id-1",
        "name": "open_door",
        "response": {"error": "no door"},
    }
