"""Bytes from a terminal -> keystrokes. Knows the encodings, not what a key means.

Pure: bytes and time go in, tokens come out. Understood are plain text in UTF-8,
control characters, the kitty keyboard protocol
(https://sw.kovidgoyal.net/kitty/keyboard-protocol/), focus reports and bracketed
paste. Everything else is swallowed. Sequences may arrive in any pieces.
"""

import codecs
import re
from enum import Enum, IntFlag
from typing import Final, TypeAlias

from msgspec import Struct

ESC: Final = 27
ENTER: Final = 13
SPACE: Final = 32
BACKSPACE: Final = 127
KEYPAD_ENTER: Final = 57414
"""Key codes of the kitty protocol: the unshifted character, or a private number."""

LONE_ESC: Final = 0.1
"""Seconds after which an ESC byte was the Esc key, not the start of a sequence."""

STALLED: Final = 1.0
"""Seconds after which the rest of a sequence or a paste does not come any more."""

LONGEST_SEQUENCE: Final = 1024
"""Bytes; anything longer is no keystroke."""

LONGEST_PASTE: Final = 4000
"""Characters that are kept of one paste."""

_CSI: Final = re.compile(rb"\x1b\[([0-?]*)[ -/]*([@-~])")
_PARTIAL: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")


class Modifier(IntFlag):
    """Modifiers of the kitty protocol. CapsLock (64) and NumLock (128) are cut."""

    SHIFT = 1
    ALT = 2
    CTRL = 4
    SUPER = 8
    HYPER = 16
    META = 32


class Kind(Enum):
    """What is known about a keystroke."""

    TYPED = 0
    """It came as plain text: a press or an auto-repeat, who knows."""
    PRESS = 1
    REPEAT = 2
    RELEASE = 3


class Stroke(Struct, frozen=True):
    """One keystroke."""

    key: int
    """Code of the key without Shift, for example 47 for ``/``; 0 if unknown."""
    text: str = ""
    """What it types, Shift and layout applied; empty for a release."""
    kind: Kind = Kind.TYPED
    modifiers: Modifier = Modifier(0)


class Flags(Struct, frozen=True):
    """The terminal's answer to ``CSI ? u``: the kitty flags in force."""

    value: int


class Focus(Struct, frozen=True):
    """The terminal's window gained or lost the keyboard."""

    gained: bool


class Paste(Struct, frozen=True):
    """Text from the clipboard, line ends as spaces."""

    text: str


Token: TypeAlias = Stroke | Flags | Focus | Paste


