"""What the server remembers: contexts, their price in tokens, resumption handles."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, structs

HANDLE_LIFE: Final = 2 * 3600.0
"""Seconds for which a handle can be used (Live API, "Session management")."""

AUDIO_TOKENS_PER_SECOND: Final = 25
"""Live API, "Best practices"; the same for both directions."""
IMAGE_TOKENS: Final = 258
"""One picture or frame of video ("Token counting")."""

PAGE_TOKENS: Final = 400
"""What a search or a page brings, here."""

Modality: TypeAlias = Literal["TEXT", "AUDIO", "IMAGE"]
Usage: TypeAlias = dict[str, Any]


class Piece(Struct, frozen=True):
    """Something that was said or shown."""

    role: Literal["user", "model"]
    modality: Modality
    tokens: int


def spoken(role: Literal["user", "model"], duration: float) -> Piece:
    """Speech of this many seconds."""
    return Piece(role, "AUDIO", round(duration * AUDIO_TOKENS_PER_SECOND))


def typed(role: Literal["user", "model"], text: str) -> Piece:
    """Text; about four letters make a token."""
    return Piece(role, "TEXT", -(-len(text) // 4))


class Context(Struct, frozen=True):
    """All that the model is shown at a turn, and the number of turns so far."""

    pieces: tuple[Piece, ...] = ()
    turns: int = 0

    def add(self, *pieces: Piece) -> "Context":
        """The context with this appended."""
        return structs.replace(self, pieces=self.pieces + pieces)

    def at_turn(self, number: int) -> "Context":
        """The context with so many turns taken."""
        return structs.replace(self, turns=number)

    @property
    def tokens(self) -> int:
        """Size, without the instructions."""
        return sum(piece.tokens for piece in self.pieces)

    def compressed(self, trigger: int, target: int) -> "Context":
        """Drop the beginning once there are more than ``trigger`` tokens.

        What is left has at most ``target`` tokens and begins with the user, except
        that the newest piece always stays ("SlidingWindow").
        """
        if self.tokens <= trigger:
            return self
        left = list(self.pieces)
        size = self.tokens
        while len(left) > 1 and (size > target or left[0].role != "user"):
            size -= left.pop(0).tokens
        return structs.replace(self, pieces=tuple(left))


def usage(
    context: Context,
    instructions: int,
    answer: Piece,
    contents: Iterable[Mapping[str, Any]] = (),
) -> Usage:
    """UsageMetadata of one turn: the whole context is billed at each.

    Args:
        context: What the model was shown.
        instructions: Tokens of the system instruction.
        answer: What it said.
        contents: What it sent beside that: its thoughts, and what its tools brought.
    """
    prompt: Counter[str] = Counter()
    prompt["TEXT"] += instructions
    for piece in context.pieces:
        prompt[piece.modality] += piece.tokens
    thoughts, tools = _beside(contents)
    counts = {
        "promptTokenCount": prompt.total(),
        "responseTokenCount": answer.tokens,
        "toolUsePromptTokenCount": tools,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": prompt.total() + answer.tokens + tools + thoughts,
        "promptTokensDetails": _details(prompt),
        "responseTokensDetails": _details(Counter({answer.modality: answer.tokens})),
        "toolUsePromptTokensDetails": _details(Counter({"TEXT": tools})),
    }
    return {name: count for name, count in counts.items() if count}


def _beside(contents: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """Tokens of thoughts, and of what tools brought."""
    thoughts = tools = 0
    for content in contents:
        for part in content.get("modelTurn", {}).get("parts", []):
            if part.get("thought"):
                thoughts += typed("model", part["text"]).tokens
            output = part.get("codeExecutionResult", {}).get("output", "")
            tools += typed("user", output).tokens
        if content.keys() & {"groundingMetadata", "urlContextMetadata"}:
            tools += PAGE_TOKENS
    return thoughts, tools


def _details(tokens: Counter[str]) -> list[dict[str, Any]]:
    return [
        {"modality": m, "tokenCount": count} for m, count in tokens.items() if count
    ]


class Session:
    """What survives a connection.

    Attributes:
        model: Name as in setup; a handle is good for this model only.
        context: As of now.
        occupied: Tells whether a socket of this session is still open.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.context = Context()
        self.occupied: Callable[[], bool] = lambda: False


class _Ticket(Struct, frozen=True):
    """What a handle stands for: a session as it was at that moment."""

    session: Session
    context: Context
    issued: float


class Sessions:
    """All sessions that can be resumed, by handle."""

    def __init__(self) -> None:
        self._tickets: dict[str, _Ticket] = {}

    def issue(self, session: Session, now: float) -> str:
        """A new handle for the session as it is; forgets those that are too old.

        Args:
            session: To be resumed.
            now: Seconds on any clock that ``find`` uses too.
        """
        oldest = now - HANDLE_LIFE
        self._tickets = {h: t for h, t in self._tickets.items() if t.issued > oldest}
        handle = secrets.token_urlsafe(32)
        self._tickets[handle] = _Ticket(session, session.context, now)
        return handle

    def find(self, handle: str, model: str, now: float) -> Session | None:
        """The session, put back to where the handle was issued; None if there is none.

        A session that still has an open socket is returned as it is.
        """
        ticket = self._tickets.get(handle)
        if ticket is None or now - ticket.issued >= HANDLE_LIFE:
            return None
        if ticket.session.model != model:
            return None
        if not ticket.session.occupied():
            ticket.session.context = ticket.context
        return ticket.session
