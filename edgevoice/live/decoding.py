"""The server's messages to events: text or binary JSON in, ``incoming`` events out.

Which field is present decides, and one message may carry several at once
(audio, transcript, ``turnComplete`` and ``usageMetadata``); all are read, content
before what closes it. Unknown fields are ignored, as Google's own client does.
Source: Live API reference, BidiGenerateContentServerMessage.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from edgevoice.errors import RemoteProtocolError
from edgevoice.live import asides
from edgevoice.live import server_messages as wire
from edgevoice.live.incoming import (
    Audio,
    GenerationComplete,
    GoAway,
    Interrupted,
    Progress,
    ResumptionHandle,
    ServerEvent,
    SetupComplete,
    Text,
    Thought,
    ToolCall,
    ToolCallCancelled,
    TurnComplete,
)

_decoder: Final = msgspec.json.Decoder(wire.ServerMessage)


def decode(data: bytes | str) -> list[ServerEvent]:
    """Translate one WebSocket message, in the order in which it is to be handled.

    Raises:
        RemoteProtocolError: It is not JSON, nested too deeply, or a field on which the
            answer depends has a wrong type. The text names the place, never the
            content.
    """
    try:
        message = _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise RemoteProtocolError(
            f"the server sent no valid message: {error}"
        ) from None
    except UnicodeError:
        raise RemoteProtocolError(
            "the server sent no valid message: not Unicode"
        ) from None
    except RecursionError:
        raise RemoteProtocolError(
            "the server sent no valid message: nested too deeply"
        ) from None
    return list(_events(message))


def _events(message: wire.ServerMessage) -> Iterator[ServerEvent]:
    if message.setup_complete is not None:
        yield SetupComplete(asides.text(message.setup_complete.session_id))
    yield from asides.voice(message)
    if message.server_content is not None:
        yield from _content(message.server_content)
    if message.tool_call is not None:
        for call in message.tool_call.function_calls or ():
            yield ToolCall(call.id or "", call.name or "", call.args or {})
    if message.tool_call_cancellation is not None:
        yield ToolCallCancelled(tuple(message.tool_call_cancellation.ids or ()))
    yield from asides.usage(message.usage_metadata)
    if message.session_resumption_update is not None:
        yield from _handle(message.session_resumption_update)
    if message.go_away is not None:
        # Unreadable means now.
        yield GoAway(asides.seconds(message.go_away.time_left) or 0.0)


def _content(content: wire.ServerContent) -> Iterator[ServerEvent]:
    yield from asides.transcripts(content)
    if content.model_turn is not None:
        for part in content.model_turn.parts or ():
            yield from _part(part)
    yield from asides.sources(content)
    if content.interrupted:
        yield Interrupted()
    if content.generation_complete:
        yield GenerationComplete()
    yield from asides.standing(content)
    if _is_complete(content):
        yield TurnComplete(asides.text(content.turn_complete_reason))


def _is_complete(content: wire.ServerContent) -> bool:
    # Extended thinking sends several turnCompletes; only IDLE ends the request. The
    # rule is that of Google's own client (google-genai 3.4.0, receive() in live.py).
    if content.interaction_status in {None, "", "INTERACTION_STATUS_UNSPECIFIED"}:
        return bool(content.turn_complete)
    return content.interaction_status == "IDLE"


def _part(part: wire.Part) -> Iterator[ServerEvent]:
    if part.text:
        yield Thought(part.text) if part.thought else Text(part.text)
    yield from asides.code(part)
    yield _sound(part)


def _sound(part: wire.Part) -> Audio | Progress:
    blob = part.inline_data
    if blob is None or part.thought or not _is_pcm(blob.mime_type or "audio/pcm"):
        return Progress()
    pcm = blob.data or b""
    pcm = pcm[: len(pcm) & ~1]
    return Audio(pcm) if pcm else Progress()


def _is_pcm(mime_type: str) -> bool:
    kind, _, parameter = mime_type.replace(" ", "").partition(";")
    return kind == "audio/pcm" and parameter in {"", "rate=24000"}


def _handle(update: wire.SessionResumptionUpdate) -> Iterator[ServerEvent]:
    # Empty while generating or in a tool call: the last good one stays.
    if update.resumable and update.new_handle:
        index = asides.number(update.last_consumed_client_message_index)
        yield ResumptionHandle(update.new_handle, index)
