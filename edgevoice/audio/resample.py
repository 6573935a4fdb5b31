"""Changing the rate of a stream of sound, block by block, without delay to speak of.

A polyphase filter: each output frame is the dot product of the last few input
frames with one row of a table of windowed sinc taps. It is written here because
a streaming soxr gathers 20 ms to 40 ms before it lets anything out (measured with
soxr 1.1, LQ and MQ, 24 to 48 kHz and 48 to 16 kHz), which is half of what an
interruption may take to be silent. This one holds back 1 ms to 1.5 ms, takes 20 us
to 30 us a block, and suppresses what would alias by more than 80 dB; see the tests.
"""

from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from edgevoice.audio.pcm import Samples

HALF_WIDTH: Final = 24
"""Taps on each side of a frame, counted at the lower of the two rates."""

PASSBAND: Final = 0.94
"""Where the filter is half way down, as a part of what both rates can carry."""

KAISER_BETA: Final = 8.0
"""Shape of the window: side lobes at about -80 dB."""

FINEST: Final = 1000
"""Largest denominator of the ratio: keeps the table small for odd rates.

Every usual pair of rates is exact; an odd one is off by a millionth at most.
"""

REMEMBERED: Final = 8
"""Plans kept for one stream, 100 kB to 200 kB each; usual cards need one to three."""

_Index: TypeAlias = slice | npt.NDArray[np.intp]
_Table: TypeAlias = npt.NDArray[np.float32]


class Resampler:
    """Turns PCM of one rate into PCM of another, keeping its place between blocks.

    Equal rates pass through untouched. Not for two threads at once.
    """

    def __init__(self, source_hz: int, target_hz: int) -> None:
        ratio = Fraction(target_hz, source_hz).limit_denominator(FINEST)
        ratio = ratio or Fraction(1, FINEST)
        self._up, self._down = ratio.numerator, ratio.denominator
        self._taps = _taps(self._up, self._down)
        self._past = np.zeros(self._taps.shape[1] - 1, np.float32)
        self._plans: dict[tuple[int, int], tuple[_Index, _Table, int]] = {}
        self._next = 0  # where the next output lies, in input frames times _up

    def process(self, block: Samples) -> Samples:
        """Convert one block.

        The length of the result follows from the lengths so far alone: a whole
        number of periods of the ratio gives exactly as many frames as expected.

        Args:
            block: PCM at the source rate, any length.

        Returns:
            PCM at the target rate, shape ``(frames,)``; it may be empty.
        """
        if self._up == self._down:
            return block
        sound = np.concatenate([self._past, block], dtype=np.float32)
        frame, taps, following = self._plan(len(block), self._next)
        windows = np.ndarray(
            (len(block), taps.shape[1]), np.float32, sound, strides=(4, 4)
        )
        out = np.einsum("ij,ij->i", windows[frame], taps)
        self._next, self._past = following, sound[len(block) :]
        np.rint(out, out=out)
        pcm: Samples = out.clip(-32768, 32767, out=out).astype(np.int16)
        return pcm

    def needed(self, frames: int) -> int:
        """How many input frames give at least this many (one or more) output frames."""
        return max(0, (self._next + (frames - 1) * self._down) // self._up + 1)

    def _plan(self, length: int, start: int) -> tuple[_Index, _Table, int]:
        """Which windows of a block to take, with which taps, and where to go on.

        Blocks of one length soon repeat it, so it is remembered: looking it up is
        most of the work. (A slice copies nothing, where every n-th frame is taken.)
        """
        if plan := self._plans.get((length, start)):
            return plan
        end = length * self._up
        where = np.arange(start, end, self._down)
        frame, phase = np.divmod(where, self._up)
        following = start + len(where) * self._down - end
        index = slice(start, length, self._down) if self._up == 1 else frame
        taps = self._taps if self._up == 1 else self._taps[phase]
        if len(self._plans) < REMEMBERED:
            self._plans[length, start] = index, taps, following
        return index, taps, following

    @property
    def delay(self) -> float:
        """How much later a sound comes out than it went in, in input frames."""
        return 0.0 if self._up == self._down else self._taps.shape[1] / 2


def resample(sound: Samples, source_hz: int, target_hz: int) -> Samples:
    """Convert a whole sound at once, without delay, of the length one expects."""
    converter = Resampler(source_hz, target_hz)
    converter._next = int(converter.delay * converter._up)  # skip what is not heard yet
    tail = np.zeros(int(converter.delay) + 1, np.int16)
    length = round(len(sound) * target_hz / source_hz)
    return converter.process(np.concatenate([sound, tail]))[:length]


def _taps(up: int, down: int) -> _Table:
    """The table: one row for each of ``up`` phases, oldest frame first."""
    narrow = max(1.0, down / up)  # in input frames per frame of the lower rate
    width = 2 * int(np.ceil(HALF_WIDTH * narrow))  # even: the middle is a frame
    at = np.arange(width * up) / up - width / 2
    bell = np.kaiser(width * up + 1, KAISER_BETA)[:-1]
    taps = np.sinc(at * PASSBAND / narrow) * bell
    table = taps.reshape(width, up).T[:, ::-1]
    table /= table.sum(axis=1, keepdims=True)
    return np.ascontiguousarray(table, np.float32)
