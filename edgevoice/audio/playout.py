"""The jitter buffer between the downlink and the loudspeaker.

The loop's thread writes (``push``, ``finish``, ``flush``), the sound card's thread
reads (``pull``); a lock that is held for microseconds keeps them apart.

A response starts to play when enough has gathered (see ``StartGate``) or it is
complete; if it runs dry (an *underrun*) it gathers again, somewhat more. Receiving
never waits for playing: the buffer holds minutes. Edges are faded, so that nothing
clicks.
"""

from collections.abc import Callable
from enum import Flag
from threading import Lock
from typing import Final

from edgevoice.audio.pcm import (
    BYTES_PER_FRAME,
    DOWNLINK_HZ,
    fade_in,
    fade_out,
    frames,
    mix,
    scale,
    seconds,
    silence,
)
from edgevoice.audio.pcmqueue import PcmQueue
from edgevoice.audio.startgate import StartGate

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
        capacity: Seconds kept at the most; what does not fit is counted.
        gate: Says how much is gathered before a start.
        wake: Called by whoever writes, after there was nothing to pull and now there
            is; at times for nothing. It must not block.
    """

    def __init__(
        self,
        capacity: float = CAPACITY_S,
        gate: StartGate | None = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._lock = Lock()
        self._queue = PcmQueue()
        self._gate = gate or StartGate()
        self._wake = wake
        self._capacity = _size(capacity)
        self._state = _State()
        self._arrived: list[bytes] = []
        self._last_answer: list[bytes] = []
        self._overlay = PcmQueue()
        self._gain = 1.0
        self.prefill = self._gate.prefill
        """Seconds of sound with which the present response starts, or started."""
        self.underruns = 0
        """Times a response ran dry since the last ``reset_counts``."""
        self.played = 0
        """Frames of responses played since then."""
        self.lost = 0
        """Frames that did not fit since then."""

    # -- the loop's side ---------------------------------------------------------

    def push(self, pcm: bytes, now: float) -> None:
        """Add the next chunk of the response behind; a trailing odd byte is cut.

        Args:
            pcm: The chunk.
            now: When it came; any steady clock, seconds.
        """
        with self._lock:
            # A response that has drained is over: this is the next one.
            if self._state.complete and not self._state.drain_due:
                self._begin(_State(held=self._state.held))
            if not self._arrived:
                self.prefill = self._gate.prefill
            self._gate.arrived(seconds(pcm, DOWNLINK_HZ), now)
            whole = len(pcm) - len(pcm) % BYTES_PER_FRAME
            room = self._capacity - len(self._queue)
            self.lost += max(0, whole - room) // BYTES_PER_FRAME
            fitting = pcm[: min(whole, room)]
            self._queue.push(fitting)
            self._arrived.append(fitting)
        self._wake_if_due()

    def _begin(self, state: "_State") -> None:
        self._gate.ended()
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
        self._wake_if_due()

    def finish(self) -> None:
        """The response is complete: play what is left, then report it drained."""
        with self._lock:
            self._gate.ended()
            self._state.complete = True
            self._state.drain_due = True
            # Heard or not, for want of a loudspeaker: it is the last answer.
            self._last_answer = self._arrived or self._last_answer
        self._wake_if_due()

    def flush(self) -> None:
        """Silence: throw everything away but a fade of what is being heard."""
        with self._lock:
            tail = self._queue.read(_FADE_SIZE) if self._state.playing else b""
            if tail or len(self._overlay):
                tail = tail.ljust(_FADE_SIZE, b"\0")
                tail = mix(tail, self._overlay.read(_FADE_SIZE))
                tail = fade_out(tail, _FADE_FRAMES)
            self._overlay = PcmQueue(tail)
            self._queue = PcmQueue()
            self._begin(_State())

    def repeat(self) -> bool:
        """Play the last answer again, as far as it had come; False: there is none.

        Nothing else may be playing. It is in memory only; see ``forget``.
        """
        with self._lock:
            if not self._last_answer:
                return False
            self._queue = PcmQueue()
            self._begin(_State())
            for chunk in self._last_answer:
                self._queue.push(chunk)
                self._arrived.append(chunk)
            self._state.complete = self._state.drain_due = True
        self._wake_if_due()
        return True

    def forget(self) -> None:
        """The last answer is not to be heard again."""
        with self._lock:
            self._arrived = self._last_answer = []

    def sound(self, earcon: bytes) -> None:
        """Play a short signal at once, over whatever else is heard."""
        with self._lock:
            self._overlay = PcmQueue(earcon)
        self._wake_if_due()

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
        return len(self._queue) / (BYTES_PER_FRAME * DOWNLINK_HZ)

    def _wake_if_due(self) -> None:
        # While it plays, the speaker asks by itself.
        if not self._state.playing and (
            len(self._overlay) or self._may_start() or self._drained()
        ):
            self._wake()

    # -- the sound card's side -----------------------------------------------------

    def pull(self, count: int) -> tuple[bytes, Heard]:
        """The next sound, and what it means for the dialogue.

        Runs in the sound card's thread: it does not block, log or raise.

        Args:
            count: How many frames, 24 kHz.

        Returns:
            So many frames, with silence behind the last; or nothing at all, while there
            is nothing to be heard. Then ``wake`` is called when there is again.
        """
        with self._lock:
            heard = self._start_if_due()
            pcm = self._play(count) if self._state.playing else b""
            if self._drained():
                self._state.drain_due = self._state.playing = False
                heard |= Heard.DRAINED
            if len(self._overlay):
                pcm = pcm or silence(count)
                pcm = mix(pcm, self._overlay.read(len(pcm)))
        if pcm and self._gain != 1.0:
            pcm = scale(pcm, self._gain)
        return pcm, heard

    def _drained(self) -> bool:
        state = self._state
        return state.drain_due and not state.held and not len(self._queue)

    def _may_start(self) -> bool:
        state, waiting = self._state, len(self._queue)
        if state.playing or state.held or not waiting:
            return False
        if state.complete:
            return True
        return waiting >= _size(self._gate.refill if state.started else self.prefill)

    def _start_if_due(self) -> Heard:
        if not self._may_start():
            return Heard.NOTHING
        state = self._state
        first = not state.started
        self._last_answer = self._arrived  # the same list: what comes later is in it
        state.playing = state.started = state.fade_in = True
        return Heard.STARTED if first else Heard.NOTHING

    def _play(self, count: int) -> bytes:
        state, size = self._state, count * BYTES_PER_FRAME
        pcm = self._queue.read(size)
        self.played += len(pcm) // BYTES_PER_FRAME
        if state.fade_in:
            pcm = fade_in(pcm, _FADE_FRAMES)
            state.fade_in = False
        if not len(self._queue) and not state.complete:
            # The next block would be short, and a cut without a fade clicks.
            pcm = fade_out(pcm, _FADE_FRAMES)
            state.playing = False
            self.underruns += 1
        return pcm if len(pcm) == size else pcm.ljust(size, b"\0")


def _size(seconds: float) -> int:
    return frames(seconds, DOWNLINK_HZ) * BYTES_PER_FRAME


_FADE_FRAMES: Final = frames(FADE_S, DOWNLINK_HZ)
_FADE_SIZE: Final = _size(FADE_S)


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
