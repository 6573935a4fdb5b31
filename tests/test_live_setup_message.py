import json
from itertools import product
from typing import Any

import pytest

from edgevoice.live import setup_message
from edgevoice.live.generation import (
    GenerationConfig,
    ThinkingConfig,
    TranscriptionConfig,
)
from edgevoice.live.outgoing import FunctionDeclaration, SessionOptions

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
        setup_message.setup(
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


def setup(handle: str | None = None, **options: Any) -> dict[str, Any]:
    text = setup_message.setup(SessionOptions(model="m", **options), handle)
    message: dict[str, Any] = json.loads(text)["setup"]
    return message


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


def test_what_is_left_to_the_model_is_not_sent() -> None:
    assert list(setup()["generationConfig"]) == ["responseModalities"]


def test_how_to_generate_is_sent_beside_voice_and_modality() -> None:
    generation = GenerationConfig(
        temperature=0.0, thinking_config=ThinkingConfig(thinking_budget=0)
    )

    assert setup(generation=generation, language="de-DE")["generationConfig"] == {
        "responseModalities": ["AUDIO"],
        "speechConfig": {"languageCode": "de-DE"},
        "temperature": 0.0,
        "thinkingConfig": {"thinkingBudget": 0},
    }


def test_what_helps_to_write_down_is_asked_of_what_the_user_says_alone() -> None:
    message = setup(hearing=TranscriptionConfig(custom_vocabulary=("Aoife",)))

    assert message["inputAudioTranscription"] == {"customVocabulary": ["Aoife"]}
    assert message["outputAudioTranscription"] == {}


def test_the_servers_own_tools_stand_beside_the_functions_one_by_one() -> None:
    tools = setup(server_tools=("url_context", "google_search"), functions=(PING,))

    assert [[*tool] for tool in tools["tools"]] == [
        ["googleSearch"],
        ["urlContext"],
        ["functionDeclarations"],
    ]


def test_functions_are_declared_with_their_schema() -> None:
    [tool] = setup(functions=(DIM, PING))["tools"]

    assert tool["functionDeclarations"] == [
        {
            "name": "dim_lights",
            "description": "Set how bright the lights are.",
            "parametersJsonSchema": DIM.parameters_json_schema,
            "behavior": "NON_BLOCKING",
        },
        {"name": "ping", "description": "Say pong.", "behavior": "BLOCKING"},
    ]


def test_silence_is_allowed_or_not_spoken_of() -> None:
    assert setup(proactive=True)["proactivity"] == {"proactiveAudio": True}
    assert "proactivity" not in setup()  # false is an error on some models


def test_one_threshold_counts_for_every_kind_of_harm() -> None:
    settings = setup(safety="BLOCK_ONLY_HIGH")["safetySettings"]

    assert {one["threshold"] for one in settings} == {"BLOCK_ONLY_HIGH"}
    assert len({one["category"] for one in settings}) == 4


@pytest.mark.parametrize(
    ("model", "instructed"),
    [("gemini-3.5-live-translate-preview", False), ("gemini-3.8-live", True)],
)
def test_a_model_that_only_interprets_is_not_instructed(
    model: str, instructed: bool
) -> None:
    options = SessionOptions(model=model, instructions="Be brief.")

    message = json.loads(setup_message.setup(options, None))["setup"]

    assert ("systemInstruction" in message) is instructed


@pytest.mark.parametrize(
    ("model", "behavior"),
    [("models/gemini-3.1-flash-live-preview", None), ("a-new-one", "NON_BLOCKING")],
)
def test_a_model_that_waits_for_every_result_is_not_told_to_go_on(
    model: str, behavior: str | None
) -> None:
    options = SessionOptions(model=model, functions=(DIM,))

    [tool] = json.loads(setup_message.setup(options, None))["setup"]["tools"]

    assert tool["functionDeclarations"][0].get("behavior") == behavior
