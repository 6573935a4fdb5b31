import base64
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import RemoteProtocolError
from edgevoice.live.decoding import decode
from edgevoice.live.incoming import (
    Audio,
    GenerationComplete,
    GoAway,
    InputTranscript,
    Interrupted,
    OutputTranscript,
    Progress,
    ResumptionHandle,
    ServerEvent,
    SetupComplete,
    ToolCall,
    ToolCallCancelled,
    TurnComplete,
    Usage,
)
from tests.server_messages import ANY_JSON, EXAMPLES, cut, damaged, wire

PCM = b"\x01\x02\x03\x04"


def events(message: object) -> list[ServerEvent]:
    return decode(json.dumps(message))


def content(**fields: Any) -> list[ServerEvent]:
    return events({"serverContent": fields})


def sound(pcm: bytes = PCM, mime: str | None = "audio/pcm;rate=24000") -> Any:
    blob = {"mimeType": mime, "data": base64.b64encode(pcm).decode()}
    return {"inlineData": blob}


# -- the form ------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b'{\n  "setupComplete": {}\n}\n',
        '{"setupComplete":{}}',
        '{"setupComplete": {"sessionId": "s-1", "news": [1]}, "more": null}',
    ],
    ids=["binary and pretty", "text", "with unknown fields"],
)
def test_a_message_may_be_binary_or_text_and_hold_unknown_fields(
    data: bytes | str,
) -> None:
    [event] = decode(data)

    assert isinstance(event, SetupComplete)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"serverContent": {}},
        {"serverContent": None, "usageMetadata": None, "goAway": None},
        {"serverContent": {"modelTurn": {}}},
        {"serverContent": {"modelTurn": {"parts": None}}},
        {"serverContent": {"outputTranscription": {}, "inputTranscription": None}},
        {"serverContent": {"outputTranscription": {"text": ""}}},
        {"serverContent": {"outputTranscription": {"finished": True, "text": None}}},
        {"serverContent": {"interrupted": False, "turnComplete": None}},
        {"serverContent": {"waitingForInput": False, "groundingMetadata": {}}},
        {"serverContent": {"groundingMetadata": {"groundingChunks": [{}]}}},
        {"serverContent": {"urlContextMetadata": {"urlMetadata": None}}},
        {"toolCall": {}},
        {"toolCall": {"functionCalls": None}},
        {"toolCallCancellation": None},
        {"sessionResumptionUpdate": {}},
        {"voiceActivity": {"audioOffset": "1.5s"}},
    ],
)
def test_what_says_nothing_to_us_is_no_event(message: object) -> None:
    assert events(message) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        "nonsense",
        "null",
        "[]",
        "12",
        '{"setupComplete": {}} {}',
        '{"serverContent": "words"}',
        '{"serverContent": {"modelTurn": {"parts": "words"}}}',
        '{"serverContent": {"modelTurn": {"parts": [{"inlineData": {"data": "!"}}]}}}',
        '{"x":' * 100_000,
        '"\ud800"',
    ],
)
def test_what_is_no_message_is_a_protocol_error(data: bytes | str) -> None:
    with pytest.raises(RemoteProtocolError, match="no valid message") as caught:
        decode(data)

    assert "\n" not in str(caught.value)


def test_the_error_names_the_place_and_never_what_was_said() -> None:
    part = {"text": {"a secret": 1}}
    message = {"serverContent": {"modelTurn": {"parts": [part]}}}

    with pytest.raises(RemoteProtocolError) as caught:
        events(message)

    assert "serverContent.modelTurn.parts[0].text" in str(caught.value)
    assert "secret" not in str(caught.value)


def judge(data: bytes | str) -> None:
    try:
        found = decode(data)
    except RemoteProtocolError:
        return
    assert isinstance(found, list)


@given(st.binary() | st.text(st.characters()) | cut())
def test_any_bytes_and_any_text_are_events_or_a_protocol_error(
    data: bytes | str,
) -> None:
    judge(data)


