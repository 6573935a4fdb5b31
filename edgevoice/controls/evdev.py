"""Any input device that reports press and release: pedal, remote, gpio-key.

Reads the kernel's ``struct input_event`` from the device file; there is nothing to
install. Works without a desktop and under every desktop, and turns a button on the
header into the same thing with ``dtoverlay=gpio-key,...``.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from typing import Final

from edgevoice.controls.control import OnEdge
from edgevoice.controls.reader import Reader
from edgevoice.errors import DeviceError

EVENT: Final = struct.Struct("@llHHi")
"""``struct input_event`` of <linux/input.h>: two longs of time, type, code, value."""

EV_SYN: Final = 0
EV_KEY: Final = 1
SYN_DROPPED: Final = 3
"""The kernel's buffer ran over: events are missing, perhaps a release."""

UP: Final = 0
DOWN: Final = 1
"""Values of an EV_KEY event; 2 is auto-repeat."""

EVIOCGRAB: Final = 0x40044590
"""``_IOW('E', 0x90, int)``: no one else sees the device, so a pedal does not type."""

CURES: Final = {
    FileNotFoundError: "it is not plugged in; `ls /dev/input/by-id` lists what is",
    PermissionError: "no permission; add the user to the group input",
}


def open_device(path: str) -> int:
    """Open an input device for us alone.

    Returns:
        A descriptor to read events from.

    Raises:
        DeviceError: It is not there, not allowed, taken, or no input device.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        cure = CURES.get(type(error), error.strerror)
        raise DeviceError(f"cannot open {path}: {cure}") from error
    try:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
    except OSError as error:
        os.close(fd)
        cure = (
            "another program has grabbed it; stop that one"
            if error.errno == errno.EBUSY
            else "it is no input device; choose one of /dev/input/by-id"
        )
        raise DeviceError(f"cannot use {path}: {cure}") from error
    return fd


class EvdevButton:
    """Every key of one input device is the talk button (a talk control).

    The first key down is the press, the last key up the release. All callbacks come
    from the device's own thread. A key that is down when the device is opened means
    nothing until it is pressed again.
    """

    def __init__(
        self,
        path: str,
        on_press: OnEdge,
        on_release: OnEdge,
        on_lost: OnEdge,
        opener: Callable[[str], int] = open_device,
    ) -> None:
        """Open the device and listen.

        Args:
            path: ``/dev/input/by-id/...``, which stays the same over reboots.
            on_press: The button went down.
            on_release: The button came up, also when it was lost while down.
            on_lost: The device is gone (unplugged); close this object and open a
                new one when it is back. Called at most once.
            opener: Gives the descriptor to read from.

        Raises:
            DeviceError: It cannot be opened; the text says the cure.
        """
        self.name = f"evdev:{path}"
        self._on_press = on_press
        self._on_release = on_release
        self._on_lost = on_lost
        self._rest = b""
        self._down: set[int] = set()
        self._file = os.fdopen(opener(path), "rb", buffering=0)
        self._reader = Reader(self._file.fileno(), "evdev", self._receive, self._lost)
        self._reader.start()

    def alive(self) -> bool:
        """Whether the thread that reads it still runs."""
        return self._reader.alive()

    def close(self) -> None:
        """Let go of the device (this ends the grab); may be called twice."""
        self._reader.close()
        self._file.close()

    def _receive(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            self._event(kind, code, value)

    def _event(self, kind: int, code: int, value: int) -> None:
        if (kind, code) == (EV_SYN, SYN_DROPPED):
            self._let_go()
        elif kind == EV_KEY and value == DOWN:
            first = not self._down
            self._down.add(code)
            if first:
                self._on_press()
        elif kind == EV_KEY and value == UP and code in self._down:
            self._down.remove(code)
            if not self._down:
                self._on_release()

    def _let_go(self) -> None:
        if self._down:
            self._down.clear()
            self._on_release()

    def _lost(self) -> None:
        self._let_go()
        self._on_lost()