class KeyParser:
    """Collects bytes and hands out tokens.

    Attributes:
        deadline: Call ``expire`` at this time if nothing else comes; None: no need.
    """

    def __init__(self) -> None:
        self.deadline: float | None = None
        self._buffer = b""
        self._utf8 = codecs.getincrementaldecoder("utf-8")("ignore")
        self._pasted: str | None = None

    def feed(self, data: bytes, now: float) -> list[Token]:
        """Take the next bytes, in pieces of any size."""
        self._buffer += data
        tokens: list[Token] = []
        while self._buffer and not self._waiting():
            tokens += self._next()
        self._set_deadline(now)
        return tokens

    def expire(self, now: float) -> list[Token]:
        """Give up waiting for the rest of a sequence if its time is over."""
        if self.deadline is None or now < self.deadline:
            return []
        tokens: list[Token] = [Stroke(ESC)] if self._buffer == b"\x1b" else []
        if self._pasted is not None:
            tokens = self._end_of_paste()
        self._buffer, self.deadline = b"", None
        return tokens

    def _waiting(self) -> bool:
        """Whether the buffer is the beginning of a sequence and nothing else."""
        partial = _PARTIAL.match(self._buffer) is not None
        if partial and len(self._buffer) > LONGEST_SEQUENCE:
            self._buffer = b""
        return partial

    def _set_deadline(self, now: float) -> None:
        if self._buffer == b"\x1b" and self._pasted is None:
            self.deadline = now + LONE_ESC
        elif self._buffer or self._pasted is not None:
            self.deadline = now + STALLED
        else:
            self.deadline = None

    def _next(self) -> list[Token]:
        """Take one sequence or one run of text from the front of the buffer."""
        if self._buffer[0] != ESC:
            run, escape, rest = self._buffer.partition(b"\x1b")
            self._buffer = escape + rest
            return self._text(self._utf8.decode(run))
        if found := _CSI.match(self._buffer):
            self._buffer = self._buffer[found.end() :]
            if found.end() > LONGEST_SEQUENCE:
                return []
            return self._sequence(found[1], found[2])
        following = self._buffer[1]
        if following < SPACE:  # Esc, then another key; never swallow Ctrl-C
            self._buffer = self._buffer[1:]
            return [Stroke(ESC)]
        # SS3 (a function key) is three bytes, Alt with a key and broken CSI are two.
        length = 3 if following == ord("O") and self._buffer[2] >= SPACE else 2
        self._buffer = self._buffer[length:]
        return []

    def _text(self, text: str) -> list[Token]:
        if self._pasted is not None:
            clean = "".join(c if c.isprintable() else " " for c in text)
            self._pasted = (self._pasted + clean)[:LONGEST_PASTE]
            return []
        return [stroke for char in text if (stroke := _typed(char))]

    def _sequence(self, parameters: bytes, final: bytes) -> list[Token]:
        if final == b"~" and parameters == b"200":
            self._pasted = ""
        elif final == b"~" and parameters == b"201":
            return self._end_of_paste()
        elif self._pasted is not None:
            pass  # part of what was pasted, not of what was typed
        elif final in {b"I", b"O"} and not parameters:
            return [Focus(final == b"I")]
        elif final == b"u":
            return _kitty(parameters)
        return []

    def _end_of_paste(self) -> list[Token]:
        text, self._pasted = self._pasted, None
        return [Paste(text)] if text else []


def _typed(char: str) -> Stroke | None:
    """The keystroke behind one character in the old encoding."""
    code = ord(char)
    if char in "\r\n":
        return Stroke(ENTER)
    if char in "\x7f\b":
        return Stroke(BACKSPACE)
    if code < SPACE:
        return Stroke(code + 96, modifiers=Modifier.CTRL)
    if not char.isprintable():
        return None
    return Stroke(ord(char.lower()[0]), char)


def _kitty(parameters: bytes) -> list[Token]:
    """A ``CSI ... u``: key codes ; modifiers : event ; text."""
    if parameters[:1] == b"?":
        return [Flags(int(parameters[1:]))] if parameters[1:].isdigit() else []
    try:
        fields = [
            [int(part or b"0") for part in field.split(b":")]
            for field in parameters.split(b";")
        ]
    except ValueError:  # one of < = > in a wrong place
        return []
    keys, state, text = (*fields, [0], [0])[:3] if len(fields) < 3 else fields[:3]
    event = state[1] if len(state) > 1 and state[1] else Kind.PRESS.value
    if not 1 <= event <= 3:
        return []
    modifiers = Modifier(max(state[0] - 1, 0) & 63)
    kind = Kind(event)
    typed = "" if kind is Kind.RELEASE else "".join(map(printable, text))
    if not typed and kind is not Kind.RELEASE and modifiers in {0, Modifier.SHIFT}:
        typed = _without_text(keys, bool(modifiers))
    # On a layout without Latin letters the third code is the key's place on a US
    # keyboard: Ctrl-C must work there too.
    key = keys[2] if keys[0] > 127 and len(keys) > 2 and keys[2] else keys[0]
    return [Stroke(key, typed, kind, modifiers)]


def _without_text(keys: list[int], shift: bool) -> str:
    """What a key types, from a terminal that does not say."""
    if not shift:
        return printable(keys[0])
    if len(keys) > 1 and keys[1]:
        return printable(keys[1])
    return printable(keys[0]).upper()


def printable(code: int) -> str:
    """The character, or nothing if it is none (keys have private numbers)."""
    char = chr(code) if 0 < code < 0x110000 else ""
    return char if char.isprintable() else ""
