"""Formats of sound, durations in frames and bytes, and what is reckoned with sound.

Everything here is mono, signed 16 bit, little endian ("PCM"), as ``bytes``. A *frame*
is one sample. Durations are float seconds; settings and logs speak of milliseconds.

The reckoning is ``audioop``'s: in C, and 0.25 MB where numpy takes 14 MB and a tenth of
a second of each start. It left the standard library with Python 3.13; from there on it
is the package audioop-lts.
"""

import warnings
from array import array
from functools import lru_cache
from typing import Final

with warnings.catch_warnings():  # that it leaves the standard library is known
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

UPLINK_HZ: Final = 16_000
"""Rate of what we send (Live API, "Audio formats": 16 kHz native input)."""

DOWNLINK_HZ: Final = 24_000
"""Rate of what the server sends (Live API, "Audio formats": always 24 kHz)."""

BYTES_PER_FRAME: Final = 2
"""Mono, 16 bit."""


def frames(seconds: float, hz: int) -> int:
    """Number of whole frames in a duration (rounded)."""
    return round(seconds * hz)


def seconds(pcm: bytes, hz: int) -> float:
    """Duration of PCM bytes."""
    return len(pcm) / (BYTES_PER_FRAME * hz)


@lru_cache(maxsize=8)
def silence(count: int) -> bytes:
    """So many frames of silence: the same object each time, for a block's length."""
    return bytes(count * BYTES_PER_FRAME)


def level(pcm: bytes) -> float:
    """Root mean square of full scale, 0.0 to 1.0."""
    return audioop.rms(pcm, BYTES_PER_FRAME) / 32768.0


def scale(pcm: bytes, factor: float) -> bytes:
    """A sound louder or softer; what is too loud is clipped."""
    return audioop.mul(pcm, BYTES_PER_FRAME, factor)


def mix(pcm: bytes, other: bytes) -> bytes:
    """A sound with another, no longer one, over its beginning; clipped too."""
    return audioop.add(pcm, other.ljust(len(pcm), b"\0"), BYTES_PER_FRAME)


def fade_in(pcm: bytes, length: int) -> bytes:
    """A sound that swells during its first ``length`` frames."""
    count = min(length, len(pcm) // BYTES_PER_FRAME)
    edge = array("h", pcm[: count * BYTES_PER_FRAME])
    for at in range(count):
        edge[at] = edge[at] * at // length
    return edge.tobytes() + pcm[count * BYTES_PER_FRAME :]


def fade_out(pcm: bytes, length: int) -> bytes:
    """A sound that fades to nothing during its last ``length`` frames."""
    count = min(length, len(pcm) // BYTES_PER_FRAME)
    begin = len(pcm) - count * BYTES_PER_FRAME
    edge = array("h", pcm[begin:])
    for at in range(count):
        edge[at] = edge[at] * (count - 1 - at) // length
    return pcm[:begin] + edge.tobytes()


def mean(pcm: bytes, channels: int) -> bytes:
    """The mean of interleaved channels, mono."""
    if channels == 1:
        return pcm
    if channels == 2:
        return audioop.tomono(pcm, BYTES_PER_FRAME, 0.5, 0.5)
    wide = array("i", audioop.lin2lin(pcm, BYTES_PER_FRAME, 4))  # 16 bits of fraction
    mono = bytes(len(wide) // channels * 4)
    for channel in range(channels):
        share = audioop.mul(wide[channel::channels], 4, 1 / channels)
        mono = audioop.add(mono, share, 4)
    return audioop.lin2lin(mono, 4, BYTES_PER_FRAME)
