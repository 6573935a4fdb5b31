"""Counts for ``status``: turns, latencies."""

from typing import Any

from edgevoice.daemon.turn import Turn


class Tally:
    """What happened since the start; loop's thread only.

    Attributes:
        stale_chunks: Chunks of responses that were talked over, thrown away.
    """

    def __init__(self) -> None:
        self.stale_chunks = 0
        self._said = self._answered = self._told = self._cancelled = 0
        self._last: Turn | None = None
        self._underruns = 0

    def said(self) -> int:
        """A turn begins; returns its number."""
        self._said += 1
        return self._said

    def ended(self, turn: Turn, underruns: int) -> None:
        """A turn is over."""
        self._last, self._underruns = turn, underruns
        lost = turn.outcome.startswith("lost")
        self._told += lost
        answered = "first_answer_audio" in turn.marks() and not lost
        self._answered += answered
        self._cancelled += not (lost or answered)

    def turns(self, pending: int) -> dict[str, int]:
        """Counts of turns."""
        return {
            "said": self._said,
            "answered": self._answered,
            "told": self._told,
            "cancelled": self._cancelled,
            "pending": pending,
        }

    def last_turn(self) -> dict[str, Any]:
        """The last turn: number, outcome, when what happened in ms."""
        turn = self._last
        if turn is None:
            return {}
        return {
            "number": turn.number,
            "outcome": turn.outcome,
            "spoken_ms": round(turn.spoken * 1000),
            "latency_ms": turn.latency_ms,
            "underruns": self._underruns,
            **turn.timeline(),
        }
