"""One running sound card: what a microphone and a speaker have in common."""

import ctypes
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from edgevoice.audio.devices import STALLED
from edgevoice.audio.names import KIND, DeviceInfo, Direction
from edgevoice.audio.portaudio import ABORT, CONTINUE, FLAWS, Format, library
from edgevoice.errors import DeviceError

FIRST_BLOCK_TIMEOUTS: Final = (1.0, 3.0)
"""Seconds within which an open device must run, by attempt.

What is opened while its sound server starts may never run; opened once more it does.
Bluetooth takes more than one second, and has that long at the second attempt.
"""

SWITCH_INTERVAL: Final = 0.001
"""Seconds after which a busy thread has to let a callback have the interpreter.

Python's own 5 ms are half a block of the speaker. With a thread that never rests the
card ran dry 119 times in 20 s, with 1 ms not once (medians of 3). It costs nothing
while no two threads want to run.
"""

CLOSE_TIMEOUT: Final = 1.0
"""Seconds that a caller of ``close`` waits at most; closing takes 10 ms to 40 ms."""

LASTING_S: Final = 10.0
"""A microphone that is open for longer, in seconds, stays open for weeks, not for one
press; its thread's state is kept, see ``_keep_thread_state``."""

MOST_KEPT: Final = 16
"""States kept at the most, of 16 kB each: cards come and go."""

Process = Callable[[bytes, int], bytes | None]
"""Takes what was recorded (empty for a speaker) and a number of frames.

Returns as many frames for a speaker, None for a microphone. It runs in PortAudio's
thread: it must not wait, log or raise.
"""


class Stream:
    """One running device.

    Attributes:
        device: Which it is.
        hz: Rate at which it runs.
        flaws: How often the card was not served in time.
        last_callback: ``time.monotonic()`` of the newest callback.
    """

    device: DeviceInfo
    hz: int

    def __init__(
        self,
        wanted: str,
        direction: Direction,
        formats: Callable[[DeviceInfo], Iterable[Format]],
        prepare: Callable[[Format], Process],
    ) -> None:
        """Open a device and wait for its first callback.

        Should it fail, then it is tried once more with a fresh list of devices: cards
        come and go. For this other streams may end: see ``Library.refresh_for``.

        Args:
            wanted: What the settings say.
            direction: Whether to record or to play.
            formats: In which formats to try a device, best first.
            prepare: Makes what serves a format; called before each try.

        Raises:
            DeviceError: There is no such device, it will not open, or not run.
        """
        sys.setswitchinterval(SWITCH_INTERVAL)
        self.flaws = 0
        self.last_callback = 0.0
        lasts = direction == "input"  # a speaker is closed when it is quiet
        self._keep_at = time.monotonic() + LASTING_S if lasts else float("inf")
        self._running = threading.Event()
        self._closed = False
        for timeout in FIRST_BLOCK_TIMEOUTS:
            try:
                self._raw = self._open(wanted, direction, formats, prepare)
            except DeviceError:
                if not library.refresh_for(wanted, direction):
                    raise
                self._raw = self._open(wanted, direction, formats, prepare)
            if self._running.wait(timeout):
                return
            library.close(self._raw, CLOSE_TIMEOUT)
        self._closed = True
        raise DeviceError(
            f"{KIND[direction]} {self.device.name!r} was opened but does not run;"
            " plug it in again, or restart the sound server"
        )

    def alive(self, now: float) -> bool:
        """Whether blocks come; ``now`` is ``time.monotonic()``."""
        return library.running(self._raw) and now - self.last_callback < STALLED

    def close(self, timeout: float = CLOSE_TIMEOUT) -> None:
        """Stop at once and drop what is not heard yet; takes no longer than this."""
        if self._closed:
            return
        self._closed = True
        library.close(self._raw, timeout)

    def _open(
        self,
        wanted: str,
        direction: Direction,
        formats: Callable[[DeviceInfo], Iterable[Format]],
        prepare: Callable[[Format], Process],
    ) -> Any:
        def tries() -> Iterator[Format]:
            for form in formats(self.device):
                self.hz, self._process = form.hz, prepare(form)
                yield form

        self.device = library.find(wanted, direction)
        self._running = running = threading.Event()
        callback = partial(self._callback, running)
        return library.open(self.device, direction, tries(), callback)

    def _callback(
        self,
        running: threading.Event,
        data: bytes | None,
        frames: int,
        _times: Mapping[str, float],
        status: int,
    ) -> tuple[bytes | None, int]:
        # Runs in PortAudio's thread. No logging, no waiting, no exceptions: an
        # exception ends the stream, and so does a block that is too short.
        if self._closed or running is not self._running:  # given up before it ran
            return None, ABORT
        self.last_callback = time.monotonic()
        if status & FLAWS:
            self.flaws += 1
        if self.last_callback >= self._keep_at:
            self._keep_at = float("inf")
            _keep_thread_state()
        out = self._process(data or b"", frames)
        if not running.is_set():
            running.set()
        return out, CONTINUE


_kept: Final = itertools.count(1)


def _keep_thread_state() -> None:
    """Let the calling thread keep what Python has made for it; for PortAudio's.

    Python makes a thread state, with a stack of 16 kB, for each call that comes from a
    thread that is not its own, and throws it away: that was a third of what the thread
    of a microphone at rest cost. This is the ``PyGILState_Ensure`` of the C API without
    its ``Release``, so what was made stays until the process ends, also when the thread
    has ended before.
    """
    if next(_kept) <= MOST_KEPT:
        ctypes.pythonapi.PyGILState_Ensure()
