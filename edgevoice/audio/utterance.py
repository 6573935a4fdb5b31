"""What the user said in one press: 16 kHz mono PCM, the loop's thread only.

It is kept until a response to it has begun, so that a new link can send it again from
its start; whoever sends keeps a cursor of their own (bytes sent so far).
"""

from typing import Final

from edgevoice.audio.pcm import BYTES_PER_FRAME, UPLINK_HZ, frames

CHUNK_S: Final = 0.1
"""Size of a message's audio, seconds.

Google recommends 20 to 40 ms ("Best practices"), so that its own detection of speech
hears of a pause soon. Here the button says when speech ends, the rest is sent at that
moment whatever its length, and a message costs the same whether it is short or long.
"""

CHUNK_BYTES: Final = frames(CHUNK_S, UPLINK_HZ) * BYTES_PER_FRAME

LONGEST_S: Final = 300.0
"""Longest utterance kept, seconds; 9.6 MB. What comes later is cut off."""


class Utterance:
    """What the user said in one press.

    Attributes:
        closed: No more sound will be added.
    """

    def __init__(self, pre_roll: bytes = b"") -> None:
        self.closed = False
        self._pcm = bytearray(pre_roll)

    def __len__(self) -> int:
        """Bytes recorded so far."""
        return len(self._pcm)

    @property
    def duration(self) -> float:
        """Seconds recorded so far."""
        return len(self._pcm) / (BYTES_PER_FRAME * UPLINK_HZ)

    def add(self, block: bytes) -> None:
        """Add one block behind; ignored when closed or at ``LONGEST_S``."""
        if not self.closed and self.duration < LONGEST_S:
            self._pcm += block

    def reopen(self) -> None:
        """The user goes on before it could be sent."""
        self.closed = False

    def chunk(self, cursor: int) -> bytes:
        """The next piece to send from ``cursor`` on, or nothing yet.

        Whole chunks of ``CHUNK_BYTES`` while it is being recorded; once closed,
        also the rest.
        """
        end = min(cursor + CHUNK_BYTES, len(self._pcm))
        if end - cursor < CHUNK_BYTES and not self.closed:
            return b""
        return bytes(self._pcm[cursor:end])

    def ready(self, cursor: int) -> bool:
        """Whether there is something to do at ``cursor``: a chunk, or the end."""
        return self.closed or len(self._pcm) - cursor >= CHUNK_BYTES

    def sent_whole(self, cursor: int) -> bool:
        """Whether everything up to the end has been sent."""
        return self.closed and cursor >= len(self._pcm)