@given(ANY_JSON | damaged())
def test_any_json_is_events_or_a_protocol_error(message: object) -> None:
    judge(json.dumps(message))
    judge(json.dumps(message, indent=2).encode())


@pytest.mark.parametrize("example", EXAMPLES, ids=[one["of"] for one in EXAMPLES])
def test_an_example_of_every_message_is_understood(example: dict[str, Any]) -> None:
    assert [repr(event) for event in decode(wire(example["message"]))] == (
        example["events"]
    )


def test_the_examples_hold_every_event_that_there_is() -> None:
    seen = {event.partition("(")[0] for one in EXAMPLES for event in one["events"]}
    known = {kind.__name__ for kind in get_args(ServerEvent)}

    assert seen == known - {"Unreadable"}  # no example of the reference is that


# -- sound ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "mime",
    ["audio/pcm;rate=24000", "audio/pcm; rate=24000", "audio/pcm", "", None],
)
def test_sound_is_known_by_its_type_or_by_having_none(mime: str | None) -> None:
    assert content(modelTurn={"parts": [sound(mime=mime)]}) == [Audio(PCM)]


def test_every_part_is_heard_and_not_just_the_first() -> None:
    parts = [{"thought": True}, sound(b"ab"), sound(b"cd")]

    heard = content(modelTurn={"role": "model", "parts": parts})

    assert heard == [Progress(), Audio(b"ab"), Audio(b"cd")]


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"functionCall": {"name": "f"}},
        {"thought": True, **sound()},
        sound(mime="image/png"),
        sound(mime="audio/pcm;rate=16000"),
        sound(b""),
        sound(b"x"),
        {"inlineData": {"mimeType": "audio/pcm"}},
        {"inlineData": {"mimeType": "audio/pcm", "data": None}},
        {"inlineData": {}},
    ],
)
def test_a_part_that_cannot_be_played_is_a_sign_of_work(part: object) -> None:
    assert content(modelTurn={"parts": [part]}) == [Progress()]


def test_half_a_sample_at_the_end_is_left_out() -> None:
    assert content(modelTurn={"parts": [sound(b"abc")]}) == [Audio(b"ab")]


# -- order ---------------------------------------------------------------------


def test_one_message_may_say_everything_and_content_comes_before_its_end() -> None:
    message = {
        "usageMetadata": {"totalTokenCount": 7},
        "serverContent": {
            "turnComplete": True,
            "generationComplete": True,
            "outputTranscription": {"text": " yes"},
            "inputTranscription": {"text": "really?"},
            "modelTurn": {"parts": [sound()]},
        },
        "goAway": {"timeLeft": "50s"},
        "sessionResumptionUpdate": {"newHandle": "h", "resumable": True},
    }

    assert events(message) == [
        InputTranscript("really?"),
        OutputTranscript(" yes"),
        Audio(PCM),
        GenerationComplete(),
        TurnComplete(),
        Usage(total=7),
        ResumptionHandle("h"),
        GoAway(50.0),
    ]


def test_an_interruption_comes_before_the_end_of_its_turn() -> None:
    assert content(turnComplete=True, interrupted=True) == [
        Interrupted(),
        TurnComplete(),
    ]


def test_transcripts_keep_their_spaces() -> None:
    assert content(outputTranscription={"text": " a  b "}) == [
        OutputTranscript(" a  b ")
    ]


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"turnComplete": True}, True),
        ({"turnComplete": True, "interactionStatus": "IDLE"}, True),
        ({"interactionStatus": "IDLE"}, True),
        ({"turnComplete": True, "interactionStatus": ""}, True),
        (
            {
                "turnComplete": True,
                "interactionStatus": "INTERACTION_STATUS_UNSPECIFIED",
            },
            True,
        ),
        ({"turnComplete": True, "interactionStatus": "IN_PROGRESS"}, False),
        ({"turnComplete": True, "interactionStatus": "REQUIRES_ACTION"}, False),
        ({"interactionStatus": "IN_PROGRESS"}, False),
    ],
)
def test_the_status_of_the_interaction_says_whether_a_turn_is_over(
    fields: dict[str, Any], ends: bool
) -> None:
    assert (TurnComplete() in content(**fields)) is ends


