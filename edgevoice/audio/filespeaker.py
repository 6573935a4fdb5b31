"""A speaker that is a WAV file, whole at any moment, at the pace of a real one.

For tests, demonstrations and machines without a sound card.
"""

import contextlib
import errno
import os
import struct
import threading
import time
from typing import Final

from edgevoice.audio.devices import STALLED, Pull
from edgevoice.audio.pcm import BYTES_PER_FRAME, DOWNLINK_HZ, frames, seconds, silence
from edgevoice.errors import DeviceError

BLOCK: Final = 0.020
"""Duration of a block, in seconds."""

LATE: Final = 0.2
"""Seconds of delay that are caught up with; after more, the pace begins anew."""

LONGEST_SILENCE: Final = 0.5
"""Seconds of digital silence that are written; the rest is left out."""

_LONGEST_SILENCE: Final = frames(LONGEST_SILENCE, DOWNLINK_HZ)
_PCM: Final = 1
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_LARGEST: Final = 0xFFFF_FFFF - _HEADER.size  # sizes in a WAV have 32 bits


class FileSpeaker:
    """Writes all it pulls into a WAV file: 24 kHz, mono, 16 bit.

    The file begins anew, and is a whole WAV at any moment. Silence is written as long
    as a pause in speech may be (0.5 s); what goes beyond is left out, since a day of it
    would be four gigabytes. So the file begins with the first sound.

    While there is nothing to pull its thread sleeps. What it is woken for is in the
    file at once, behind a pause that is as long as it was.

    Args:
        path: The file.
        pull: Called in a thread of its own for 20 ms a time.

    Raises:
        DeviceError: The file cannot be written.

    Attributes:
        underflows: How often this machine was too slow for the pace.
        last_callback: ``time.monotonic()`` of the newest pull, or of the waking before.
    """

    rate = DOWNLINK_HZ

    def __init__(self, path: str, pull: Pull) -> None:
        self.name = f"file:{path}"
        self.underflows = 0
        self.last_callback = time.monotonic()
        self._woken = threading.Event()
        self._resting = self._closed = False
        self._thread = threading.Thread(
            target=self._run, args=(_Wav(path), pull), name="file speaker", daemon=True
        )
        self._thread.start()

    def alive(self, now: float) -> bool:
        """Whether it pulls, or rests; ``now`` is ``time.monotonic()``."""
        if self._closed or not self._thread.is_alive():
            return False
        return self._resting or now - self.last_callback < STALLED

    def wake(self) -> None:
        """There is something to be heard again."""
        self._woken.set()

    def close(self) -> None:
        """Stop; the file stays."""
        self._closed = True
        self._woken.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self, wav: "_Wav", pull: Pull) -> None:
        due = time.monotonic()
        with contextlib.closing(wav), contextlib.suppress(OSError):
            # A file that takes no more ends it, as a card ends that is unplugged.
            while not self._closed:
                due = self._step(wav, pull, due)

    def _step(self, wav: "_Wav", pull: Pull, due: float) -> float:
        """Play a block, or rest until there is one; when the next is due."""
        self._woken.clear()  # before the look: what comes after it wakes
        if self._closed:  # its waking may have been cleared
            return due
        self.last_callback = now = time.monotonic()
        if now - due > LATE:
            self.underflows += 1
            due = now
        block = pull(frames(BLOCK, DOWNLINK_HZ))
        if not block:
            return self._rest(wav, due)
        wav.add(block)
        due += seconds(block, DOWNLINK_HZ)
        time.sleep(max(0.0, due - time.monotonic()))
        return due

    def _rest(self, wav: "_Wav", since: float) -> float:
        """Sleep until woken; when that was."""
        self._resting = True
        silent_at = since + wav.silence_left
        if not self._woken.wait(max(0.0, silent_at - time.monotonic())):
            wav.add_silence(LONGEST_SILENCE)
            self._woken.wait()
        self.last_callback = now = time.monotonic()
        self._resting = False
        wav.add_silence(now - since)
        return now


class _Wav:
    """A WAV file that grows; silence beyond ``LONGEST_SILENCE`` is left out of it.

    Raises:
        DeviceError: It cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._silent = _LONGEST_SILENCE
        """Frames of silence at its end; at its beginning none is wanted."""
        self._size = 0
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            self._write(b"")
        except OSError as error:
            os.close(self._file)
            raise _unwritable(path, error) from error

    @property
    def silence_left(self) -> float:
        """Seconds of silence that may still be added."""
        return (_LONGEST_SILENCE - self._silent) / DOWNLINK_HZ

    def add(self, block: bytes) -> None:
        """Write a block; raises OSError."""
        if block == silence(len(block) // BYTES_PER_FRAME):
            self.add_silence(seconds(block, DOWNLINK_HZ))
        else:
            self._silent = 0
            self._write(block)

    def add_silence(self, length: float) -> None:
        """Write so many seconds of silence, or what may still be added."""
        count = min(frames(length, DOWNLINK_HZ), _LONGEST_SILENCE - self._silent)
        if count > 0:
            self._silent += count
            self._write(bytes(count * BYTES_PER_FRAME))

    def close(self) -> None:
        """The file stays."""
        os.close(self._file)

    def _write(self, pcm: bytes) -> None:
        # First the sound, then the header that counts it: whoever reads in between,
        # or after a crash, finds a whole WAV that lacks the last block.
        if self._size + len(pcm) > _LARGEST:
            return
        written = os.pwrite(self._file, pcm, _HEADER.size + self._size)
        self._size += written - written % BYTES_PER_FRAME
        os.pwrite(self._file, header(self._size, DOWNLINK_HZ), 0)
        if written < len(pcm):
            raise OSError(errno.ENOSPC, "the disk is full")


def header(size: int, hz: int) -> bytes:
    """Header of a mono 16 bit WAV with this many bytes of sound."""
    parts = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, _PCM, 1, hz, 2 * hz, 2, 16)
    return _HEADER.pack(*parts, b"data", size)


def _unwritable(path: str, error: OSError) -> DeviceError:
    reason = error.strerror or "unwritable"
    return DeviceError(f"cannot write {path!r}: {reason}; give a path of your own")
