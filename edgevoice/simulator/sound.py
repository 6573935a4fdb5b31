"""The sounds that the simulated model makes: an echo, and a speech-like murmur."""

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

from edgevoice.audio.pcm import DOWNLINK_HZ, frames
from edgevoice.audio.samples import to_samples

_SYLLABLE: Final = 0.16
"""Seconds for one word's syllable of the murmur."""
_LONGEST: Final = 15.0
"""Seconds after which the murmur breaks off."""
_LOUDNESS: Final = 0.1
"""Peak of the murmur, of full scale: soft beside a voice."""


def echo(pcm: bytes, hz: int) -> bytes:
    """The same sound at 24 kHz, unchanged in level and length.

    Args:
        pcm: 16 bit mono at ``hz``.
        hz: Its rate.
    """
    if hz == DOWNLINK_HZ:
        return pcm
    import soxr  # lazily: only echoes need it

    return bytes(soxr.resample(to_samples(pcm), hz, DOWNLINK_HZ).tobytes())


def murmur(text: str) -> bytes:
    """A soft tone pattern, one syllable for three letters, the same for the same text.

    Returns:
        16 bit mono PCM, 24 kHz; at most 15 s, and empty for an empty text.
    """
    syllables = [_syllable(text[i : i + 3]) for i in range(0, len(text), 3)]
    sound = np.concatenate([np.zeros(0), *syllables[: int(_LONGEST / _SYLLABLE)]])
    return bytes((sound * _LOUDNESS * 32767).astype("<i2").tobytes())


def _syllable(letters: str) -> npt.NDArray[np.float64]:
    """A vowel-like sound whose pitch and colour come from the letters."""
    seed = zlib.crc32(letters.encode())
    pitch = 110 + seed % 120
    t = np.arange(frames(_SYLLABLE, DOWNLINK_HZ)) / DOWNLINK_HZ
    voice = sum(
        np.sin(2 * np.pi * pitch * k * t) / (k + (seed >> k) % 3) for k in range(1, 6)
    )
    sound = voice * np.sin(np.pi * t / _SYLLABLE) ** 2
    return np.asarray(sound / np.max(np.abs(sound)))
