"""What the model is told in silence: ``edgevoice note``. It is not answered.

A note waits for a link, and for a moment in which nobody has the floor: it would cut
an answer short. It belongs to the conversation once something was answered after it
(``Tail``); until then it is told again to every session that does not know of it, also
after a pause that made the conversation end. In memory only, and never logged.
"""

import logging
from collections import deque
from typing import Final

log = logging.getLogger(__name__)

MOST: Final = 20
"""Notes that are kept; a further one takes the place of the oldest."""

LONGEST: Final = 4000
"""Characters of one: each turn pays for it."""


class Notes:
    """Notes that nothing was answered after; loop's thread only."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._told: deque[str] = deque()
        self._kept = 0
        """How many of those told, the first ones, the newest handle knows of."""
        self._on_this_link = False

    def add(self, text: str) -> None:
        """Tell this as soon as it can be."""
        self._waiting.append(text)
        if len(self._waiting) + len(self._told) <= MOST:
            return
        if self._told:  # the session knows it anyhow
            self._told.popleft()
            self._kept = max(0, self._kept - 1)
        else:
            self._waiting.popleft()
            log.warning("more than %d notes wait: the oldest is forgotten", MOST)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Those still to be told, oldest first."""
        return tuple(self._waiting)

    @property
    def told(self) -> bool:
        """Whether this connection was told one that no handle knows of yet."""
        return self._on_this_link and len(self._told) > self._kept

    def sent(self) -> None:
        """All that waited are on their way."""
        self._told += self._waiting
        self._waiting.clear()
        self._on_this_link = True

    def handle_came(self) -> None:
        """A session that is resumed from here on knows what was told."""
        self._kept = len(self._told)

    def answered(self) -> tuple[str, ...]:
        """Something is being answered after them: they belong to what was said."""
        told = tuple(self._told)
        self._told.clear()
        self._kept = 0
        return told

    def forget(self) -> None:
        """The person wants a new conversation."""
        self._waiting.clear()
        self.answered()

    def session_is_up(self, *, resumed: bool) -> None:
        """Have a session told again what it does not know."""
        if not resumed:
            self._kept = 0
        while len(self._told) > self._kept:
            self._waiting.appendleft(self._told.pop())

    def link_ended(self, *, refused: bool) -> None:
        """A connection is over.

        Args:
            refused: The server refused something that it was told on it.
        """
        if refused and self.told:  # some models take none in mid-session
            log.warning("the server refuses notes: those just told are forgotten")
            while len(self._told) > self._kept:
                self._told.pop()
        self._on_this_link = False
