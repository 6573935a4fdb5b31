"""Pictures that the client shows: what kind, how large, as their headers tell."""

import struct
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_JPEG_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of the segments that hold a JPEG's size: SOF0 to SOF15 (T.81, B.1.1.3)."""


class Picture(Struct, frozen=True):
    """A picture as it was sent.

    Attributes:
        kind: ``JPEG`` or ``PNG``.
        width: In pixels.
        height: In pixels.
        size: In bytes.
    """

    kind: str
    width: int
    height: int
    size: int


def look(mime: str, data: bytes) -> Picture:
    """Read the header of a picture.

    Raises:
        ValueError: It is neither a JPEG nor a PNG, or not of this MIME type.
    """
    try:
        if mime == "image/png" and data.startswith(_PNG):
            width, height = struct.unpack_from(">II", data, 16)
            return Picture("PNG", width, height, len(data))
        if mime == "image/jpeg" and data.startswith(_JPEG):
            width, height = _jpeg_size(data)
            return Picture("JPEG", width, height, len(data))
    except struct.error:
        raise ValueError("the picture breaks off in its header") from None
    raise ValueError(
        "this is no picture of its MIME type; send image/jpeg or image/png"
    )


def describe(pictures: Iterable[Picture]) -> str:
    """What the model says about what it was shown; empty if that is nothing."""
    seen = [
        f"I see a {p.kind} of {p.width} x {p.height} pixels, {p.size / 1000:.1f} kB."
        for p in pictures
    ]
    return " ".join(seen)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height.

    Raises:
        struct.error: The data end before its size is told.
    """
    at = 2
    while True:
        marker, length = struct.unpack_from(">xBH", data, at)
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + length
