"""Counts for ``status`` and the last turns for ``edgevoice turns``: nothing said."""

import math
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from edgevoice.daemon.turn import Turn

KEPT: Final = 100
"""Turns kept in memory, about a kilobyte each."""


class Tally:
    """What happened since the start; loop's thread only.

    Attributes:
        stale_chunks: Chunks of responses that were talked over, thrown away.
    """

    def __init__(self) -> None:
        self.stale_chunks = 0
        self._said = self._answered = self._told = self._cancelled = 0
        self._last: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def said(self) -> int:
        """A turn begins; returns its number."""
        self._said += 1
        return self._said

    def ended(self, turn: Turn, time: float) -> dict[str, Any]:
        """A turn is over; returns what is kept of it.

        Args:
            turn: The turn, with its outcome.
            time: Now, seconds since the epoch.
        """
        lost = turn.outcome.startswith("lost")
        self._told += lost
        answered = "first_answer_audio" in turn.timeline and not lost
        self._answered += answered
        self._cancelled += not (lost or answered)
        self._last.append(
            {
                "time": time,
                "number": turn.number,
                "outcome": turn.outcome,
                "typed": turn.text is not None,
                "spoken_ms": round(turn.spoken * 1000),
                **turn.timeline.facts(),
            }
        )
        return self._last[-1]

    def turns(self, pending: int) -> dict[str, int]:
        """Counts of turns."""
        return {
            "said": self._said,
            "answered": self._answered,
            "told": self._told,
            "cancelled": self._cancelled,
            "pending": pending,
        }

    def last_turns(self) -> list[dict[str, Any]]:
        """The last turns, oldest first: number, outcome, when what happened in ms."""
        return [*self._last]

    def last_turn(self) -> dict[str, Any]:
        """The last of them, or nothing."""
        return self._last[-1] if self._last else {}

    def latency(self) -> dict[str, int | None]:
        """From release to first sound over the last turns that were heard at all."""
        every = [turn["latency_ms"] for turn in self._last]
        known = sorted(ms for ms in every if ms is not None)
        return {
            "turns": len(known),
            "p50_ms": nearest_rank(known, 50),
            "p95_ms": nearest_rank(known, 95),
        }


def nearest_rank(ordered: Sequence[int], percent: int) -> int | None:
    """The least value that so many per cent of all do not exceed; None of none."""
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[rank - 1] if ordered else None
