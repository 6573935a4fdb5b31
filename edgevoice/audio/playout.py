"""The jitter buffer between the downlink and the loudspeaker.

The loop's thread writes (``push``, ``finish``, ``flush``), the sound card's thread
reads (``pull``); a lock that is held for microseconds keeps them apart.

A response starts to play when ``prefill`` seconds have gathered or it is
complete; if it runs dry (an *underrun*) it gathers ``refill`` seconds again.
Receiving never waits for playing: the buffer holds minutes. Edges are faded, so
that nothing clicks.
"""

from collections import deque
from enum import Flag
from threading import Lock
from typing import Final

import numpy as np

from edgevoice.audio.pcm import DOWNLINK_HZ, Samples, frames

PREFILL_S: Final = 0.25
"""Sound gathered before a response starts, seconds. Gaps of 150 to 180 ms inside
a response are common (livekit/agents pull request 7238)."""

REFILL_S: Final = 0.35
"""Sound gathered after an underrun, seconds."""

CAPACITY_S: Final = 300.0
"""Longest response kept, seconds; 14 MB."""

FADE_S: Final = 0.005
"""Length of a fade at an edge, seconds."""


class Heard(Flag):
    """What a block that was pulled means for the dialogue."""

    NOTHING = 0
    STARTED = 1
    """It holds the first frame of a response."""
    DRAINED = 2
    """It holds the last frame of a response."""


class Playout:
    """The sound that is still to be heard: 24 kHz mono.

    Args:
        prefill: Seconds gathered before the start.
        refill: Seconds gathered after an underrun.
        capacity: Seconds kept at the most; what does not fit is counted.
    """

    def __init__(
        self,
        prefill: float = PREFILL_S,
        refill: float = REFILL_S,
        capacity: float = CAPACITY_S,
    ) -> None:
        self._lock = Lock()
        self._queue = _Queue()
        self._gates = (frames(prefill, DOWNLINK_HZ), frames(refill, DOWNLINK_HZ))
        self._capacity = frames(capacity, DOWNLINK_HZ)
        self._state = _State()
        self._arrived: list[Samples] = []
        self._last_answer: list[Samples] = []
        self._overlay: Samples = _SILENCE
        self._gain = 1.0
        self.underruns = 0
        """Times a response ran dry since the last ``reset_counts``."""
        self.played = 0
        """Frames of responses played since then."""
        self.lost = 0
        """Frames that did not fit since then."""

    # -- the loop's side ---------------------------------------------------------

    def push(self, samples: Samples) -> None:
        """Add the next chunk of the response behind, shape ``(frames,)``."""
        with self._lock:
            # A response that has drained is over: this is the next one.
            if self._state.complete and not self._state.drain_due:
                self._begin(_State(held=self._state.held))
            room = self._capacity - len(self._queue)
            self.lost += max(0, len(samples) - room)
            fitting = samples[:room] if room < len(samples) else samples
            self._queue.push(fitting)
            self._arrived.append(fitting)

    def _begin(self, state: "_State") -> None:
        self._state = state
        self._arrived = []

    def hold(self) -> None:
        """Gather, but let nothing be heard until ``release``."""
        with self._lock:
            self._state.held = True

    def release(self) -> None:
        """Let be heard what was held."""
        with self._lock:
            self._state.held = False

    def finish(self) -> None:
        """The response is complete: play what is left, then report it drained."""
        with self._lock:
            self._state.complete = True
            self._state.drain_due = True
            # Heard or not, for want of a loudspeaker: it is the last answer.
            self._last_answer = self._arrived or self._last_answer

    def flush(self) -> None:
        """Silence: throw everything away but a fade of what is being heard."""
        with self._lock:
            fading = self._state.playing or len(self._overlay)
            length = min(len(self._queue), _FADE_FRAMES) if self._state.playing else 0
            tail = np.zeros(_FADE_FRAMES if fading else 0, np.int16)
            self._queue.read(tail[:length])
            short = self._overlay[: len(tail)]
            tail[: len(short)] += short
            self._overlay = (tail * _FADE_OUT[: len(tail)]).astype(np.int16)
            self._queue = _Queue()
            self._begin(_State())

    def repeat(self) -> bool:
        """Play the last answer again, as far as it had come; False: there is none.

        Nothing else may be playing. It is in memory only; see ``forget``.
        """
        with self._lock:
            if not self._last_answer:
                return False
            self._queue = _Queue()
            self._begin(_State())
            for samples in self._last_answer:
                self._queue.push(samples)
                self._arrived.append(samples)
            self._state.complete = self._state.drain_due = True
            return True

    def forget(self) -> None:
        """The last answer is not to be heard again."""
        with self._lock:
            self._arrived = self._last_answer = []

    def sound(self, earcon: Samples) -> None:
        """Play a short signal at once, over whatever else is heard."""
        with self._lock:
            self._overlay = earcon

    def set_volume(self, volume: int, *, muted: bool = False) -> None:
        """Set the loudness, 0 to 100; squared, since ears are logarithmic."""
        self._gain = 0.0 if muted else (volume / 100) ** 2

    def reset_counts(self) -> None:
        """Begin to count anew: a new response."""
        with self._lock:
            self.underruns = self.played = self.lost = 0

    @property
    def complete(self) -> bool:
        """Whether all of a response is here that has not been played to its end."""
        return self._state.drain_due

    @property
    def sounding(self) -> bool:
        """Whether the loudspeaker is being given sound now."""
        return self._state.playing or bool(len(self._overlay))

    @property
    def buffered(self) -> float:
        """Seconds of sound still to be heard."""
        return len(self._queue) / DOWNLINK_HZ

    # -- the sound card's side -----------------------------------------------------

    def pull(self, out: Samples) -> Heard:
        """Fill ``out`` with the next frames, then silence.

        Runs in the sound card's thread: it does not block, log or raise.

        Args:
            out: Buffer to fill, shape ``(frames,)``, 16 bit, 24 kHz.
        """
        with self._lock:
            heard = self._start_if_due()
            filled = self._play(out) if self._state.playing else 0
            out[filled:] = 0
            if self._state.drain_due and not len(self._queue) and not self._state.held:
                self._state.drain_due = self._state.playing = False
                heard |= Heard.DRAINED
            if len(self._overlay):
                self._mix(out)
        if self._gain != 1.0:
            np.multiply(out, self._gain, out=out, casting="unsafe")
        return heard

    def _start_if_due(self) -> Heard:
        state, waiting = self._state, len(self._queue)
        if state.playing or state.held or not waiting:
            return Heard.NOTHING
        if not state.complete and waiting < self._gates[state.started]:
            return Heard.NOTHING
        first = not state.started
        self._last_answer = self._arrived  # the same list: what comes later is in it
        state.playing = state.started = state.fade_in = True
        return Heard.STARTED if first else Heard.NOTHING

    def _play(self, out: Samples) -> int:
        state = self._state
        filled = self._queue.read(out)
        self.played += filled
        if state.fade_in:
            length = min(filled, _FADE_FRAMES)
            out[:length] = out[:length] * _FADE_IN[:length]
            state.fade_in = False
        if filled < len(out) or not len(self._queue):
            self._run_dry(out, filled)
        return filled

    def _run_dry(self, out: Samples, filled: int) -> None:
        if self._state.complete:
            return
        # The next block would be short, and a cut without a fade clicks.
        length = min(filled, _FADE_FRAMES)
        end = out[filled - length : filled]
        end[:] = end * _FADE_OUT[_FADE_FRAMES - length :]
        self._state.playing = False
        self.underruns += 1

    def _mix(self, out: Samples) -> None:
        now, self._overlay = self._overlay[: len(out)], self._overlay[len(out) :]
        wide = out[: len(now)].astype(np.int32) + now
        out[: len(now)] = np.clip(wide, -32768, 32767)


