"""What we say, held against Google's own definitions and Google's own client."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice import config
from edgevoice.config import Configuration
from edgevoice.daemon.server import server_of
from edgevoice.errors import ConfigError
from edgevoice.live import setup_message
from edgevoice.simulator import wire as simulator_wire
from edgevoice.simulator.schema import CLIENT_MESSAGE
from tests.server_messages import EXAMPLES
from tests.test_live_outgoing import every_message
from tests.test_live_setup_message import DIM, PING

pytestmark = pytest.mark.sdk

Judge = Callable[[dict[str, Any]], object]

NEWER_THAN_PROTO = frozenset(
    {
        "setup.generationConfig.enableAffectiveDialog",
        "setup.generationConfig.thinkingConfig.thinkingLevel",
        "setup.generationConfig.translationConfig",
        "setup.inputAudioTranscription.customVocabulary",
        "setup.inputAudioTranscription.languageCodes",
        "setup.proactivity",
        "setup.safetySettings",
    }
)
"""What we may send that the published proto has not yet; the client's types alone
judge it."""

NEWER_FROM_SERVER = frozenset(
    {
        "serverContent.groundingMetadata.groundingChunks.image",
        "serverContent.groundingMetadata.imageSearchQueries",
        "serverContent.groundingMetadata.retrievalQueries",
        "serverContent.inputTranscription.languageCode",
        "serverContent.interactionStatus",
        "serverContent.interimInputTranscription",
        "serverContent.modelTurn.parts.codeExecutionResult.id",
        "serverContent.modelTurn.parts.executableCode.id",
        "serverContent.outputTranscription.finished",
        "serverContent.turnCompleteReason",
        "sessionResumptionUpdate.lastConsumedClientMessageIndex",
        "setupComplete.sessionId",
        "usageMetadata.serviceTier",
        "voiceActivity",
        "voiceActivityDetectionSignal",
    }
)
"""The same of what the server says."""

MODELS = (
    "a-new-one",
    "models/gemini-3.8-live",
    "gemini-3.8-live-extended-thinking",
    "gemini-3.1-flash-live-preview",
    "gemini-2.5-flash-native-audio-preview-12-2025",
    "gemini-3.5-live-translate-preview",
)

VALUES: dict[str, list[Any]] = {
    "api_version": ["v1beta", "v1alpha", "v1"],
    "instructions": ["", "Be brief."],
    "voice": ["", "Kore"],
    "language": ["", "de-DE"],
    "transcripts": [True, False],
    "google_search": [True],
    "code_execution": [True],
    "url_context": [True],
    "proactive_audio": [True],
    "affective_dialog": [True],
    "safety": ["low", "medium", "high", "none"],
    "compression.trigger_tokens": [0, 9_000],
    "compression.target_tokens": [0, 100],
    "generation.temperature": [0, 0.1, 2],
    "generation.top_p": [0, 0.95, 1],
    "generation.top_k": [1, 1000],
    "generation.max_output_tokens": [1, 65_536],
    "generation.seed": [0, 2_147_483_647],
    "generation.presence_penalty": [-2, 0.5],
    "generation.frequency_penalty": [-0.5, 2],
    "generation.media_resolution": ["low", "medium", "high"],
    "thinking.level": ["minimal", "low", "medium", "high"],
    "thinking.budget": [0, 65_536],
    "thinking.thoughts": [True],
    "transcription.languages": [["de-DE"], ["en-US", "de-DE"]],
    "transcription.vocabulary": [["Aoife"]],
    "translation.target": ["pl"],
    "translation.echo": [True],
}
"""Keys of ``[live]`` that change the setup message, and values that change its form."""


@st.composite
def setups(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """A setup message of any settings that ``check`` accepts."""
    keys = {key: st.sampled_from(values) for key, values in VALUES.items()}
    live = draw(st.fixed_dictionaries({}, optional=keys))
    live["model"] = draw(st.sampled_from(MODELS))
    options = server_of(accepted(live), "a-key").options
    functions = draw(st.sampled_from([(), (DIM,), (DIM, PING)]))
    options = msgspec.structs.replace(options, functions=functions)
    return setup_message.setup(options, draw(st.sampled_from([None, "a-handle"])))


def accepted(live: dict[str, Any]) -> Configuration:
    """The settings, without what ``check`` complains of."""
    while True:
        text = "".join(f"live.{key} = {json.dumps(live[key])}\n" for key in live)
        try:
            return config.parse(text, Path("f"))
        except ConfigError as error:
            for mistake in str(error).splitlines():
                key = re.findall(r"^f: live\.([a-z_.]+)", mistake)[0]
                # What is not there was missed: those two have to be told one.
                live[key] = VALUES[key][0] if key not in live else None
            live = {key: value for key, value in live.items() if value is not None}


@pytest.fixture(scope="module")
def proto() -> Judge:
    from google.ai.generativelanguage_v1beta import BidiGenerateContentClientMessage
    from google.protobuf import json_format

    kind = BidiGenerateContentClientMessage.pb()
    return lambda message: json_format.ParseDict(
        message, kind(), ignore_unknown_fields=False
    )


@pytest.fixture(scope="module")
def client() -> Judge:
    from google.genai import types

    assert types.LiveClientMessage.model_config["extra"] == "forbid"

    def judge(message: dict[str, Any]) -> None:
        # The client takes this part from its caller and writes it unseen, so the
        # type of the whole has no field for it; it has a type of its own.
        part = message.get("setup", {}).pop("realtimeInputConfig", {})
        types.RealtimeInputConfig.model_validate(part)
        types.LiveClientMessage.model_validate(message)

    return judge


@pytest.fixture(scope="module")
def server_proto() -> Judge:
    from google.ai.generativelanguage_v1beta import BidiGenerateContentServerMessage
    from google.protobuf import json_format

    kind = BidiGenerateContentServerMessage.pb()
    return lambda message: json_format.ParseDict(
        message, kind(), ignore_unknown_fields=False
    )


def without(message: Any, paths: frozenset[str], here: str = "") -> Any:
    """The message without the fields at these places."""
    if isinstance(message, list):
        return [without(one, paths, here) for one in message]
    if not isinstance(message, dict):
        return message
    return {
        key: without(value, paths, f"{here}{key}.")
        for key, value in message.items()
        if f"{here}{key}" not in paths
    }


def understood_whole(text: str, proto: Judge) -> None:
    from google.protobuf import json_format

    message = without(json.loads(text), NEWER_THAN_PROTO)

    understood = json_format.MessageToDict(proto(message))

    assert numbers_as_text(understood) == numbers_as_text(message)


@settings(max_examples=400)
@given(text=setups())
def test_whatever_check_accepts_is_of_the_published_proto(
    text: str, proto: Judge
) -> None:
    understood_whole(text, proto)


@settings(max_examples=400)
@given(text=setups())
def test_whatever_check_accepts_is_of_googles_client(text: str, client: Judge) -> None:
    client(json.loads(text))


@given(text=setups())
def test_whatever_check_accepts_is_taken_by_the_simulator(text: str) -> None:
    assert simulator_wire.read(text, CLIENT_MESSAGE["v1alpha"])[0] == "setup"


def with_each_value(model: str) -> Iterator[tuple[str, Any, str]]:
    """Each key and value that a model takes, and the setup with it."""
    for key, values in VALUES.items():
        for value in values:
            live = accepted({"model": model, "api_version": "v1alpha", key: value})
            options = server_of(live, "a-key").options
            if key in {name for name, one in live_keys(live.live) if one == value}:
                yield key, value, setup_message.setup(options, None)


@pytest.mark.parametrize("model", MODELS)
def test_each_value_that_a_model_takes_is_of_both(
    model: str, proto: Judge, client: Judge
) -> None:
    for _, _, text in with_each_value(model):
        understood_whole(text, proto)
        client(json.loads(text))


def test_each_value_is_taken_by_a_model_that_is_not_known() -> None:
    taken = [(key, value) for key, value, _ in with_each_value("a-new-one")]

    assert taken == [(key, value) for key in VALUES for value in VALUES[key]]


def test_the_values_are_those_of_every_key_that_changes_the_setup() -> None:
    """A key is in VALUES, or changes nothing that is sent first."""
    others = {
        "model",
        "endpoint",
        "instructions_file",
        "key_file",
        "token_command",
        "token_url",
        "token_method",
        "token_secret_file",
        "answer_timeout_s",
        "keep_s",
        "session.idle_reset_minutes",
        "session.connection_minutes",
    }

    keys = {key for key, _ in live_keys(Configuration().live)}
    assert {*VALUES} <= keys <= {*VALUES} | others


def live_keys(table: config.Settings, prefix: str = "") -> list[tuple[str, Any]]:
    found = []
    for name in table.__struct_fields__:
        value = getattr(table, name)
        found += (
            live_keys(value, f"{prefix}{name}.")
            if isinstance(value, config.Settings)
            else [(f"{prefix}{name}", value)]
        )
    return found


@pytest.mark.parametrize("text", every_message())
def test_every_message_is_one_of_the_published_proto(text: str, proto: Judge) -> None:
    understood_whole(text, proto)


@pytest.mark.parametrize("text", every_message())
def test_every_message_is_one_of_googles_client(text: str, client: Judge) -> None:
    client(json.loads(text))


def test_the_client_refuses_a_field_that_it_does_not_know(client: Judge) -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        client({"setup": {"model": "models/m", "realtimeInputConfig": {"x": 1}}})


@pytest.mark.parametrize(
    "message",
    [
        {"config": {"model": "models/m"}},
        {"setup": {"model": "models/m", "responseModalities": ["AUDIO"]}},
        {"setup": {"model": "models/m", "systemInstruction": "Be brief."}},
        {"setup": {"model": "models/m", "inputAudioTranscription": True}},
        {"realtimeInput": {"activityStart": True}},
    ],
)
def test_the_proto_refuses_the_mistakes_of_the_field(
    message: dict[str, Any], proto: Judge
) -> None:
    from google.protobuf import json_format

    with pytest.raises(json_format.ParseError):
        proto(message)


@pytest.mark.parametrize("path", sorted(NEWER_THAN_PROTO))
def test_what_is_said_to_be_newer_than_the_proto_is_newer(
    path: str, proto: Judge
) -> None:
    from google.protobuf import json_format

    message: Any = {}
    for key in reversed(path.split(".")):
        message = {key: message}

    with pytest.raises(json_format.ParseError, match="no field named"):
        proto(message)


# -- what the server says ------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES, ids=[one["of"] for one in EXAMPLES])
def test_every_example_is_one_of_googles_client(example: dict[str, Any]) -> None:
    from google.genai import types

    message = json.loads(json.dumps(example["message"]))
    voice = message.get("voiceActivity", {})
    if "type" in voice:  # the client renames this one
        voice["voiceActivityType"] = voice.pop("type")

    assert types.LiveServerMessage.model_config["extra"] == "forbid"
    types.LiveServerMessage.model_validate(message)


@pytest.mark.parametrize("example", EXAMPLES, ids=[one["of"] for one in EXAMPLES])
def test_every_example_is_one_of_the_published_proto(
    example: dict[str, Any], server_proto: Judge
) -> None:
    server_proto(without(example["message"], NEWER_FROM_SERVER))


def test_every_field_that_is_newer_has_an_example(server_proto: Judge) -> None:
    from google.protobuf import json_format

    for path in NEWER_FROM_SERVER:
        others = NEWER_FROM_SERVER - {path}
        refused = 0
        for example in EXAMPLES:
            try:
                server_proto(without(example["message"], others))
            except json_format.ParseError:
                refused += 1
        assert refused, path


def numbers_as_text(value: object) -> object:
    """The message with its numbers as text: the proto prints 64 bit ones so, and those
    in a free object (a JSON schema) as fractions."""
    if isinstance(value, dict):
        return {key: numbers_as_text(one) for key, one in value.items()}
    if isinstance(value, list):
        return [numbers_as_text(one) for one in value]
    if type(value) in {int, float}:
        return f"{value:.10g}"
    return value
