"""The results in words: a table of goals, and one of all other figures. Pure."""

from collections.abc import Mapping, Sequence

from benchmarks.figures import Fit
from benchmarks.goals import GOALS


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with cells of the same width; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = ["-" * width for width in widths]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in (rows[0], rule, *rows[1:])
    ]


def verdicts(values: Mapping[str, float]) -> list[list[str]]:
    """A row for every goal: figure, goal, stretch, value, verdict."""
    rows = [["figure", "goal", "stretch", "value", "verdict"]]
    for name, goal in GOALS.items():
        value = values.get(name)
        limits = [_number(goal.goal), _number(goal.stretch)]
        shown = f"{_number(value)} {goal.unit}".strip()
        rows.append([goal.figure, *limits, shown, goal.verdict(value)])
    return rows


def growth(fits: Mapping[str, Fit]) -> list[list[str]]:
    """A row for every curve: what grows with what, how, and the exponent."""
    rows = [["curve", "growth", "exponent", "over the range"]]
    for name, one in fits.items():
        exponent = f"{one.exponent:.2f}" if one.verdict != "flat" else "-"
        rows.append([name, one.verdict, exponent, f"x {1 + one.growth:.3g}"])
    return rows


def figures(values: Mapping[str, float]) -> list[list[str]]:
    """A row for every other figure; its name ends with its unit."""
    return [["figure", "median"], *([k, _number(v)] for k, v in values.items())]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
