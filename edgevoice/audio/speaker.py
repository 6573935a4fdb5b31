"""A speaker on a sound card."""

from collections.abc import Iterator, Sequence
from typing import Final

from edgevoice.audio.devices import Pull
from edgevoice.audio.names import DeviceInfo
from edgevoice.audio.pcm import DOWNLINK_HZ, frames, silence
from edgevoice.audio.portaudio import Format
from edgevoice.audio.resample import ResampledPull
from edgevoice.audio.stream import Process, Stream

BLOCK: Final = 0.010
"""Duration of a block, in seconds.

One of them and the device's low latency (9 ms) are what PortAudio makes ALSA's buffer
of, whatever number of periods it is set to, so the block decides how soon an answer
begins and, where the card is not closed for it, how soon an interruption is silent.
Measured at the monitor of a PulseAudio sink, which adds some 25 ms (15 times each;
medians): first sound after 34 ms with blocks of 5 ms, 45 with 10, 75 with 20; silence
after 40, 53 and 77 ms. Closing is silent after 15 ms with 10 and with 20. With blocks
of 5 ms, and a thread that never lets go of the interpreter, the card ran dry four to
ten times as often (before ``SWITCH_INTERVAL``).
"""

RATES: Final = (DOWNLINK_HZ, 48_000, 44_100, 96_000, 32_000, 16_000)
"""Rates to try, best first."""


class CardSpeaker:
    """Asks for sound, and plays it, from the moment it is opened.

    It always plays in mono: PortAudio puts a mono stream on both channels of a card
    that has no mono. A card that cannot do 24 kHz is converted: see ``ResampledPull``.
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

    def wake(self) -> None:
        """A card asks all the time."""

    def close(self) -> None:
        """Stop at once; waits for a second at most, even if the card hangs."""
        self._stream.close()

    def _formats(self, device: DeviceInfo) -> Iterator[Format]:
        for hz in dict.fromkeys((*self._rates, device.hz)):
            yield Format(hz, 1, frames(BLOCK, hz))

    def _serve(self, form: Format) -> Process:
        if form.hz == DOWNLINK_HZ:
            return self._give
        source = ResampledPull(self._pull, form.hz)
        return lambda _data, count: source.take(count)

    def _give(self, _data: bytes, count: int) -> bytes:
        # Runs in PortAudio's thread: see ``Stream``.
        return self._pull(count) or silence(count)
