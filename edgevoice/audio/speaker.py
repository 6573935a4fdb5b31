"""A speaker on a sound card."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from edgevoice.audio.devices import Pull
from edgevoice.audio.names import DeviceInfo
from edgevoice.audio.pcm import DOWNLINK_HZ, frames
from edgevoice.audio.portaudio import Format
from edgevoice.audio.resample import Resampler
from edgevoice.audio.stream import Process, Stream

BLOCK: Final = 0.010
"""Duration of a block, in seconds.

Four of them lie in ALSA's buffer, so the block decides how soon an interruption is
silent. Measured at the monitor of a PulseAudio sink (card at 48 kHz, 44.1, 24): 5 ms
24, 30, 33 ms; 10 ms 34, 39, 44; 20 ms 53, 59, 64. With a thread that never lets go of
the interpreter, 5 ms run dry four to ten times as often as 10 ms, and wake the machine
twice as often while nothing is played.
"""

RATES: Final = (DOWNLINK_HZ, 48_000, 44_100, 96_000, 32_000, 16_000)
"""Rates to try, best first."""


class CardSpeaker:
    """Asks for sound, and plays it, from the moment it is opened.

    It always plays in mono: PortAudio puts a mono stream on both channels of a card
    that has no mono.
    """

    def __init__(self, wanted: str, pull: Pull, rates: Sequence[int] = RATES) -> None:
        self._pull = pull
        self._rates = rates
        self._stream = Stream(wanted, "output", self._formats, self._serve)
        self.name = self._stream.device.name
        self.rate = self._stream.hz

    @property
    def underflows(self) -> int:
        """How often the card ran dry because a block came too late."""
        return self._stream.flaws

    @property
    def last_callback(self) -> float:
        """``time.monotonic()`` of the newest pull."""
        return self._stream.last_callback

    def alive(self, now: float) -> bool:
        """Whether the card still asks; ``now`` is ``time.monotonic()``."""
        return self._stream.alive(now)

    def close(self) -> None:
        """Stop at once; waits for a second at most, even if the card hangs."""
        self._stream.close()

    def _formats(self, device: DeviceInfo) -> Iterator[Format]:
        for hz in dict.fromkeys((*self._rates, device.hz)):
            yield Format(hz, 1, frames(BLOCK, hz))

    def _serve(self, form: Format) -> Process:
        resampler = Resampler(DOWNLINK_HZ, form.hz)
        left = np.zeros(0, np.int16)

        def give(_data: bytes, count: int) -> bytes:
            # Runs in PortAudio's thread: see ``Stream``.
            nonlocal left
            if len(left) < count:
                fresh = np.zeros(resampler.needed(count - len(left)), np.int16)
                self._pull(fresh)
                left = np.concatenate([left, resampler.process(fresh)])
            out, left = left[:count], left[count:]
            return out.tobytes()

        return give
