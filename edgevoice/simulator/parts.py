"""An answer in pieces: messages of sound with their parts, words of the transcript."""

import re
from collections.abc import Iterator
from typing import Final

from edgevoice.audio.pcm import DOWNLINK_HZ
from edgevoice.simulator.behaviour import Message

PART_BYTES: Final = 1920
"""40 ms of sound: one part; a message has several, and a client must take all."""


def split(pcm: bytes, size: int) -> Iterator[bytes]:
    """The sound in pieces of so many bytes, the last as long as it is."""
    return (pcm[start : start + size] for start in range(0, len(pcm), size))


def words(text: str) -> list[str]:
    """Pieces of a transcript; each carries its own whitespace."""
    return re.findall(r"\s*\S+\s*\Z|\s*\S+", text)


def model_turn(pcm: bytes) -> Message:
    """The body of a message of sound."""
    mime = f"audio/pcm;rate={DOWNLINK_HZ}"
    return {
        "parts": [
            {"inlineData": {"mimeType": mime, "data": part}}
            for part in split(pcm, PART_BYTES)
        ]
    }
