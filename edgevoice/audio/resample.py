"""Changing the rate of sound: soxr, for cards that cannot do 16 kHz or 24 kHz.

It and numpy, which it needs, are imported when first needed, so a card that can is
served without them.

Measured with soxr 1.1, quality LQ, which is what a stream gets here: 4 us a block.
Down to 16 kHz it is 0.3 dB down at 6 kHz, 3 dB at 6.5 kHz, and what would alias (from
8 kHz on) is 88 dB down. Up from 24 kHz it is 0.3 dB down at 9 kHz, 5 dB at 10 kHz; the
images above 12 kHz are 70 dB down or more. It adds no shift in time, but it gathers
sound and releases it in lumps: what it holds back is at most

* 48 kHz to 16 kHz: 20 ms; 44.1 kHz: 22 ms; 32 kHz: 31 ms; 96 kHz: 20 ms;
* 24 kHz to 48 kHz: 20 ms; to 44.1 kHz: 1 ms; to 96 kHz and 32 kHz: 10 ms.

Its 16 bit output is dithered: digital silence becomes noise of one unit.
"""

from collections.abc import Callable
from typing import Final

from edgevoice.audio.devices import Pull
from edgevoice.audio.pcm import BYTES_PER_FRAME, DOWNLINK_HZ, frames, silence

QUALITY: Final = "LQ"
"""The quality of soxr that a stream gets."""

PIECE: Final = 0.005
"""How much is pulled at a time, in seconds.

It is added to what an interruption has to wait for, so it is shorter than a block.
"""

LONG_SILENCE: Final = 12
"""Silent pieces (60 ms) after which soxr holds no sound any more: 35 ms were measured.

Then silence is handed out without asking soxr, since most of the day is silent.
"""


class Resampler:
    """Turns PCM of one rate into PCM of another, keeping its place between blocks.

    Equal rates pass through untouched. Not for two threads at once.
    """

    def __init__(self, source_hz: int, target_hz: int) -> None:
        self._rates = source_hz, target_hz
        self.reset()

    def process(self, block: bytes) -> bytes:
        """Convert one block.

        Args:
            block: PCM at the source rate, any length.

        Returns:
            What is ready at the target rate: often nothing, or more than the block
            lasts, but on the whole as much as came in.
        """
        return self._convert(block) if self._convert else block

    def reset(self) -> None:
        """Forget what came before; takes 10 us."""
        self._convert = _converter(*self._rates)


class ResampledPull:
    """Hands out at another rate what a pull gives; always as much as is asked for.

    It pulls no sooner than it must: to fill a block it asks as often as that takes,
    which is up to 25 ms ahead of what it has handed out (48 kHz).

    Args:
        pull: Where the sound comes from, 24 kHz.
        hz: Rate at which to hand it out.
    """

    def __init__(self, pull: Pull, hz: int) -> None:
        self._pull = pull
        self._resampler = Resampler(DOWNLINK_HZ, hz)
        self._silence = silence(frames(PIECE, hz))
        self._left = b""
        self._silent = LONG_SILENCE + 1  # pieces in a row

    def take(self, count: int) -> bytes:
        """The next frames, just so many; takes 6 us and a pull for each 5 ms."""
        size = count * BYTES_PER_FRAME
        while len(self._left) < size:
            self._left += self._next()
        out, self._left = self._left[:size], self._left[size:]
        return out

    def _next(self) -> bytes:
        quiet = silence(frames(PIECE, DOWNLINK_HZ))
        piece = self._pull(frames(PIECE, DOWNLINK_HZ)) or quiet
        silent = 0 if piece != quiet else self._silent + 1
        if self._silent > LONG_SILENCE >= silent:
            self._resampler.reset()  # else 20 ms of old silence come first
        self._silent = silent
        if silent > LONG_SILENCE:
            return self._silence
        return self._resampler.process(piece)


def resample(sound: bytes, source_hz: int, target_hz: int) -> bytes:
    """Convert a whole sound at once, in soxr's best usual quality (HQ)."""
    if source_hz == target_hz:
        return sound
    import soxr

    from edgevoice.audio.samples import to_samples

    return bytes(soxr.resample(to_samples(sound), source_hz, target_hz).tobytes())


def _converter(source_hz: int, target_hz: int) -> Callable[[bytes], bytes] | None:
    """What converts block after block, or None where nothing is to be done.

    All is imported here: a card's callback must not wait for an import.
    """
    if source_hz == target_hz:
        return None
    import soxr

    from edgevoice.audio.samples import to_samples

    stream = soxr.ResampleStream(source_hz, target_hz, 1, "int16", QUALITY)
    return lambda block: bytes(stream.resample_chunk(to_samples(block)).tobytes())
