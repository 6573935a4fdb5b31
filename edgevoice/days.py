"""`edgevoice usage`: the days as a table, as bars of text, and as a picture. Pure."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

from edgevoice import svg

Days: TypeAlias = Mapping[str, Mapping[str, Any]]
"""By ISO date: ``turns``, ``tokens`` by kind, ``money``."""

Row: TypeAlias = tuple[date, int, int, float]
"""A day, its turns, its tokens, its money."""

BAR_CELLS: Final = 40

WIDTH: Final = 720
HEIGHT: Final = 320
LEFT: Final = 64
RIGHT: Final = 16
TOP: Final = 44
BOTTOM: Final = 40
"""Of the picture and the margins around its bars, pixels."""

MOST_LABELS: Final = 8
"""Dates below the bars."""


def rows_of(days: Days, today: date, count: int) -> list[Row]:
    """The last days up to today, oldest first, from the first on which anything was."""
    known = {date.fromisoformat(name): day for name, day in days.items()}
    span = [today - timedelta(days=back) for back in reversed(range(count))]
    first = next((at for at, day in enumerate(span) if day in known), len(span))
    return [_row(day, known.get(day, {})) for day in span[first:]]


def _row(day: date, facts: Mapping[str, Any]) -> Row:
    tokens = sum(facts.get("tokens", {}).values())
    return day, facts.get("turns", 0), tokens, facts.get("money", 0.0)


def table(rows: Sequence[Row], currency: str, note: str = "") -> str:
    """One line for each day that has a turn, and what they come to together."""
    if not rows:
        return "nothing was counted yet"
    lines = [f"{'day':<12}{'turns':>7}{'tokens':>12}{currency:>10}"]
    lines += [_line(str(row[0]), *row[1:]) for row in rows if row[1]]
    together = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
    lines.append(_line("together", *together))
    return "\n".join([*lines, note] if note else lines)


def _line(name: str, turns: float, tokens: float, money: float) -> str:
    return f"{name:<12}{turns:>7}{tokens:>12}{money:>10.3f}"


def bars(rows: Sequence[Row], currency: str, *, unicode: bool = True) -> str:
    """Money by day as bars of text."""
    most = max((row[3] for row in rows), default=0.0)
    block = "█" if unicode else "#"
    lines = []
    for day, _, _, money in rows:
        cells = math.ceil(money / most * BAR_CELLS) if most else 0
        lines.append(f"{day}  {block * cells:<{BAR_CELLS}} {money:.3f} {currency}")
    return "\n".join(lines) or "nothing was counted yet"


# -- the picture ---------------------------------------------------------------------


def picture(rows: Sequence[Row], currency: str) -> str:
    """Money by day as a picture, an SVG document."""
    most = max((row[3] for row in rows), default=0.0)
    step = svg.step(max(most, 0.001) / 4)
    top = max(1, math.ceil(round(most / step, 6))) * step
    together = sum(row[3] for row in rows)
    title = f"{together:.3f} {currency} in {len(rows)} days"
    lines = [*_grid(top, step), *_bars(rows, top), *_dates(rows)]
    return svg.document(WIDTH, HEIGHT, title, lines)


def _y(money: float, top: float) -> float:
    return HEIGHT - BOTTOM - money / top * (HEIGHT - TOP - BOTTOM)


def _grid(top: float, step: float) -> list[str]:
    lines = []
    digits = next(n for n in range(2, 12) if math.isclose(round(step, n), step))
    for number in range(round(top / step) + 1):
        y = _y(number * step, top)
        lines.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            + svg.text(LEFT - 8, y + 4, f"{number * step:.{digits}f}", anchor="end")
        )
    return lines


def _pitch(rows: Sequence[Row]) -> float:
    """From one bar to the next, pixels; a few bars do not fill the width."""
    return (WIDTH - LEFT - RIGHT) / max(len(rows), 7)


def _bars(rows: Sequence[Row], top: float) -> list[str]:
    pitch = _pitch(rows)
    lines = []
    for at, (day, turns, tokens, money) in enumerate(rows):
        x, y = LEFT + (at + 0.15) * pitch, _y(money, top)
        title = f"{day}: {money:.3f}, {turns} turns, {tokens} tokens"
        height = HEIGHT - BOTTOM - y
        lines.append(svg.rect(x, y, pitch * 0.7, height, "#2a6fb0", title))
    return lines


def _dates(rows: Sequence[Row]) -> list[str]:
    pitch, each = _pitch(rows), math.ceil(len(rows) / MOST_LABELS)
    y = HEIGHT - BOTTOM + 20
    return [
        svg.text(LEFT + (at + 0.5) * pitch, y, f"{row[0]:%d %b}", anchor="middle")
        for at, row in enumerate(rows)
        if (len(rows) - 1 - at) % each == 0
    ]
