"""How long the conversation waits, and for what."""

from typing import Final

from msgspec import Struct

HOLD_LIMIT: Final = 1.0
"""How long doubtful audio is held before it counts as new, seconds.

It runs from the first doubtful chunk: when a stalled network comes back, all
that is old arrives in one burst. What must fit into it is one round trip, the
time for which an old response may still be streamed to us.
"""

HOLD_LIMIT_BEGUN: Final = 5.0
"""The same where an old response had begun, seconds.

Then the server surely closes it, so there is less doubt and more patience.
"""

MOST_SENDINGS: Final = 3
"""Times that a turn is sent before it is given up: it may be what breaks the link."""

CALL_LIMIT: Final = 150.0
"""A function call ends by itself after two minutes at most, and its question before;
so long may the server be silent while it waits for the result, seconds."""

ASK_LIMIT: Final = 15.0
"""A call that is to be allowed waits so long for a press, seconds."""

ASK_HEARD: Final = 0.7
"""Whoever presses sooner than this after a question, seconds, cannot have heard it: the
press is meant for what they hear, and is no leave."""

ASK_TAP: Final = 0.35
"""A press that allows a call is shorter than this, seconds; a longer one is speech, as
nobody is to allow with "no, do not". The usual pre-roll holds as much and more, so that
nothing is lost of what is said."""

BOUNCE: Final = 0.05
"""A release shorter than this is the button's contact, not the hand, seconds."""


class Timing(Struct, frozen=True):
    """Durations in seconds; the settings say them in milliseconds."""

    tap: float = 0.2
    """A shorter press is a tap. 0: every press is speech."""
    tail: float = 0.2
    """Sound after the release that still belongs to the utterance."""
    max_hold: float = 120.0
    """A button held longer is stuck: the utterance ends here."""
    answer: float = 15.0
    """The server may be silent for so long while it owes a response."""
    keep: float = 300.0
    """An utterance waits so long for a link."""
