"""A tone for the speaker, and whether a microphone has heard it.

Pure. Speech and noise are loud at many pitches at once; a tone is loud at one. So it
counts as heard if its pitch is much louder than before it, and than its neighbours.
"""

import math
from typing import Final

import numpy as np

from edgevoice.audio.earcons import LOUDNESS
from edgevoice.audio.pcm import BYTES_PER_FRAME, DOWNLINK_HZ, frames
from edgevoice.audio.samples import Samples, to_samples
from edgevoice.doctor.level import dbfs

HZ: Final = 1175.0
"""Any small speaker plays it, and no harmonic of the mains is near."""

LENGTH_S: Final = 0.8

HEARD_DB: Final = 10.0
"""Rise over before, and over the neighbours, from which a tone was heard."""

WINDOW_S: Final = 0.2
"""Sound that is looked at at a time, seconds: it tells pitches 10 Hz apart."""

NEIGHBOURS: Final = (0.85, 0.9, 0.95, 1.05, 1.1, 1.15)
"""Pitches that a tone leaves alone, as factors of its own."""

_EDGE_S: Final = 0.02
"""It swells and fades for so long, so as not to click."""


def tone(volume: int) -> Samples:
    """The tone, 24 kHz mono, as loud as a signal sound is at this volume (0 to 100)."""
    count = frames(LENGTH_S, DOWNLINK_HZ)
    edge = np.minimum(1.0, np.arange(count) / frames(_EDGE_S, DOWNLINK_HZ))
    gain = LOUDNESS * (volume / 100) ** 2  # as Playout.set_volume
    wave = np.sin(2 * np.pi * HZ * np.arange(count) / DOWNLINK_HZ)
    return (wave * edge * edge[::-1] * gain * 32767).astype(np.int16)


def rise(before: Samples, during: Samples, hz: int) -> float:
    """How far the tone stood out, in dB: the lesser of over before and neighbours.

    Args:
        before: What the microphone heard before it, mono, at ``hz``.
        during: What it heard from then on; the tone may come late in it.
        hz: The rate.
    """
    loudest, around = max(
        ((goertzel(part, HZ, hz), part) for part in _windows(during, hz)),
        key=lambda pair: pair[0],
        default=(-100.0, during),
    )
    earlier = max((goertzel(p, HZ, hz) for p in _windows(before, hz)), default=-100.0)
    beside = max(goertzel(around, HZ * factor, hz) for factor in NEIGHBOURS)
    # A digital silence before must not make the faintest noise a tone.
    return loudest - max(earlier, beside, _FLOOR)


def goertzel(sound: Samples, pitch: float, hz: int) -> float:
    """Level of one pitch in a sound, dBFS of a sine's RMS; -100 for silence."""
    if not len(sound):
        return -100.0
    # Goertzel's sum, written out: numpy does it faster than his recursion.
    turns = np.exp(-2j * np.pi * pitch * np.arange(len(sound)) / hz)
    window = np.hanning(len(sound))
    amplitude = 2 * abs(np.dot(sound * window, turns)) / float(window.sum())
    return dbfs(amplitude / math.sqrt(2) / 32768)


def _windows(sound: Samples, hz: int) -> list[Samples]:
    size, hop = frames(WINDOW_S, hz), frames(WINDOW_S / 4, hz)
    return [sound[at : at + size] for at in range(0, len(sound) - size + 1, hop)]


_FLOOR: Final = -90.0
"""One unit of 16 bit."""


class Tape:
    """Plays a sound from its beginning when it is let go; a ``Pull``.

    Called in the speaker's thread; ``play`` from any.
    """

    def __init__(self, sound: Samples) -> None:
        self._pcm, self._at, self._plays = sound.tobytes(), 0, False

    def play(self) -> None:
        """Let it go with the next pull."""
        self._plays = True

    def __call__(self, count: int) -> bytes:
        """The next frames; nothing before it is let go, and after its end."""
        size = count * BYTES_PER_FRAME
        if not self._plays or self._at >= len(self._pcm):
            return b""
        part = self._pcm[self._at : self._at + size]
        self._at += size
        return part.ljust(size, b"\0")


class Tin:
    """Keeps what a microphone gives; an ``OnBlock``.

    Called in the microphone's thread; ``take`` from any.
    """

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def __call__(self, block: bytes) -> None:
        """Keep a block."""
        self._blocks.append(block)

    def take(self) -> Samples:
        """What has come since the last time, 16 kHz mono."""
        blocks, self._blocks = self._blocks, []
        return to_samples(b"".join(blocks))