_SILENCE: Final = np.zeros(0, np.int16)
_FADE_FRAMES: Final = frames(FADE_S, DOWNLINK_HZ)
_FADE_IN: Final = np.linspace(0.0, 1.0, _FADE_FRAMES, endpoint=False, dtype=np.float32)
_FADE_OUT: Final = _FADE_IN[::-1]


class _State:
    """Where the present response stands."""

    __slots__ = ("complete", "drain_due", "fade_in", "held", "playing", "started")

    def __init__(self, *, held: bool = False) -> None:
        self.held = held
        self.started = False
        """Its first frame has been heard."""
        self.playing = False
        """It is being heard, not gathering."""
        self.fade_in = False
        self.complete = False
        self.drain_due = False


class _Queue:
    """Samples in order, without copying until they are read."""

    def __init__(self) -> None:
        self._parts: deque[Samples] = deque()
        self._frames = 0

    def __len__(self) -> int:
        return self._frames

    def push(self, samples: Samples) -> None:
        if len(samples):
            self._parts.append(samples)
            self._frames += len(samples)

    def read(self, out: Samples) -> int:
        """Fill ``out`` from the front; return how many frames there were."""
        filled = 0
        while self._parts and filled < len(out):
            part = self._parts[0]
            count = min(len(part), len(out) - filled)
            out[filled : filled + count] = part[:count]
            filled += count
            if count == len(part):
                self._parts.popleft()
            else:
                self._parts[0] = part[count:]
        self._frames -= filled
        return filled
