"""`edgevoice turns --svg`: where the time of each turn went, as a picture. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from edgevoice import svg
from edgevoice.moments import gates_in_words, latency_in_words, moments_in_words
from edgevoice.waterfall import (
    NONE,
    STAGES,
    Turn,
    at,
    columns,
    label,
    reach,
    remarks,
    signs,
    spans,
    wait_ends,
)

WIDTH: Final = 1180
ROW: Final = 24
TOP: Final = 84
"""Of the picture, of a row, and of what stands above the first one, pixels."""

LEFT: Final = 200
ZERO: Final = 280
RIGHT: Final = 740
"""Where the bars begin, where the release is, and where they end, pixels."""


def picture(turns: Sequence[Turn], latency: Mapping[str, Any]) -> str:
    """One row for each turn, oldest first, as an SVG document."""
    height = TOP + ROW * max(len(turns), 1) + svg.MARGIN
    lines = [*_legend()]
    if turns:
        pixel = reach(turns) / (RIGHT - ZERO)
        lines += _grid(pixel, height)
        for row, turn in enumerate(turns):
            lines += _row(turn, TOP + row * ROW, pixel)
    else:
        lines.append(svg.text(LEFT, TOP + ROW / 2, NONE))
    title = filter(None, (latency_in_words(latency), gates_in_words(turns)))
    return svg.document(WIDTH, height, "; ".join(title), lines)


def _legend() -> Iterator[str]:
    x = float(LEFT)
    for stage in STAGES.values():
        yield svg.rect(x, 38, 12, 12, stage.colour)
        yield svg.text(x + 18, 48, stage.words)
        x += 40 + 7 * len(stage.words)
    yield svg.text(x, 48, "t  first transcript")
    yield svg.text(svg.MARGIN, TOP - 8, "turn")
    yield svg.text(svg.MARGIN + 44, TOP - 8, "ended")
    yield svg.text(LEFT - 12, TOP - 8, "spoke", anchor="end")
    yield svg.text(RIGHT + 76, TOP - 8, "wait", anchor="end")


def _grid(pixel: float, height: int) -> Iterator[str]:
    step = svg.step(pixel * (RIGHT - ZERO) / 6)
    for number in range(int(pixel * (RIGHT - ZERO) / step) + 1):
        x = ZERO + number * step / pixel
        yield f'<path d="M{x:.1f} {TOP}V{height - svg.MARGIN}" stroke="#ddd"/>'
        yield svg.text(x, TOP - 8, label(number * step), anchor="middle")


def _row(turn: Turn, y: float, pixel: float) -> Iterator[str]:
    number, clock, spoke, wait = columns(turn)
    line = y + 16
    yield svg.text(svg.MARGIN, line, number)
    yield svg.text(svg.MARGIN + 44, line, clock)
    yield svg.text(LEFT - 12, line, spoke, anchor="end")
    for stage, begin, end in spans(turn):
        x, right = (_x(ms, pixel) for ms in (begin, end))
        title = f"{stage.words}: {end - begin:.0f} ms\n{moments_in_words(turn)}"
        yield svg.rect(x, y + 4, right - x, ROW - 8, stage.colour, title)
    if at(turn, wait_ends(turn)) > pixel * (RIGHT - ZERO):
        yield svg.text(RIGHT - 8, line, ">", anchor="middle", fill="#222")
    for when, sign in signs(turn):
        if LEFT < (x := _x(when, pixel)) < RIGHT:
            yield svg.text(x, line, sign, anchor="middle", fill="#222")
    yield svg.text(RIGHT + 76, line, wait, anchor="end")
    lost = turn["outcome"].startswith("lost")
    yield svg.text(RIGHT + 92, line, remarks(turn), fill="#b00020" if lost else "")


def _x(ms: float, pixel: float) -> float:
    """Where on the picture a time after the release is, or the nearer end."""
    return min(max(ZERO + ms / pixel, LEFT), RIGHT)
