"""What the server says, as plain events."""

from typing import Any, TypeAlias

from msgspec import Struct, field

# -- the dialogue ------------------------------------------------------------------


class SetupComplete(Struct, frozen=True):
    """The session is ready for input; ``session_id`` may be empty."""

    session_id: str = ""


class Audio(Struct, frozen=True):
    """A chunk of the response: 24 kHz mono PCM."""

    pcm: bytes


class InputTranscript(Struct, frozen=True):
    """A piece of what the user said; pieces are joined as they are.

    Attributes:
        text: Never empty.
        language: BCP-47 code of what was heard; empty if the server does not say.
    """

    text: str
    language: str = ""


class OutputTranscript(Struct, frozen=True):
    """A piece of what the response says; pieces are joined as they are.

    Attributes:
        text: Never empty.
        language: BCP-47 code of it; empty if the server does not say.
    """

    text: str
    language: str = ""


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
    """A handle with which the session can be resumed as it is now.

    Attributes:
        handle: Never empty.
        last_consumed: Number of our last message that is part of it; None if the
            server does not say (it does for transparent resumption only).
    """

    handle: str
    last_consumed: int | None = None


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens of one turn, as billed; 0 for what the server does not count.

    The details say of what kind they are: modality (``TEXT``, ``AUDIO``, ``IMAGE``,
    ``VIDEO``, ``DOCUMENT``) to tokens. They may be empty though the sum is not.

    Attributes:
        prompt: The whole context, what is ``cached`` of it included.
        cached: The part of ``prompt`` that the server had kept.
        response: What was said.
        thoughts: What was thought, not part of ``response``.
        tools: Results of the server's own tools, not part of ``prompt``.
        total: All of it.
        tier: ``standard``, ``priority``, ``flex``; empty if the server does not say.
    """

    prompt: int = 0
    cached: int = 0
    response: int = 0
    thoughts: int = 0
    tools: int = 0
    total: int = 0
    prompt_details: dict[str, int] = field(default_factory=dict)
    cached_details: dict[str, int] = field(default_factory=dict)
    response_details: dict[str, int] = field(default_factory=dict)
    tools_details: dict[str, int] = field(default_factory=dict)
    tier: str = ""


# -- asides: shown to who watches, never spoken, never logged -------------------------


class Thought(Struct, frozen=True):
    """What the model thinks; pieces are joined as they are."""

    text: str


class Text(Struct, frozen=True):
    """What the model wrote instead of saying it."""

    text: str


class Code(Struct, frozen=True):
    """A program that the model wrote and the server runs."""

    code: str
    language: str


class CodeResult(Struct, frozen=True):
    """What that program came to; ``outcome`` as Google names it."""

    output: str
    outcome: str


class InterimTranscript(Struct, frozen=True):
    """What the user seems to be saying; replaces the one before."""

    text: str


class Source(Struct, frozen=True):
    """Where a fact comes from; either may be empty."""

    uri: str
    title: str


class Grounding(Struct, frozen=True):
    """What the server searched for, and found."""

    queries: tuple[str, ...]
    sources: tuple[Source, ...]


class PageRead(Struct, frozen=True):
    """A page that the server looked at; ``status`` as Google names it."""

    uri: str
    status: str


class VoiceActivity(Struct, frozen=True):
    """The server heard somebody begin or end to speak.

    Attributes:
        kind: ``start``, ``end``, or what Google names it.
        offset: Seconds of sound since the connection's first; None if not told.
    """

    kind: str
    offset: float | None = None


class WaitingForInput(Struct, frozen=True):
    """The model says nothing yet, since it expects more from the user."""


class Interaction(Struct, frozen=True):
    """How far the whole request is; ``status`` as Google names it."""

    status: str


class Unreadable(Struct, frozen=True):
    """An aside that is not of the form that it should have; names it, not its words."""

    what: str


Aside: TypeAlias = (
    Thought
    | Text
    | Code
    | CodeResult
    | InterimTranscript
    | Grounding
    | PageRead
    | VoiceActivity
    | WaitingForInput
    | Interaction
    | Unreadable
)

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
    | Aside
)
