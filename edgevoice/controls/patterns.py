"""What the lamp does for each signal: a table, and where in it a moment falls.

Pure. They must be told apart at a glance across a kitchen, by rhythm alone,
since the lamp has one colour and no brightness.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from edgevoice.controls.control import Signal

Pattern: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of (on, off) in milliseconds, repeated for ever; 0 leaves a part out."""

PATTERNS: Final[Mapping[Signal, Pattern]] = {
    Signal.IDLE: ((0, 1000),),  # off
    Signal.LISTENING: ((1000, 0),),  # steady: the microphone is being sent
    Signal.THINKING: ((500, 500),),  # slow and even
    Signal.SPEAKING: ((900, 100),),  # on, with short dark blips
    Signal.OFFLINE: ((100, 2900),),  # one short blink every 3 s
    Signal.ERROR: ((100, 100), (100, 700)),  # fast double blink
    # three blinks every 3 s
    Signal.BUDGET: ((150, 150), (150, 150), (150, 2250)),
    Signal.ASKING: ((150, 150),),  # fast and even: press to allow it
}
"""The rhythm of each signal; each starts with its first pair when it is shown."""


def lamp(pattern: Pattern, elapsed: float) -> tuple[bool, float | None]:
    """What the lamp does at a moment of a pattern.

    Args:
        pattern: One of ``PATTERNS``.
        elapsed: Seconds since the pattern began, not negative.

    Returns:
        Whether it is lit, and in how many seconds that changes (None: never).
    """
    lit_ms = sum(on for on, _ in pattern)
    period_ms = sum(on + off for on, off in pattern)
    if lit_ms in {0, period_ms}:
        return bool(lit_ms), None
    at = elapsed * 1000 % period_ms
    end = 0
    for on, off in pattern:
        for lit, length in ((True, on), (False, off)):
            end += length
            if at < end:
                return lit, (end - at) / 1000
    return False, 0.0  # only if rounding put `at` on the very end of the period
