"""A microphone on a sound card."""

from collections.abc import Iterator, Sequence
from typing import Final

from edgevoice.audio.devices import OnBlock
from edgevoice.audio.names import DeviceInfo
from edgevoice.audio.pcm import UPLINK_HZ, frames, mean
from edgevoice.audio.portaudio import Format
from edgevoice.audio.resample import Resampler
from edgevoice.audio.stream import Process, Stream

BLOCK: Final = 0.040
"""Duration of a block, in seconds.

A block wakes the machine, day and night. Behind PulseAudio (process CPU, s per hour,
medians of 3): blocks of 20 ms 42, of 40 ms 26, of 100 ms 13; since the thread's state
is kept (``stream.py``), of 40 ms 15 to 17. Up to one block of the tail is not there
when an utterance ends, so it is much shorter than that.
"""

RATES: Final = (UPLINK_HZ, 48_000, 44_100, 32_000, 96_000)
"""Rates to try, best first; many USB microphones have only the second or third."""


class CardMicrophone:
    """Delivers sound from the moment it is opened.

    A card with just two channels is recorded in both, and their mean is taken: a
    microphone on the header (I2S) fills only one, and a wire decides which. Of any
    other card PortAudio gives the first channel.

    A card that cannot do 16 kHz is converted: its blocks come up to 22 ms later and are
    no longer all of one length.
    """

    def __init__(
        self, wanted: str, on_block: OnBlock, rates: Sequence[int] = RATES
    ) -> None:
        self._on_block = on_block
        self._rates = rates
        self._stream = Stream(wanted, "input", self._formats, self._serve)
        self.name = self._stream.device.name
        self.rate = self._stream.hz

    @property
    def overflows(self) -> int:
        """How often the card had to drop sound because it was not read in time."""
        return self._stream.flaws

    @property
    def last_callback(self) -> float:
        """``time.monotonic()`` of the newest block."""
        return self._stream.last_callback

    def alive(self, now: float) -> bool:
        """Whether blocks still come; ``now`` is ``time.monotonic()``."""
        return self._stream.alive(now)

    def rewind(self) -> None:
        """A card has no beginning."""

    def flush(self) -> None:
        """What is heard comes with the next block, 40 ms later at most."""

    def hurry(self) -> None:
        """A card has its own pace."""

    def close(self) -> None:
        """Stop; waits for a second at most, even if the card hangs."""
        self._stream.close()

    def _formats(self, device: DeviceInfo) -> Iterator[Format]:
        channels = 2 if device.inputs == 2 else 1
        for hz in dict.fromkeys((*self._rates, device.hz)):
            yield Format(hz, channels, frames(BLOCK, hz))

    def _serve(self, form: Format) -> Process:
        resampler = Resampler(form.hz, UPLINK_HZ)

        def take(data: bytes, _frames: int) -> None:
            # Runs in PortAudio's thread: see ``Stream``.
            block = resampler.process(mean(data, form.channels))
            if block:
                self._on_block(block)

        return take
