"""Bytes from the terminal -> what the person wants. Pure, without a clock.

Calls: ``start`` once, then ``receive`` with what was read, ``tick`` at ``deadline``;
write ``data_to_send`` to the terminal after each; at the end write ``goodbye``.
"""

from typing import Final, Literal

from edgevoice.controls.keyevents import Draft, Key, KeyEvent, Method, Say
from edgevoice.controls.keystrokes import (
    BACKSPACE,
    ENTER,
    ESC,
    KEYPAD_ENTER,
    SPACE,
    Flags,
    Focus,
    KeyParser,
    Kind,
    Modifier,
    Paste,
    Stroke,
    Token,
    printable,
)
from edgevoice.controls.talkkey import TalkKey

TALK_KEYS: Final = frozenset({SPACE, ENTER, KEYPAD_ENTER})

QUIT_KEYS: Final = frozenset({ord("c"), ord("d")})
"""With Ctrl."""

COMMANDS: Final = {
    "s": Key.SILENCE,
    "y": Key.ALLOW,
    "n": Key.NEW,
    "+": Key.LOUDER,
    "=": Key.LOUDER,  # + without Shift
    "-": Key.QUIETER,
    "m": Key.MUTE,
    "?": Key.HELP,
    "h": Key.HELP,
    "q": Key.QUIT,
}

KITTY_FLAGS: Final = 31
"""Wanted: 1 unambiguous, 2 releases, 4 place of the key, 8 all keys, 16 their text.

Without 8, Space comes as plain text and Enter without a release; without 16 the
key ``7`` with Shift types a ``/`` on many keyboards, and we would not know."""
NEEDED_FLAGS: Final = 2 | 8

QUERY: Final = b"\x1b[?u"
PUSH: Final = b"\x1b[>%du" % KITTY_FLAGS
POP: Final = b"\x1b[<u"
REPORTS_ON: Final = b"\x1b[?2004h\x1b[?1004h"
"""Bracketed paste, so that pasted text is no keystroke; and reports of focus."""
REPORTS_OFF: Final = b"\x1b[?1004l\x1b[?2004l"

LONGEST_DRAFT: Final = 4000
"""Characters of a typed message."""


class KeyDecoder:
    """Turns a terminal's bytes into key events.

    The kitty protocol is pushed only after the terminal has answered the query for
    it; until then, and in terminals that never answer, auto-repeat is used. There
    is nothing to wait for.
    """

    def __init__(
        self, mode: Literal["hold", "toggle"] = "hold", max_hold: float = 120.0
    ) -> None:
        """Begin with nothing held.

        Args:
            mode: ``toggle``: one press begins, the next one ends.
            max_hold: Seconds without a stroke after which a press ends by itself.
        """
        self._parser = KeyParser()
        self._talk = TalkKey(mode == "toggle", max_hold)
        self._draft: str | None = None
        self._outbox = b""
        self._pushed = False

    @property
    def method(self) -> Method:
        """How press and release are told apart now."""
        return self._talk.method

    @property
    def deadline(self) -> float | None:
        """Call ``tick`` at this time if nothing comes before; None: no need."""
        times = (self._parser.deadline, self._talk.deadline)
        return min((time for time in times if time is not None), default=None)

    def start(self) -> None:
        """Ask the terminal what it can do."""
        self._outbox += REPORTS_ON + QUERY

    def data_to_send(self) -> bytes:
        """What to write to the terminal now; empty if nothing."""
        data, self._outbox = self._outbox, b""
        return data

    def goodbye(self) -> bytes:
        """What to write to the terminal to leave it as it was."""
        return (POP if self._pushed else b"") + REPORTS_OFF

    def receive(self, data: bytes, now: float) -> list[KeyEvent]:
        """Take what was read, in pieces of any size."""
        return [
            event
            for token in self._parser.feed(data, now)
            for event in self._token(token, now)
        ]

    def tick(self, now: float) -> list[KeyEvent]:
        """Time has passed."""
        events = [
            event
            for token in self._parser.expire(now)
            for event in self._token(token, now)
        ]
        return events + list(self._talk.expire(now))

    def _token(self, token: Token, now: float) -> list[KeyEvent]:
        match token:
            case Stroke():
                return self._stroke(token, now)
            case Flags(value):
                return self._flags(value)
            case Focus(gained):
                return [] if gained else list(self._talk.focus_lost())
            case Paste(text):
                return self._write((self._draft or "") + text)

    def _flags(self, value: int) -> list[KeyEvent]:
        if not self._pushed:
            self._pushed = True
            self._outbox += PUSH + QUERY  # and see which flags it took
            return []
        return list(self._talk.use_kitty(value & NEEDED_FLAGS == NEEDED_FLAGS))

    def _stroke(self, stroke: Stroke, now: float) -> list[KeyEvent]:
        chord = stroke.modifiers & ~Modifier.SHIFT
        released = stroke.kind is Kind.RELEASE
        if chord == Modifier.CTRL and stroke.key in QUIT_KEYS and not released:
            return [Key.QUIT]
        if released or self._draft is None:
            if stroke.key in TALK_KEYS and (released or not chord):
                return list(self._talk.stroke(stroke, now))
            return [] if released or chord else self._command(stroke)
        return self._edit(self._draft, stroke)

    def _command(self, stroke: Stroke) -> list[KeyEvent]:
        # A key of a layout without Latin letters counts by its place.
        text = stroke.text if stroke.text.isascii() else printable(stroke.key)
        command = COMMANDS.get(text.lower())
        if stroke.kind is Kind.REPEAT:
            volume = command in {Key.LOUDER, Key.QUIETER}
            return [command] if command and volume else []
        if stroke.key == ESC:
            return [Key.SILENCE]
        if text == "/":
            return self._write("")
        if text.lower() == "t":
            return list(self._talk.switch())
        return [command] if command else []

    def _write(self, text: str) -> list[KeyEvent]:
        """Open the line, or change it; talking ends, since Space is text now."""
        self._draft = text[:LONGEST_DRAFT]
        return [*self._talk.let_go(), Draft(self._draft)]

    def _edit(self, draft: str, stroke: Stroke) -> list[KeyEvent]:
        if stroke.key == ESC:
            self._draft = None
            return [Draft(None)]
        if stroke.key in {ENTER, KEYPAD_ENTER}:
            self._draft = None
            said = draft.strip()
            return [Draft(None), Say(said)] if said else [Draft(None)]
        text = edited(draft, stroke)
        return self._write(text) if text != draft else []


def edited(draft: str, stroke: Stroke) -> str:
    """The line after one more keystroke."""
    if stroke.key == BACKSPACE:
        return draft[:-1]
    if stroke.modifiers & Modifier.CTRL:
        if stroke.key == ord("u"):
            return ""
        if stroke.key == ord("w"):
            return draft.rstrip().rpartition(" ")[0]
        return draft
    return draft + stroke.text
