"""A thread that reads a file descriptor and can be stopped at any moment.

Shared by the keyboard and by evdev devices. It decides nothing.
"""

import os
import select
import threading
from collections.abc import Callable
from typing import Final

READ_BYTES: Final = 4096
"""At most this much in one read; a multiple of evdev's 16 and 24 byte events."""


def _never() -> float | None:
    return None


class Reader:
    """Reads ``fd`` in a thread of its own from ``start`` to ``close``.

    The descriptor belongs to the caller, who closes it after ``close``.
    """

    def __init__(
        self,
        fd: int,
        name: str,
        on_data: Callable[[bytes], None],
        on_lost: Callable[[], None],
        timeout: Callable[[], float | None] = _never,
    ) -> None:
        """Prepare; nothing is called before ``start``.

        Args:
            fd: What to read: a terminal, a device or a pipe.
            name: Name of the thread.
            on_data: Takes what was read, or ``b""`` when ``timeout`` ran out.
            on_lost: Called once, at the end of the file or an error (unplugged,
                hung up); nothing is called after it.
            timeout: Asked before each wait: seconds, or None to wait for ever.
        """
        self._fd = fd
        self._on_data = on_data
        self._on_lost = on_lost
        self._timeout = timeout
        # Closing the write end wakes the thread; it closes the read end itself.
        self._wake, self._waker = os.pipe()
        self._closing = threading.Lock()  # taken for good by the first close
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to read; once."""
        self._thread.start()

    def alive(self) -> bool:
        """Whether the thread runs; not before ``start``, nor once it is over."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop reading; may be called twice, from any thread.

        From another thread it returns when the last callback has returned.
        """
        if self._closing.acquire(blocking=False):
            os.close(self._waker)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            # A callback may have closed us, and the descriptor after that.
            while not self._closing.locked() and self._read():
                pass
        finally:
            os.close(self._wake)

    def _read(self) -> bool:
        """Wait once and hand on what came; False when it is over."""
        # select, not poll: on macOS poll refuses terminals.
        ready, _, _ = select.select([self._fd, self._wake], [], [], self._timeout())
        if self._wake in ready:
            return False
        if not ready:
            self._on_data(b"")
            return True
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:  # ENODEV: unplugged; EIO: the terminal hung up
            data = b""
        (self._on_data(data) if data else self._on_lost())
        return bool(data)
