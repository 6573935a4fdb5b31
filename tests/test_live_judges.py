"""What we say, held against Google's own definitions and Google's own client."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.test_live_outgoing import every_message

pytestmark = pytest.mark.sdk

Judge = Callable[[dict[str, Any]], object]

NEWER_THAN_PROTO: frozenset[str] = frozenset()
"""Paths such as ``setup.historyConfig`` that the published proto has not yet; the
client's types alone judge them. Today we send none."""


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


def without_newer(message: dict[str, Any]) -> dict[str, Any]:
    message = json.loads(json.dumps(message))
    for path in NEWER_THAN_PROTO:
        *folders, last = path.split(".")
        place = message
        for folder in folders:
            place = place.get(folder, {})
        place.pop(last, None)
    return message


@pytest.mark.parametrize("text", every_message())
def test_every_message_is_one_of_the_published_proto(text: str, proto: Judge) -> None:
    from google.protobuf import json_format

    message = without_newer(json.loads(text))

    understood = json_format.MessageToDict(proto(message))

    assert numbers_as_text(understood) == numbers_as_text(message)


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
