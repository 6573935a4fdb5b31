"""A microphone that is a WAV file, at the pace of a real one; any 16 bit PCM WAV.

For tests, demonstrations and machines without a sound card.
"""

import shlex
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edgevoice.audio.devices import STALLED, OnBlock
from edgevoice.audio.pcm import BYTES_PER_FRAME, UPLINK_HZ, frames, mean
from edgevoice.audio.resample import resample
from edgevoice.errors import DeviceError

BLOCK: Final = 0.020
"""Duration of a block, in seconds."""

HEARD_EVERY: Final = 0.1
"""Seconds after which a FileMicrophone hands over what it heard, unless asked before.

To wake up every 20 ms, as a card does, costs more than all else while it waits.
"""

LATE: Final = 0.2
"""Seconds of delay that are caught up with; after more, blocks are lost."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class FileMicrophone:
    """Delivers a WAV file after each ``rewind``; before it and after its end, silence.

    Args:
        path: The file; of more than one channel the mean is taken.
        on_block: Called in a thread of its own with 100 ms a time, and by ``flush``.

    Raises:
        DeviceError: The file cannot be read, or is no 16 bit PCM WAV.
    """

    def __init__(self, path: str, on_block: OnBlock) -> None:
        self.name = f"file:{path}"
        sound, self.rate = read(path)
        self._pcm = resample(sound, self.rate, UPLINK_HZ)
        self._at = len(self._pcm)
        self._lock = threading.Lock()
        self._on_block = on_block
        self._until = time.monotonic()
        self._pace = _Pace(self.flush)

    @property
    def overflows(self) -> int:
        """How often blocks were lost because this machine was too slow."""
        return self._pace.misses

    @property
    def last_callback(self) -> float:
        """``time.monotonic()`` of the newest block."""
        return self._pace.last

    def alive(self, now: float) -> bool:
        """Whether blocks still come; ``now`` is ``time.monotonic()``."""
        return self._pace.alive(now)

    def rewind(self) -> None:
        """Start from the beginning now; what was heard until now is forgotten."""
        with self._lock:
            self._until = time.monotonic()
            self._at = 0

    def flush(self) -> None:
        """Hand over what was heard until now, silence before and after the file."""
        with self._lock:
            self._hand_over()

    def hurry(self) -> None:
        """Hand over a block of 20 ms once it has come, before it is due."""
        self._pace.hurry()

    def _hand_over(self) -> None:
        now = time.monotonic()
        self._until = max(self._until, now - HEARD_EVERY - LATE)
        due = frames(now - self._until, UPLINK_HZ)
        self._until += due / UPLINK_HZ
        size = due * BYTES_PER_FRAME
        block = self._pcm[self._at : self._at + size]
        self._at += len(block)
        if size:
            self._on_block(block.ljust(size, b"\0"))

    def close(self) -> None:
        """Stop."""
        self._pace.close()


class _Pace:
    """Calls a step every ``HEARD_EVERY`` in a thread of its own, without drift.

    Attributes:
        last: ``time.monotonic()`` of the newest step.
        misses: How often it was so late that it gave up catching up.
    """

    def __init__(self, step: Callable[[], None]) -> None:
        self.last = time.monotonic()
        self.misses = 0
        self._step = step
        self._closed = False
        self._called = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="file microphone", daemon=True
        )
        self._thread.start()

    def alive(self, now: float) -> bool:
        return not self._closed and now - self.last < STALLED

    def hurry(self) -> None:
        """The next step comes a block from now, and the others after that one."""
        self._called.set()

    def close(self) -> None:
        """Stop and wait for the last step."""
        self._closed = True
        self._called.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            hurry = self._called.wait(max(0.0, due - time.monotonic()))
            if self._closed:
                return
            if hurry:
                self._called.clear()
                due = time.monotonic() + BLOCK
                continue
            self.last = time.monotonic()
            self._step()
            due += HEARD_EVERY
            if time.monotonic() - due > LATE:
                self.misses += 1
                due = time.monotonic()


def read(path: str) -> tuple[bytes, int]:
    """Read a 16 bit PCM WAV.

    Returns:
        The mean of its channels, and its rate in Hz.

    Raises:
        DeviceError: It cannot be read, or is something else; says how to convert it.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise DeviceError(f"cannot read {path!r}: {reason}; give a WAV file") from error
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise _unfit(path, "no WAV file")
    form, sound, length = _chunks(content)
    if len(form) < 16:
        raise _unfit(path, "a WAV file without a format")
    kind, channels, hz, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")  # first field of the sub-format
    if kind != _PCM or bits != 16:
        raise _unfit(path, f"{bits} bit {_kind(kind)}")
    if not channels or not hz:
        raise _unfit(path, f"{channels} channels at {hz} Hz")
    if len(sound) < length or len(sound) % (channels * BYTES_PER_FRAME):
        raise _unfit(path, "cut short", "--ignore-length ")
    return mean(sound, channels), hz


def _chunks(content: bytes) -> tuple[bytes, bytes, int]:
    """The format, the sound that is there, and how much there should be."""
    form, at = b"", 12
    while at + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        chunk = content[at + 8 : at + 8 + length]
        if name == b"data":
            return form, chunk, length
        form = chunk if name == b"fmt " else form
        at += 8 + length + length % 2  # chunks begin at even places
    return form, b"", 1


def _kind(kind: int) -> str:
    names = {
        _PCM: "PCM",
        _FLOAT: "float",
        2: "ADPCM",
        6: "A-law",
        7: "u-law",
        85: "MP3",
    }
    return names.get(kind, f"format {kind:#x}")


def _unfit(path: str, what: str, option: str = "") -> DeviceError:
    return DeviceError(
        f"{path!r} is {what}, not a 16 bit PCM WAV;"
        f" convert it: sox {option}{shlex.quote(path)} -b 16 -e signed-integer good.wav"
    )
