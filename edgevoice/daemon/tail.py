"""The end of the conversation as text, for a session that replaces a lost one.

It is in memory only, never written down and never logged. Without transcripts
there is none.
"""

from collections import deque
from itertools import count
from typing import Final

from edgevoice.live.outgoing import Said

TURNS: Final = 4
"""Exchanges that are kept: enough to know what "it" means, cheap in tokens."""

LONGEST: Final = 600
"""Characters of one side of an exchange; of a longer one the end is kept."""

NOTES: Final = 20
"""Notes that are kept, see ``notes.Notes``."""


class Tail:
    """What was said last; loop's thread only.

    Attributes:
        told: The session of the present connection was told it.
    """

    def __init__(self) -> None:
        self.told = False
        self._refused = self._typed = False
        self._number = count()
        self._turns: deque[tuple[int, tuple[Said, ...]]] = deque(maxlen=TURNS)
        self._notes: deque[tuple[int, tuple[Said, ...]]] = deque(maxlen=NOTES)
        self._user = ""
        self._model = ""

    def typed(self, text: str) -> None:
        """A turn was typed, not spoken."""
        self._user, self._typed = text, True

    def heard(self, who: str, text: str) -> None:
        """A piece of a transcript came.

        Args:
            who: ``user`` or ``model``.
            text: With its own white space.
        """
        if who == "user":
            self._user += text
        else:
            self._model += text

    def turn_ended(self) -> None:
        """Keep what both said, if the model said anything."""
        if said := self._present():
            self._turns.append((next(self._number), said))
        self._user = self._model = ""
        self._typed = False

    def noted(self, text: str) -> None:
        """The model was told this in silence, before what it says now."""
        self._notes.append((next(self._number), (Said("user", text),)))

    def _present(self) -> tuple[Said, ...]:
        """The exchange under way, once the model has said something."""
        if not self._model.strip():
            return ()
        both = (("user", self._user), ("model", self._model))
        said = (Said(who, text.strip()[-LONGEST:]) for who, text in both)
        return tuple(one for one in said if one.text)

    def forget(self) -> None:
        """The conversation is over."""
        self._turns.clear()
        self._notes.clear()
        self._user = self._model = ""
        self._typed = False

    def tell(self) -> tuple[Said, ...]:
        """Everything kept, oldest first, for a new session; or nothing.

        Some models take no history in mid-session and close the connection: then
        the next one is not told.
        """
        refused, self._refused = self._refused, False
        entries = [said for _, said in sorted([*self._turns, *self._notes])]
        said = tuple(one for entry in (*entries, self._present()) for one in entry)
        self.told = bool(said) and not refused
        return said if self.told else ()

    def link_ended(self, *, refused: bool) -> None:
        """A connection is over.

        Args:
            refused: The server refused what it was told, or the session as a whole.
        """
        self._refused = self.told and refused
        self.told = False
        if not (self._model or self._typed):
            self._user = ""  # it is sent again, and heard again
