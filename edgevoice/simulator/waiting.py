"""Turns that wait in line: what was asked for, and what the model says unasked."""

from edgevoice.simulator.turn import Turn


class Waiting:
    """What the user asked for comes before the results of calls."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []

    def __bool__(self) -> bool:
        """Whether any turn waits."""
        return bool(self._turns)

    def add(self, turn: Turn, *, first: bool = False) -> None:
        """Put a turn into the line, behind its like or before all."""
        self._turns.insert(0 if first else len(self._turns), turn)
        if not first:
            self._turns.sort(key=lambda waiting: waiting.prompt.result)

    def drop_asked(self) -> None:
        """Forget what the user asked for: something else is said instead."""
        self._turns = [turn for turn in self._turns if turn.prompt.result]

    def take(self, *, listening: bool) -> Turn | None:
        """The next turn, out of the line; None if none may begin.

        Args:
            listening: The user is speaking: nothing is said unasked.
        """
        for index, turn in enumerate(self._turns):
            if not (turn.prompt.result and listening):
                return self._turns.pop(index)
        return None
