import json
from typing import Any

import pytest

from edgevoice.errors import RemoteProtocolError
from edgevoice.live.decoding import decode
from edgevoice.live.incoming import (
    Audio,
    Code,
    CodeResult,
    Grounding,
    InputTranscript,
    Interaction,
    InterimTranscript,
    OutputTranscript,
    PageRead,
    Progress,
    ServerEvent,
    SetupComplete,
    Source,
    Text,
    Thought,
    TurnComplete,
    Unreadable,
    Usage,
    VoiceActivity,
    WaitingForInput,
)

SOUND = {"modelTurn": {"parts": [{"inlineData": {"data": "AQI="}}]}}


def content(**fields: Any) -> list[ServerEvent]:
    return decode(json.dumps({"serverContent": fields}))


def parts(*parts: Any) -> list[ServerEvent]:
    return content(modelTurn={"parts": [*parts]})


def test_thoughts_and_text_are_told_apart() -> None:
    assert parts({"text": "hm", "thought": True}, {"text": "Ada"}) == [
        Thought("hm"),
        Progress(),
        Text("Ada"),
        Progress(),
    ]


def test_code_and_its_result_are_told() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "print(1)"}}
    result = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}}

    assert parts(code, result) == [
        Code("print(1)", "PYTHON"),
        Progress(),
        CodeResult("1\n", "OUTCOME_OK"),
        Progress(),
    ]


def test_a_transcript_names_its_language() -> None:
    said = {"text": "ja", "languageCode": "de-DE", "finished": True}

    assert content(inputTranscription=said) == [InputTranscript("ja", "de-DE")]
    assert content(outputTranscription=said) == [OutputTranscript("ja", "de-DE")]


def test_an_interim_transcript_is_no_caption() -> None:
    assert content(interimInputTranscription={"text": "wha", "languageCode": "en"}) == [
        InterimTranscript("wha")
    ]


def test_the_model_may_wait_for_more() -> None:
    assert content(waitingForInput=True) == [WaitingForInput()]


def test_what_was_searched_and_found_is_told_from_every_kind_of_source() -> None:
    found = {
        "webSearchQueries": ["a"],
        "imageSearchQueries": ["b"],
        "retrievalQueries": ["c"],
        "groundingChunks": [
            {"web": {"uri": "https://w.example", "title": "W"}},
            {"maps": {"uri": "https://m.example", "title": "M", "route": {}}},
            {"retrievedContext": {"uri": "gs://r", "title": "R"}},
            {"image": {"sourceUri": "https://i.example", "title": "I"}},
            {"web": {}},
            {"news": {"uri": "of a kind to come"}},
        ],
        "groundingSupports": [{"segment": {"text": "not read"}}],
    }

    assert content(groundingMetadata=found) == [
        Grounding(
            ("a", "b", "c"),
            (
                Source("https://w.example", "W"),
                Source("https://m.example", "M"),
                Source("gs://r", "R"),
                Source("https://i.example", "I"),
                Source("", ""),
            ),
        )
    ]


def test_every_page_that_was_read_is_told() -> None:
    pages = [
        {
            "retrievedUrl": "https://a.example",
            "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS",
        },
        {},
    ]

    assert content(urlContextMetadata={"urlMetadata": pages}) == [
        PageRead("https://a.example", "URL_RETRIEVAL_STATUS_SUCCESS"),
        PageRead("", ""),
    ]


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        (
            {"voiceActivity": {"type": "ACTIVITY_START", "audioOffset": "1.5s"}},
            VoiceActivity("start", 1.5),
        ),
        ({"voiceActivity": {"type": "ACTIVITY_END"}}, VoiceActivity("end")),
        ({"voiceActivity": {"type": "A_COUGH"}}, VoiceActivity("A_COUGH")),
        (
            {"voiceActivityDetectionSignal": {"vadSignalType": "VAD_SIGNAL_TYPE_SOS"}},
            VoiceActivity("start"),
        ),
        (
            {"voiceActivityDetectionSignal": {"vadSignalType": "VAD_SIGNAL_TYPE_EOS"}},
            VoiceActivity("end"),
        ),
    ],
)
def test_speech_that_the_server_hears_is_told_in_either_form(
    message: object, heard: VoiceActivity
) -> None:
    assert decode(json.dumps(message)) == [heard]


