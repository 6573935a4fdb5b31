import base64
import json

import pytest

from edgevoice.live import outgoing
from edgevoice.live.outgoing import FunctionResponse, Said
from tests.test_live_setup_message import every_setup


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


def test_a_picture_is_live_input_and_a_jpeg() -> None:
    [(kind, blob)] = json.loads(outgoing.picture(b"\xff\xd8"))["realtimeInput"].items()

    assert kind == "video"
    assert blob == {"mimeType": "image/jpeg", "data": "/9g="}


def test_a_typed_turn_with_a_picture_asks_for_an_answer() -> None:
    message = json.loads(outgoing.picture_turn(b"\xff\xd8", "what is this?"))

    content = message["clientContent"]
    assert content["turnComplete"] is True
    [turn] = content["turns"]
    assert turn["role"] == "user"
    picture, words = turn["parts"]
    assert picture == {"inlineData": {"mimeType": "image/jpeg", "data": "/9g="}}
    assert words == {"text": "what is this?"}


def test_what_is_told_in_silence_asks_for_no_answer() -> None:
    content = json.loads(outgoing.history([Said("user", "a note")]))["clientContent"]

    assert "turnComplete" not in content
