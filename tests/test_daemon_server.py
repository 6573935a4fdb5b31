"""The settings as the link takes them."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgevoice import config
from edgevoice.config import Configuration, Live
from edgevoice.daemon.server import server_of
from edgevoice.live import setup_message

KEY = "AIzaSy-a-key-of-nobody"


def test_what_the_settings_say_is_asked_for() -> None:
    live = Live(model="m", voice="Kore", language="de-DE", transcripts=False)

    server = server_of(Configuration(live=live), KEY)

    assert server.address.startswith("wss://generativelanguage.googleapis.com/")
    assert (server.options.model, server.options.voice) == ("m", "Kore")
    assert (server.options.language, server.options.transcripts) == ("de-DE", False)


def test_the_key_is_in_the_headers_and_nowhere_else() -> None:
    server = server_of(Configuration(), KEY)

    assert KEY in server.headers.values()
    assert KEY not in server.address
    assert KEY not in repr(server)


def test_servers_are_equal_if_a_connection_to_one_will_do_for_the_other() -> None:
    settings = Configuration()
    live = msgspec.structs.replace(settings.live, answer_timeout_s=3, voice="Kore")
    later = msgspec.structs.replace(live, answer_timeout_s=9)

    one = server_of(Configuration(live=live), KEY)

    assert one == server_of(Configuration(live=later), KEY)
    assert one != server_of(settings, KEY)
    assert one != server_of(Configuration(live=live), "another")
    warmer = msgspec.structs.replace(live, generation=config.Generation(temperature=2))
    assert one != server_of(Configuration(live=warmer), KEY)


def asked_for(live: str) -> Any:
    """The setup message of a settings file with these lines in ``[live]``."""
    path = Path("edgevoice.toml")
    settings = config.parse(f'live.model = "a-new-one"\n{live}\n', path)
    options = server_of(settings, KEY).options
    return json.loads(setup_message.setup(options, None))["setup"]


@pytest.mark.parametrize(
    ("line", "place", "value"),
    [
        ("generation.temperature = 0", "generationConfig.temperature", 0.0),
        ("generation.top_p = 0.5", "generationConfig.topP", 0.5),
        ("generation.top_k = 40", "generationConfig.topK", 40),
        ("generation.max_output_tokens = 9", "generationConfig.maxOutputTokens", 9),
        ("generation.seed = 0", "generationConfig.seed", 0),
        ("generation.presence_penalty = -2", "generationConfig.presencePenalty", -2.0),
        ("generation.frequency_penalty = 1", "generationConfig.frequencyPenalty", 1.0),
        (
            'generation.media_resolution = "low"',
            "generationConfig.mediaResolution",
            "MEDIA_RESOLUTION_LOW",
        ),
        (
            'thinking.level = "minimal"',
            "generationConfig.thinkingConfig.thinkingLevel",
            "MINIMAL",
        ),
        ("thinking.budget = 0", "generationConfig.thinkingConfig.thinkingBudget", 0),
        (
            "thinking.thoughts = true",
            "generationConfig.thinkingConfig.includeThoughts",
            True,
        ),
        (
            'affective_dialog = true\nlive.api_version = "v1alpha"',
            "generationConfig.enableAffectiveDialog",
            True,
        ),
        (
            'proactive_audio = true\nlive.api_version = "v1alpha"',
            "proactivity.proactiveAudio",
            True,
        ),
        (
            'translation.target = "pl"',
            "generationConfig.translationConfig.targetLanguageCode",
            "pl",
        ),
        (
            'translation = {target = "pl", echo = true}',
            "generationConfig.translationConfig.echoTargetLanguage",
            True,
        ),
        (
            'transcription.languages = ["de-DE"]',
            "inputAudioTranscription.languageCodes",
            ["de-DE"],
        ),
        (
            'transcription.vocabulary = ["Aoife"]',
            "inputAudioTranscription.customVocabulary",
            ["Aoife"],
        ),
        ("google_search = true", "tools", [{"googleSearch": {}}]),
        ("code_execution = true", "tools", [{"codeExecution": {}}]),
        ("url_context = true", "tools", [{"urlContext": {}}]),
    ],
)
def test_what_is_set_is_asked_for_on_the_wire(
    line: str, place: str, value: object
) -> None:
    def at(message: Any) -> object:
        for key in place.split("."):
            message = message.get(key, {})
        return message

    assert at(asked_for(f"live.{line}")) == value
    assert at(asked_for("")) == {}


@pytest.mark.parametrize(
    ("word", "threshold"),
    [
        ("low", "BLOCK_LOW_AND_ABOVE"),
        ("medium", "BLOCK_MEDIUM_AND_ABOVE"),
        ("high", "BLOCK_ONLY_HIGH"),
        ("none", "BLOCK_NONE"),
    ],
)
def test_what_is_blocked_is_said_in_googles_words(word: str, threshold: str) -> None:
    settings = asked_for(f'live.safety = "{word}"')["safetySettings"]

    assert {one["threshold"] for one in settings} == {threshold}


def test_an_echo_without_a_language_asks_for_no_translation() -> None:
    message = asked_for("live.translation.echo = true")

    assert "translationConfig" not in message["generationConfig"]
