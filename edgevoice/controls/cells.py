"""Text on a terminal: what may be shown, how wide it is, where it is cut. Pure.

A *cell* is the place of one Latin letter. East Asian letters and emoji take two,
combining marks none.
"""

import unicodedata
from typing import Final

SPACES: Final = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")
"""What separates words and is not to be printed as it is."""


def clean(text: str) -> str:
    """Text from elsewhere without anything that a terminal would obey.

    Control characters (C0, DEL, C1, so escape sequences too) and overrides of the
    writing direction go; line ends and tabs become spaces.
    """
    return "".join(
        " " if char in SPACES else char
        for char in text
        if char in SPACES or _shown(char)
    )


def _shown(char: str) -> bool:
    # Of the format characters only the joiners, which emoji and scripts need.
    kind = unicodedata.category(char)
    return kind not in {"Cc", "Cf", "Cs"} or char in "\u200c\u200d"


def cells(text: str) -> int:
    """How many cells the text takes."""
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int, more: str = "") -> str:
    """The beginning of the text, at most ``width`` cells.

    Args:
        text: One line, clean.
        width: Cells.
        more: Put at the end if something was cut off, for example an ellipsis.
    """
    if cells(text) <= width:
        return text
    left = width - cells(more)
    if left < 0:
        return ""
    taken = 0
    for at, char in enumerate(text):
        taken += _cells(char)
        if taken > left:
            return text[:at] + more
    return text


def cut_front(text: str, width: int, more: str = "") -> str:
    """The end of the text, at most ``width`` cells."""
    return cut(text[::-1], width, more)[::-1]


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Break text at spaces into lines of at most ``width`` cells.

    Args:
        text: One line, clean. Its first ``len(indent)`` characters are never a place
            to break: there stands a label or an indent.
        width: Cells; at least two more than the indent takes.
        indent: Goes before each further line.

    Returns:
        At least one line. The last one keeps its spaces at the end, so that more text
        can follow it. A word that is longer than a line is broken.
    """
    lines: list[str] = []
    while cells(text) > width:
        space = cut(text, width + 1).rfind(" ", len(indent) + 1)
        end = space if space >= 0 else len(cut(text, width))
        lines.append(text[:end].rstrip(" "))
        text = indent + text[end:].lstrip(" ")
    return [*lines, text]
