"""Numbers of numbers: medians, ratios, percentiles, and how a cost grows. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

FLAT = 0.2
"""A cost that grows by less than this part of itself over the whole range is flat."""

LINEAR = 1.15
"""Largest exponent that counts as linear: what is left for noise."""

EXPONENTS = [step / 100 for step in range(25, 301)]
"""Those that are tried."""


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the ratios of each round; both lists are in the order of rounds."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many per cent do not exceed (nearest rank)."""
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


@dataclass(frozen=True)
class Fit:
    """``constant + factor * x ** exponent``; see ``fit``."""

    constant: float
    factor: float
    exponent: float
    growth: float
    """What the fit adds over the whole range, as a part of its first value."""

    def at(self, x: float) -> float:
        return float(self.constant + self.factor * x**self.exponent)

    @property
    def verdict(self) -> str:
        """``flat``, ``linear`` or ``worse than linear``."""
        if self.growth < FLAT:
            return "flat"
        return "linear" if self.exponent <= LINEAR else "worse than linear"


def fit(points: Sequence[tuple[float, float]]) -> Fit:
    """How a cost grows: the exponent of a log-log fit once the constant is taken off.

    For each exponent the constant and the factor follow by least squares of the
    relative errors, so that small values count as much as large ones; the constant is
    never negative. The best exponent wins.

    Args:
        points: x and cost, both above 0, x rising; three or more.
    """
    return min(
        (_with_exponent(points, exponent) for exponent in EXPONENTS),
        key=lambda one: sum((one.at(x) / y - 1) ** 2 for x, y in points),
    )


def _with_exponent(points: Sequence[tuple[float, float]], exponent: float) -> Fit:
    rows = [(1 / y, x**exponent / y) for x, y in points]
    aa, ab = sum(a * a for a, _ in rows), sum(a * b for a, b in rows)
    bb, a1, b1 = sum(b * b for _, b in rows), *map(sum, zip(*rows, strict=True))
    scale = aa * bb - ab * ab
    constant, factor = (a1 * bb - b1 * ab) / scale, (aa * b1 - ab * a1) / scale
    if constant < 0:
        constant, factor = 0.0, b1 / bb
    if factor < 0:
        constant, factor = a1 / aa, 0.0
    first, last = (factor * x**exponent for x in (points[0][0], points[-1][0]))
    return Fit(constant, factor, exponent, (last - first) / (constant + first))
