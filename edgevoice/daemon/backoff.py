"""How long to wait before the next connection."""

import random
from collections import deque
from typing import Final

STABLE_S: Final = 30.0
"""A link that lived this long proves that all is well, seconds."""

FIRST_S: Final = 0.5
LONGEST_S: Final = 15.0
REFUSED_FIRST_S: Final = 120.0
"""After a refusal; jitter halves it at most, and a quota wants a minute, seconds."""
REFUSED_LONGEST_S: Final = 300.0


MOST_A_MINUTE: Final = 10
"""Attempts to connect in any minute, whatever their reasons."""

HURRY_S: Final = 8.0
"""From an attempt to one that somebody's press asks for, seconds; more of them would
use up what a minute allows."""

NETWORK: Final = "network"
SERVER: Final = "server"

_MINUTE_S: Final = 60.0


class Backoff:
    """Growing pauses with jitter.

    The count is reset by a link that has *lived*, not by one that came up: a
    handle that sets up and dies at once would otherwise loop for ever.

    Args:
        rng: Source of the jitter.
    """

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()
        self._failures = {NETWORK: 0, SERVER: 0}
        self._attempts: deque[float] = deque(maxlen=MOST_A_MINUTE)

    def attempt(self, now: float) -> None:
        """An attempt begins; ``now`` is seconds of the loop's clock."""
        self._attempts.append(now)

    def hurried(self) -> float:
        """Before this, no attempt may begin because somebody waits."""
        return self._attempts[-1] + HURRY_S if self._attempts else 0.0

    def earliest(self) -> float:
        """Before this, no attempt may begin; on the clock of ``attempt``."""
        if len(self._attempts) < MOST_A_MINUTE:
            return 0.0
        return self._attempts[0] + _MINUTE_S

    def pause(self, *, lived: float, whose: str, refused: bool = False) -> float:
        """Seconds to wait after a link ended.

        Args:
            lived: Seconds from setupComplete to its end; 0 if it never came up.
            whose: ``NETWORK`` or ``SERVER``: who ended it. Each has a count of its
                own, so that a server which answers again after a long time without
                a network is not waited for as long as that was.
            refused: A person must mend something; try slowly.
        """
        if lived >= STABLE_S:
            self._failures = dict.fromkeys(self._failures, 0)
        first, longest = (
            (REFUSED_FIRST_S, REFUSED_LONGEST_S) if refused else (FIRST_S, LONGEST_S)
        )
        longest_now = min(longest, first * float(2 ** self._failures[whose]))
        self._failures[whose] = min(self._failures[whose] + 1, 16)
        return longest_now * self._rng.uniform(0.5, 1.0)