# -- mistakes ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("groundingMetadata", {"groundingChunks": "words"}),
        ("groundingMetadata", [1]),
        ("groundingMetadata", {"webSearchQueries": [None]}),
        ("urlContextMetadata", {"urlMetadata": {"retrievedUrl": 1}}),
        ("inputTranscription", "words"),
        ("outputTranscription", {"text": ["words"]}),
        ("interimInputTranscription", {"text": {}}),
        ("waitingForInput", {"until": "noon"}),
    ],
)
def test_a_mistake_beside_the_sound_costs_no_sound(name: str, value: object) -> None:
    events = content(**SOUND, **{name: value}, turnComplete=True)

    assert sorted(map(repr, events)) == sorted(
        map(repr, [Audio(b"\x01\x02"), Unreadable(name), TurnComplete()])
    )


def test_a_mistake_in_what_is_told_of_a_part_costs_no_other_part() -> None:
    code = {"executableCode": "print(1)", "codeExecutionResult": 2}

    assert parts(code, *SOUND["modelTurn"]["parts"]) == [
        Unreadable("executableCode"),
        Unreadable("codeExecutionResult"),
        Progress(),
        Audio(b"\x01\x02"),
    ]


@pytest.mark.parametrize(
    "usage",
    [
        {"totalTokenCount": "many"},
        {"totalTokenCount": -1},
        {"promptTokensDetails": [{"tokenCount": 1.5}]},
        [],
    ],
)
def test_tokens_that_cannot_be_counted_cost_no_sound(usage: object) -> None:
    message = {"serverContent": SOUND, "usageMetadata": usage}

    assert decode(json.dumps(message)) == [
        Audio(b"\x01\x02"),
        Unreadable("usageMetadata"),
    ]


def test_an_aside_may_be_nested_as_deeply_as_the_message() -> None:
    """What the message as a whole could just be read with, the aside may not."""
    for depth in range(800, 1100):
        nested = '{"x":' + "[" * depth + "]" * depth + "}"
        message = f'{{"serverContent":{{"groundingMetadata":{nested}}}}}'
        try:
            events = decode(message)
        except RemoteProtocolError:
            continue
        assert events in ([], [Unreadable("groundingMetadata")])


def test_words_that_are_no_text_cost_no_sound() -> None:
    sound = json.dumps(SOUND["modelTurn"]).encode()

    events = decode(
        b'{"serverContent":{"outputTranscription":{"text":"\xff"},"modelTurn":'
        + sound
        + b"}}"
    )

    assert events == [Unreadable("outputTranscription"), Audio(b"\x01\x02")]


def test_names_that_are_no_text_are_left_out() -> None:
    message = {
        "setupComplete": {"sessionId": 7},
        "serverContent": {"turnComplete": True, "turnCompleteReason": ["x"]},
        "voiceActivity": {"type": "ACTIVITY_END", "audioOffset": "soon"},
    }

    assert decode(json.dumps(message)) == [
        SetupComplete(),
        VoiceActivity("end"),
        TurnComplete(),
    ]


def test_how_far_the_request_is_comes_before_the_end_of_the_turn() -> None:
    assert content(turnComplete=True, interactionStatus="IDLE") == [
        Interaction("IDLE"),
        TurnComplete(),
    ]


def test_null_is_absent() -> None:
    message = {
        "serverContent": {"groundingMetadata": None, "waitingForInput": None},
        "usageMetadata": {"promptTokenCount": None, "promptTokensDetails": None},
    }

    assert decode(json.dumps(message)) == [Usage()]
