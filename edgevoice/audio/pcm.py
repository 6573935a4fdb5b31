"""Formats of sound, and durations in frames and bytes.

Everything here is mono, signed 16 bit, little endian ("PCM"). A *frame* is one
sample. Durations are float seconds; settings and logs speak of milliseconds.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

UPLINK_HZ: Final = 16_000
"""Rate of what we send (Live API, "Audio formats": 16 kHz native input)."""

DOWNLINK_HZ: Final = 24_000
"""Rate of what the server sends (Live API, "Audio formats": always 24 kHz)."""

BYTES_PER_FRAME: Final = 2
"""Mono, 16 bit."""

Samples: TypeAlias = npt.NDArray[np.int16]
"""PCM as an array, shape ``(frames,)``."""


def frames(seconds: float, hz: int) -> int:
    """Number of whole frames in a duration (rounded)."""
    return round(seconds * hz)


def seconds(pcm: bytes, hz: int) -> float:
    """Duration of PCM bytes."""
    return len(pcm) / (BYTES_PER_FRAME * hz)


def to_samples(pcm: bytes) -> Samples:
    """View PCM bytes as samples without a copy; a trailing odd byte is cut."""
    return np.frombuffer(pcm, np.int16, count=len(pcm) // BYTES_PER_FRAME)


def level(samples: Samples) -> float:
    """Root mean square of full scale, 0.0 to 1.0."""
    if not len(samples):
        return 0.0
    wide = samples.astype(np.float32)
    return float(np.sqrt(np.mean(wide * wide))) / 32768.0
