"""What the pictures of edgevoice share: plain SVG files of our own, no library.

One that draws would take longer to install on a Pi than edgevoice itself.
"""

import html
import math
from collections.abc import Iterable
from typing import Final

MARGIN: Final = 16
"""Of every picture, pixels."""


def document(width: int, height: int, title: str, lines: Iterable[str]) -> str:
    """A picture on white ground: its title, then what the lines draw.

    Args:
        width: Pixels.
        height: Pixels.
        title: Plain text, above all else.
        lines: SVG elements.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" fill="#444">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        text(MARGIN, 24, title, size=16, fill="#222"),
        *lines,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def text(
    x: float, y: float, words: str, *, anchor: str = "", size: int = 0, fill: str = ""
) -> str:
    """Words at a place.

    Args:
        x: Pixels; of their begin, unless ``anchor`` says ``middle`` or ``end``.
        y: Of the line on which they stand, pixels.
        words: Plain text.
        anchor: See ``x``.
        size: Other than that of the picture.
        fill: Colour, other than that of the picture.
    """
    more = {"text-anchor": anchor, "font-size": size, "fill": fill}
    names = "".join(f' {name}="{value}"' for name, value in more.items() if value)
    return f'<text x="{x:.1f}" y="{y:.1f}"{names}>{html.escape(words)}</text>'


def rect(
    x: float, y: float, width: float, height: float, fill: str, title: str = ""
) -> str:
    """A bar; the title is shown to whoever points at it."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    inner = f"<title>{html.escape(title)}</title>" if title else ""
    return f'<rect {place} fill="{fill}">{inner}</rect>'


def step(least: float) -> float:
    """A round distance between two lines: 1, 2, 2.5 or 5 times a power of ten.

    Args:
        least: It is no less than this; above 0.
    """
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(n * power for n in (1, 2, 2.5, 5, 10) if n * power >= least)
