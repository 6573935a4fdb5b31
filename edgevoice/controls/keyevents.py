"""What the keyboard says: a small closed union of events, and the help for it."""

from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct


class Key(Enum):
    """Something a person did on the keyboard, one member each."""

    PRESS = "press"
    """The talk key went down (or began, in toggle mode)."""
    RELEASE = "release"
    """The talk key came up (or ended); always follows a ``PRESS``."""
    SILENCE = "silence"
    ALLOW = "allow"
    """Yes to what the model asks leave for."""
    NEW = "new"
    LOUDER = "louder"
    QUIETER = "quieter"
    MUTE = "mute"
    """Mute, or unmute."""
    HELP = "help"
    QUIT = "quit"
    """Also when the terminal hung up."""


class Method(Enum):
    """How press and release of the talk key are told apart; sent when it changes."""

    KITTY = "kitty"
    """The terminal reports both (kitty keyboard protocol)."""
    REPEAT = "repeat"
    """It only repeats the key while it is held; the release is inferred."""
    TOGGLE = "toggle"
    """One press begins, the next one ends."""


class Draft(Struct, frozen=True):
    """The line that is being typed, after each change; None: it was closed."""

    text: str | None


class Say(Struct, frozen=True):
    """A line that was typed and sent; not blank."""

    text: str


KeyEvent: TypeAlias = Key | Method | Draft | Say
"""Everything that the keyboard reports."""

HOW: Final = {
    Method.KITTY: "hold SPACE (kitty)",
    Method.REPEAT: "hold SPACE (auto-repeat)",
    Method.TOGGLE: "SPACE starts and ends",
}
"""How to talk, for the status line."""

HELP: Final = (
    ("SPACE or Enter", "talk"),
    ("s or Esc", "silence"),
    ("y", "allow what it asks leave for"),
    ("/", "type a message; Enter sends it, Esc drops it"),
    ("n", "new conversation; no, if it asks leave"),
    ("+ and -", "volume"),
    ("m", "mute or unmute"),
    ("t", "hold to talk, or press to start and end"),
    ("?", "this help"),
    ("q or Ctrl-C", "quit"),
)
"""Each key and what it does."""


def help_lines() -> list[str]:
    """The help as lines of text, keys in one column."""
    wide = max(len(key) for key, _ in HELP)
    return [f"  {key:<{wide}}  {meaning}" for key, meaning in HELP]
