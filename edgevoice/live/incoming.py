"""What the server says: text or binary JSON to a few plain events.

Which field is present decides, and one message may carry several at once
(audio, transcript, ``turnComplete`` and ``usageMetadata``); all are read, content
before what closes it. Unknown fields are ignored, as Google's own client does.
Source: Live API reference, BidiGenerateContentServerMessage.
"""

import math
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct, field

from edgevoice.errors import RemoteProtocolError

# -- the wire ------------------------------------------------------------------


class _Wire(Struct, frozen=True, rename="camel"):
    """Everything is optional, and null means absent, as in protobuf's JSON."""


class _Blob(_Wire, frozen=True):
    mime_type: str | None = None
    data: bytes | None = None


class _Part(_Wire, frozen=True):
    inline_data: _Blob | None = None
    text: str | None = None
    thought: bool | None = None


class _Content(_Wire, frozen=True):
    parts: list[_Part] | None = None


class _Transcription(_Wire, frozen=True):
    text: str | None = None


class _ServerContent(_Wire, frozen=True):
    model_turn: _Content | None = None
    input_transcription: _Transcription | None = None
    output_transcription: _Transcription | None = None
    interrupted: bool | None = None
    generation_complete: bool | None = None
    turn_complete: bool | None = None
    turn_complete_reason: str | None = None
    interaction_status: str | None = None


class _FunctionCall(_Wire, frozen=True):
    id: str | None = None
    name: str | None = None
    args: dict[str, Any] | None = None


class _ToolCall(_Wire, frozen=True):
    function_calls: list[_FunctionCall] | None = None


class _ToolCallCancellation(_Wire, frozen=True):
    ids: list[str] | None = None


class _GoAway(_Wire, frozen=True):
    time_left: str | None = None


class _SessionResumptionUpdate(_Wire, frozen=True):
    new_handle: str | None = None
    resumable: bool | None = None


class _UsageMetadata(_Wire, frozen=True):
    prompt_token_count: int | None = None
    response_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    total_token_count: int | None = None


class _ServerMessage(_Wire, frozen=True):
    setup_complete: _Wire | None = None
    server_content: _ServerContent | None = None
    tool_call: _ToolCall | None = None
    tool_call_cancellation: _ToolCallCancellation | None = None
    go_away: _GoAway | None = None
    session_resumption_update: _SessionResumptionUpdate | None = None
    usage_metadata: _UsageMetadata | None = None


# -- what it means -------------------------------------------------------------


class SetupComplete(Struct, frozen=True):
    """The session is ready for input."""


class Audio(Struct, frozen=True):
    """A chunk of the response: 24 kHz mono PCM."""

    pcm: bytes


class InputTranscript(Struct, frozen=True):
    """A piece of what the user said; pieces are joined as they are."""

    text: str


class OutputTranscript(Struct, frozen=True):
    """A piece of what the response says; pieces are joined as they are."""

    text: str


class ToolCall(Struct, frozen=True):
    """A function the model wants to be called; ``id`` names this call of it."""

    id: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)


class ToolCallCancelled(Struct, frozen=True):
    """These calls are not wanted any more, and not to be answered."""

    ids: tuple[str, ...]


class Progress(Struct, frozen=True):
    """A sign of work without sound: a thought, text, code."""


class Interrupted(Struct, frozen=True):
    """A response was broken off by new activity; which one, see conversation."""


class GenerationComplete(Struct, frozen=True):
    """All audio of the response has been sent."""


class TurnComplete(Struct, frozen=True):
    """The response is over; ``reason`` if it did not end well."""

    reason: str = ""


class GoAway(Struct, frozen=True):
    """This connection ends in ``time_left`` seconds."""

    time_left: float


class ResumptionHandle(Struct, frozen=True):
    """A handle with which the session can be resumed as it is now."""

    handle: str


class Usage(Struct, frozen=True):
    """Tokens of one turn, as billed."""

    prompt: int
    response: int
    thoughts: int
    tools: int
    total: int


ServerEvent: TypeAlias = (
    SetupComplete
    | Audio
    | InputTranscript
    | OutputTranscript
    | ToolCall
    | ToolCallCancelled
    | Progress
    | Interrupted
    | GenerationComplete
    | TurnComplete
    | GoAway
    | ResumptionHandle
    | Usage
)

# Not strict: int64 fields travel as strings.
_decoder: Final = msgspec.json.Decoder(_ServerMessage, strict=False)


def decode(data: bytes | str) -> list[ServerEvent]:
    """Translate one WebSocket message, in the order in which it is to be handled.

    Raises:
        RemoteProtocolError: It is not JSON, nested too deeply, or a known field
            has a wrong type. The text names the place, never the content.
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


def _events(message: _ServerMessage) -> Iterator[ServerEvent]:
    if message.setup_complete is not None:
        yield SetupComplete()
    if message.server_content is not None:
        yield from _content(message.server_content)
    if message.tool_call is not None:
        for call in message.tool_call.function_calls or ():
            yield ToolCall(call.id or "", call.name or "", call.args or {})
    if message.tool_call_cancellation is not None:
        yield ToolCallCancelled(tuple(message.tool_call_cancellation.ids or ()))
    if message.usage_metadata is not None:
        yield _usage(message.usage_metadata)
    if message.session_resumption_update is not None:
        update = message.session_resumption_update
        # Empty while generating or in a tool call: the last good one stays.
        if update.resumable and update.new_handle:
            yield ResumptionHandle(update.new_handle)
    if message.go_away is not None:
        yield GoAway(_seconds(message.go_away.time_left))


def _content(content: _ServerContent) -> Iterator[ServerEvent]:
    for transcript, kind in (
        (content.input_transcription, InputTranscript),
        (content.output_transcription, OutputTranscript),
    ):
        if transcript is not None and transcript.text:
            yield kind(transcript.text)
    if content.model_turn is not None:
        for part in content.model_turn.parts or ():
            yield _part(part)
    if content.interrupted:
        yield Interrupted()
    if content.generation_complete:
        yield GenerationComplete()
    if _is_complete(content):
        yield TurnComplete(content.turn_complete_reason or "")


def _is_complete(content: _ServerContent) -> bool:
    # Extended thinking sends several turnCompletes; only IDLE ends the request. The
    # rule is that of Google's own client (google-genai 3.4.0, receive() in live.py).
    if content.interaction_status in {None, "", "INTERACTION_STATUS_UNSPECIFIED"}:
        return bool(content.turn_complete)
    return content.interaction_status == "IDLE"


def _part(part: _Part) -> ServerEvent:
    blob = part.inline_data
    if blob is None or part.thought or not _is_pcm(blob.mime_type or "audio/pcm"):
        return Progress()
    pcm = blob.data or b""
    pcm = pcm[: len(pcm) & ~1]
    return Audio(pcm) if pcm else Progress()


def _is_pcm(mime_type: str) -> bool:
    kind, _, parameter = mime_type.replace(" ", "").partition(";")
    return kind == "audio/pcm" and parameter in {"", "rate=24000"}


def _usage(usage: _UsageMetadata) -> Usage:
    return Usage(
        prompt=usage.prompt_token_count or 0,
        response=usage.response_token_count or 0,
        thoughts=usage.thoughts_token_count or 0,
        tools=usage.tool_use_prompt_token_count or 0,
        total=usage.total_token_count or 0,
    )


def _seconds(duration: str | None) -> float:
    """Protobuf's JSON duration, ``"50s"`` or ``"9.5s"``; unreadable means now."""
    try:
        seconds = float((duration or "0s").removesuffix("s"))
    except ValueError:
        return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
