"""What the microphone hears, from its thread to the loop: pre-roll and utterance.

The microphone's thread adds block after block (``add``); the loop takes what has
gathered. The loop is woken once a message of an utterance has gathered, not for each
block, and not at all while nobody speaks: on a Raspberry Pi the waking costs more than
the work. Who ends an utterance takes the rest, so nothing waits for a message to fill.
"""

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Final

from edgevoice.audio.pcm import BYTES_PER_FRAME, UPLINK_HZ, frames
from edgevoice.audio.utterance import CHUNK_BYTES

_ANY: Final = 1


class Capture:
    """Keeps the last moments before a press, and what is said after it.

    All but ``add`` belongs to the loop's thread; a lock held for a microsecond keeps
    the microphone's apart.

    Args:
        pre_roll: Seconds before a press that are kept; 0 keeps nothing.
        deaf: Whether what is heard outside of an utterance is our own loudspeaker; it
            is forgotten then. Asked in the microphone's thread.
        gathered: Told in the microphone's thread that there is something to take: the
            first block of an utterance, then each time a message's worth. Not again
            before it was taken.
    """

    def __init__(
        self, pre_roll: float, deaf: Callable[[], bool], gathered: Callable[[], None]
    ) -> None:
        self._pre_roll = frames(pre_roll, UPLINK_HZ) * BYTES_PER_FRAME
        self._deaf = deaf
        self._gathered = gathered
        self._lock = Lock()
        self._blocks: deque[bytes] = deque()
        self._size = 0
        self._enough: int | None = None
        """Bytes of an utterance that are worth a wake-up; None: nobody speaks, or the
        loop was told already."""
        self.recording = False
        """Whether an utterance is being recorded."""

    def add(self, block: bytes) -> None:
        """One block of 16 kHz mono PCM, any length; the microphone's thread."""
        with self._lock:
            self._blocks.append(block)
            self._size += len(block)
            enough = self._enough is not None and self._size >= self._enough
            if enough:
                self._enough = None
            elif not self.recording:
                self._forget_old()
        if enough:
            self._gathered()

    def _forget_old(self) -> None:
        if self._deaf():
            self._clear()
        while self._blocks and self._size - len(self._blocks[0]) >= self._pre_roll:
            self._size -= len(self._blocks.popleft())

    def record(self) -> bytes:
        """An utterance begins; returns what was heard just before it."""
        with self._lock:
            pcm = self._take()
            self.recording, self._enough = True, _ANY
        return pcm[-self._pre_roll :] if self._pre_roll else b""

    def take(self) -> bytes:
        """What was said since the beginning or the last time."""
        with self._lock:
            if not self.recording:
                return b""
            self._enough = CHUNK_BYTES
            return self._take()

    def end(self) -> None:
        """The utterance is over; what was not taken is forgotten."""
        with self._lock:
            self.recording, self._enough = False, None
            self._clear()

    def forget(self) -> None:
        """Forget what was heard before the press: it is old, or ourselves."""
        with self._lock:
            if not self.recording:
                self._clear()

    def _take(self) -> bytes:
        pcm = b"".join(self._blocks)
        self._clear()
        return pcm

    def _clear(self) -> None:
        self._blocks.clear()
        self._size = 0
