"""What we say to the server after the setup, and what a setup is made from.

Field names and nesting: Live API reference, BidiGenerateContentClientMessage; exactly
one top-level key a message.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from edgevoice.live.generation import GenerationConfig, TranscriptionConfig
from edgevoice.live.message import Empty, Message

AUDIO_MIME: Final = "audio/pcm;rate=16000"
"""Live API, "Audio formats": raw, little endian, 16 bit."""

PICTURE_MIME: Final = "image/jpeg"
"""Live API, "Video": single JPEGs, one a second at most."""


class Blob(Message, frozen=True):
    """Bytes with their type."""

    mime_type: str
    data: bytes


class Part(Message, frozen=True):
    """One piece of content; exactly one field is set."""

    text: str | None = None
    inline_data: Blob | None = None


class Content(Message, frozen=True):
    """What one side of the conversation said."""

    parts: list[Part]
    role: str | None = None


class FunctionDeclaration(Message, frozen=True):
    """A function that the model may call.

    Attributes:
        name: Letters, digits, ``_``, ``.`` and ``-``, 64 at most.
        description: For the model: what it does, and when to call it.
        parameters_json_schema: An object's JSON schema; None: it takes nothing.
        behavior: ``BLOCKING`` or ``NON_BLOCKING`` (the model goes on meanwhile); None
            leaves it to the model's default.
    """

    name: str
    description: str
    parameters_json_schema: dict[str, Any] | None = None
    behavior: str | None = None


class RealtimeInput(Message, frozen=True):
    """One piece of live input; exactly one field is set."""

    audio: Blob | None = None
    video: Blob | None = None
    text: str | None = None
    activity_start: Empty | None = None
    activity_end: Empty | None = None


class ClientContent(Message, frozen=True):
    """What was said or shown; without ``turnComplete`` it is not answered."""

    turns: list[Content]
    turn_complete: bool = False


class FunctionResponse(Message, frozen=True):
    """A result of one function call, matched by its id.

    Attributes:
        response: Any JSON object; by custom ``{"output": ...}`` or ``{"error": ...}``.
        scheduling: When the model takes it up, for NON_BLOCKING functions only:
            ``INTERRUPT``, ``WHEN_IDLE`` or ``SILENT``.
        will_continue: More results of this call follow (NON_BLOCKING only).
    """

    id: str
    name: str
    response: dict[str, Any]
    scheduling: str | None = None
    will_continue: bool | None = None


class ToolResponse(Message, frozen=True):
    """Results of function calls."""

    function_responses: list[FunctionResponse]


class ClientMessage(Message, frozen=True):
    """Any message but the setup; exactly one field is set."""

    realtime_input: RealtimeInput | None = None
    client_content: ClientContent | None = None
    tool_response: ToolResponse | None = None


class SessionOptions(Struct, frozen=True, kw_only=True):
    """What a session is asked for.

    Attributes:
        model: Name without or with ``models/``.
        instructions: System instruction; empty sends none.
        voice: Prebuilt voice; empty leaves the choice to the server.
        language: BCP-47 code such as ``de-DE``; empty leaves it to the model.
        transcripts: Ask for text of what was said by either side.
        trigger_tokens: Context size that starts a compression; 0: never.
        target_tokens: Context size after a compression; 0: half of the trigger, as
            the server does by itself.
        functions: What the model may call.
        server_tools: What it may use of the server's: ``google_search``,
            ``code_execution``, ``url_context``.
        generation: How it is to answer: choice of words, thinking, translation.
        hearing: What may be expected in what the user says.
        proactive: It may be silent if it was not spoken to.
        safety: Threshold from which on harm is blocked, as Google names it; empty
            leaves it to the server.
    """

    model: str
    instructions: str = ""
    voice: str = ""
    language: str = ""
    transcripts: bool = True
    trigger_tokens: int = 16_000
    target_tokens: int = 8_000
    functions: tuple[FunctionDeclaration, ...] = ()
    server_tools: tuple[str, ...] = ()
    generation: GenerationConfig = GenerationConfig()
    hearing: TranscriptionConfig = TranscriptionConfig()
    proactive: bool = False
    safety: str = ""


class Said(Struct, frozen=True):
    """What one side said, as text.

    Attributes:
        role: ``user`` or ``model``.
        text: Never empty.
    """

    role: str
    text: str


_encoder = msgspec.json.Encoder()


def encode(message: Message) -> str:
    """A message as it is sent: the text of a WebSocket message."""
    return _encoder.encode(message).decode()


ACTIVITY_START: Final = encode(
    ClientMessage(realtime_input=RealtimeInput(activity_start=Empty()))
)
ACTIVITY_END: Final = encode(
    ClientMessage(realtime_input=RealtimeInput(activity_end=Empty()))
)


def audio(pcm: bytes) -> str:
    """A chunk of 16 kHz mono PCM."""
    blob = Blob(mime_type=AUDIO_MIME, data=pcm)
    return encode(ClientMessage(realtime_input=RealtimeInput(audio=blob)))


def text(words: str) -> str:
    """A typed turn; the server takes it as user activity and answers."""
    return encode(ClientMessage(realtime_input=RealtimeInput(text=words)))


def history(said: Sequence[Said]) -> str:
    """What was said in an earlier session, for a new one; it is not answered.

    Source: BidiGenerateContentClientContent: content is appended to the
    conversation; the model waits for more until ``turnComplete``.
    """
    turns = [Content(role=one.role, parts=[Part(text=one.text)]) for one in said]
    return encode(ClientMessage(client_content=ClientContent(turns=turns)))


def tool_response(response: FunctionResponse) -> str:
    """A result of a function call."""
    return encode(
        ClientMessage(tool_response=ToolResponse(function_responses=[response]))
    )


def picture(jpeg: bytes) -> str:
    """A picture within an activity; it belongs to that turn."""
    blob = Blob(mime_type=PICTURE_MIME, data=jpeg)
    return encode(ClientMessage(realtime_input=RealtimeInput(video=blob)))


def picture_turn(jpeg: bytes, words: str) -> str:
    """A typed turn with a picture; it is answered.

    Not as live input: outside an activity that would belong to no turn, see
    turnCoverage in ``setup``.
    """
    blob = Blob(mime_type=PICTURE_MIME, data=jpeg)
    parts = [Part(inline_data=blob), Part(text=words)]
    content = ClientContent(
        turns=[Content(role="user", parts=parts)], turn_complete=True
    )
    return encode(ClientMessage(client_content=content))