def test_a_turn_that_ended_badly_says_why() -> None:
    fields = {"turnComplete": True, "turnCompleteReason": "RESPONSE_REJECTED"}

    assert content(**fields) == [TurnComplete("RESPONSE_REJECTED")]


# -- the rest ------------------------------------------------------------------


def test_every_call_of_a_tool_is_an_event() -> None:
    calls = [{"id": "1", "name": "a", "args": {"x": 1}}, {"id": "2", "name": "b"}]

    assert events({"toolCall": {"functionCalls": calls}}) == [
        ToolCall("1", "a", {"x": 1}),
        ToolCall("2", "b"),
    ]


def test_a_cancellation_names_the_calls() -> None:
    assert events({"toolCallCancellation": {"ids": ["1", "2"]}}) == [
        ToolCallCancelled(("1", "2"))
    ]
    assert events({"toolCallCancellation": {}}) == [ToolCallCancelled(())]


@pytest.mark.parametrize(
    "update",
    [
        {"newHandle": "h"},
        {"newHandle": "h", "resumable": False},
        {"newHandle": "", "resumable": True},
        {"resumable": True},
        {"newHandle": None, "resumable": None},
    ],
)
def test_a_handle_counts_only_if_it_can_be_resumed(update: object) -> None:
    assert events({"sessionResumptionUpdate": update}) == []


def test_an_update_may_hold_a_number_of_64_bits_as_text() -> None:
    update = {
        "newHandle": "h",
        "resumable": True,
        "lastConsumedClientMessageIndex": "9007199254740993",
    }

    assert events({"sessionResumptionUpdate": update}) == [
        ResumptionHandle("h", 9007199254740993)
    ]


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        ("50s", 50.0),
        ("9.5s", 9.5),
        ("300s", 300.0),
        ("0s", 0.0),
        ("-3s", 0.0),
        (None, 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("infs", 0.0),
        ("nans", 0.0),
        ("1e999s", 0.0),
    ],
)
def test_the_time_that_is_left_is_seconds_and_unreadable_means_now(
    left: str | None, seconds: float
) -> None:
    assert events({"goAway": {"timeLeft": left}}) == [GoAway(seconds)]


def test_tokens_are_counted_by_what_they_are_for_and_by_their_kind() -> None:
    message = {
        "usageMetadata": {
            "promptTokenCount": 10,
            "cachedContentTokenCount": 4,
            "responseTokenCount": "20",
            "thoughtsTokenCount": 3,
            "toolUsePromptTokenCount": None,
            "totalTokenCount": "33",
            "promptTokensDetails": [
                {"modality": "AUDIO", "tokenCount": 7},
                {"modality": "TEXT", "tokenCount": 2},
                {"modality": "TEXT", "tokenCount": "1"},
            ],
            "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 4}],
            "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
            "toolUsePromptTokensDetails": [{}, {"modality": "SMELL"}],
            "serviceTier": "standard",
            "trafficType": "ON_DEMAND",
        }
    }

    assert events(message) == [
        Usage(
            prompt=10,
            cached=4,
            response=20,
            thoughts=3,
            tools=0,
            total=33,
            prompt_details={"AUDIO": 7, "TEXT": 3},
            cached_details={"TEXT": 4},
            response_details={"AUDIO": 20},
            tools_details={"MODALITY_UNSPECIFIED": 0, "SMELL": 0},
            tier="standard",
        )
    ]


def test_tokens_may_ride_on_any_message() -> None:
    message = {"setupComplete": {}, "usageMetadata": {"promptTokenCount": 1}}

    assert events(message) == [
        SetupComplete(),
        Usage(prompt=1),
    ]
