"""The keyboard of a terminal as a talk control: space bar, and a few commands.

Owns the terminal's modes and gives them back on every way out. Ctrl-Z does nothing:
a program that holds the microphone is not to be left stopped in the background.
"""

import atexit
import contextlib
import os
import termios
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Literal

from edgevoice.controls.keydecoder import KeyDecoder
from edgevoice.controls.keyevents import Key, KeyEvent, Method
from edgevoice.controls.reader import Reader
from edgevoice.errors import DeviceError

IFLAG: Final = 0
LFLAG: Final = 3
CC: Final = 6
"""Places in the list of ``termios.tcgetattr``."""

CURE: Final = "run it in a terminal, or set button.source"


class Keyboard:
    """Reads the keyboard from construction to ``close`` (a talk control).

    The terminal is restored by ``close``, and by the interpreter's exit if nobody
    called that: after an exception, or a SIGTERM whose handler ends the program in
    an orderly way (Python's default action for SIGTERM does not).
    """

    name = "keyboard"

    def __init__(
        self,
        on_event: Callable[[KeyEvent], None],
        mode: Literal["hold", "toggle"] = "hold",
        max_hold: float = 120.0,
        fd: int = 0,
        output: int = 1,
    ) -> None:
        """Take over the terminal.

        Args:
            on_event: Takes each event, in the keyboard's thread; must return at
                once. ``Key.QUIT`` also means that the terminal is gone.
            mode: ``hold`` or ``toggle``.
            max_hold: Seconds without a stroke after which a press ends by itself.
            fd: The terminal to read from.
            output: Where the terminal takes its orders; if that is no terminal, or
                a dumb one, it is not asked for real key events.

        Raises:
            DeviceError: ``fd`` is no terminal.
        """
        try:
            self._saved = termios.tcgetattr(fd)
        except termios.error as error:
            message = f"the keyboard is no terminal here; {CURE}"
            raise DeviceError(message) from error
        self._on_event = on_event
        self._fd = fd
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        self._output = output if os.isatty(output) and not dumb else None
        self._decoder = KeyDecoder(mode, max_hold)
        self._closing = threading.Lock()  # taken for good by the first close
        atexit.register(self.close)
        termios.tcsetattr(fd, termios.TCSANOW, raw(self._saved))
        self._decoder.start()
        self._send(self._decoder.data_to_send())
        self._reader = Reader(fd, "keyboard", self._receive, self._lost, self._timeout)
        self._reader.start()

    @property
    def method(self) -> Method:
        """How press and release are told apart; a change is an event, too."""
        return self._decoder.method

    def alive(self) -> bool:
        """Whether the thread that reads it still runs."""
        return self._reader.alive()

    def close(self) -> None:
        """Give the terminal back; may be called twice, from any thread."""
        if not self._closing.acquire(blocking=False):
            return
        self._reader.close()
        self._send(self._decoder.goodbye())
        # FLUSH: late answers and releases are not to end on the shell's prompt.
        with contextlib.suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(self._fd, termios.TCSAFLUSH, self._saved)
        atexit.unregister(self.close)

    def _timeout(self) -> float | None:
        deadline = self._decoder.deadline
        return None if deadline is None else max(deadline - time.monotonic(), 0)

    def _receive(self, data: bytes) -> None:
        now = time.monotonic()
        # What was read goes first: a repeat that waited for us is still a repeat.
        events = self._decoder.receive(data, now) if data else []
        for event in (*events, *self._decoder.tick(now)):
            self._on_event(event)
        self._send(self._decoder.data_to_send())

    def _lost(self) -> None:
        self._on_event(Key.QUIT)

    def _send(self, data: bytes) -> None:
        if self._output is not None and data:
            with contextlib.suppress(OSError):  # the terminal may be gone
                os.write(self._output, data)


def raw(attributes: list[Any]) -> list[Any]:
    """Terminal attributes for single keys: no echo, no lines, no signals.

    Output stays as it is, so that a newline still returns the carriage.
    """
    changed = [*attributes]
    changed[IFLAG] &= ~(termios.IXON | termios.ICRNL | termios.INLCR | termios.IGNCR)
    changed[LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    changed[CC] = [*attributes[CC]]
    changed[CC][termios.VMIN], changed[CC][termios.VTIME] = 1, 0
    return changed
