"""The goals, and whether they were met. Pure; limits stand here and nowhere else."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Goal:
    """A figure that must not be above a limit.

    Attributes:
        figure: What is measured.
        unit: Of value and limits; ``of A`` is a ratio to the program with the SDK.
        goal: The limit; None where only a better one is set.
        stretch: That better one, or None.
    """

    figure: str
    unit: str
    goal: float | None
    stretch: float | None = None

    def verdict(self, value: float | None) -> str:
        """``stretch``, ``met`` or ``MISSED``; None: it was not measured."""
        if value is None:
            return "not measured"
        if self.stretch is not None and value <= self.stretch:
            return "stretch"
        if self.goal is None:
            return "no stretch"
        return "met" if value <= self.goal else "MISSED"


GOALS: Final = {
    "start": Goal("process start to setup at the server", "of A", 0.35, 0.25),
    "memory": Goal("RSS, all tree, after 20 turns", "of A", 0.65, 0.55),
    "memory_all": Goal("RSS with everything on", "of A", 1.00, 0.80),
    "cpu_20": Goal("CPU per minute of talk, A at 20 ms", "of A", 0.40, 0.30),
    "cpu_64": Goal("CPU per minute of talk, A at 64 ms", "of A", 0.75, 0.50),
    "idle": Goal("CPU while waiting for a press", "s/h", 15.0, 6.0),
    "idle_card": Goal("the same on the virtual card", "s/h", 15.0, 6.0),
    "press": Goal("first press to activityStart", "of A", 0.50, 0.35),
    "release": Goal("release to activityEnd less tail, p50, less A's", "ms", 1.0),
    "release_ratio": Goal("the same, p50", "of A", None, 0.70),
    "release_99": Goal("the same, p99", "ms", 5.0),
    "sound": Goal("first answer audio in to first sample out", "ms", 5.0, 2.0),
    "silence": Goal("press to silence at the virtual card", "ms", 45.0, 25.0),
    "capture": Goal("last sample before the tail's end to wire, p50", "ms", 20.0, 5.0),
    "capture_99": Goal("the same, p99", "ms", 20.0, 5.0),
    "soak_memory": Goal("10,000 turns: RSS growth after the first 200", "MB", 1.0),
    "soak_descriptors": Goal("the same: descriptors", "", 0.0),
    "soak_threads": Goal("the same: threads", "", 0.0),
}
"""By the name under which a part of the benchmark gives the value. The goal for release
to activityEnd is 1.0 of A plus 1 ms: what is above A's may be 1 ms; its stretch, 0.7 of
A, is a row of its own. The chunk of the row of the last sample is the 20 ms that Google
recommends, whatever edgevoice sends."""
