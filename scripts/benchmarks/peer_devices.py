"""A microphone and a loudspeaker for the programs that edgevoice is compared with.

Both are WAV files, and both wait as a sound card makes a program wait that uses PyAudio
without callbacks: ``read`` until the block is there, ``write`` until there is room.
"""

import time
import wave

BUFFER_S = 0.05
"""Sound that a loudspeaker takes in before a write has to wait, seconds."""


class Microphone:
    """Reads a WAV (16 kHz, mono, 16 bit) over and over, in real time."""

    def __init__(self, path: str) -> None:
        with wave.open(path) as file:
            self._hz = file.getframerate()
            self._pcm = file.readframes(file.getnframes())
        self._at = 0
        self._due = time.monotonic()

    def read(self, frames: int) -> bytes:
        """The next block, once so much time has passed."""
        self._due += frames / self._hz
        time.sleep(max(0.0, self._due - time.monotonic()))
        block: bytes = self._pcm[self._at : self._at + 2 * frames]
        self._at += len(block)
        if len(block) < 2 * frames:
            self._at = 2 * frames - len(block)
            block += self._pcm[: self._at]
        return block


class Speaker:
    """Writes a WAV (24 kHz, mono, 16 bit) at the pace at which it would be heard."""

    def __init__(self, path: str) -> None:
        self._file = wave.open(path, "wb")  # noqa: SIM115 - open for good
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(24_000)
        self._end = 0.0
        """When all will have been heard."""

    def write(self, pcm: bytes) -> None:
        """Play this after what was written before."""
        now = time.monotonic()
        self._end = max(self._end, now) + len(pcm) / 48_000
        self._file.writeframes(pcm)
        time.sleep(max(0.0, self._end - BUFFER_S - now))
