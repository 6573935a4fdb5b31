import contextlib
import os
import pty
import queue
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.controls.keyboard import Keyboard
from edgevoice.controls.keydecoder import POP, PUSH, QUERY, REPORTS_OFF, REPORTS_ON
from edgevoice.controls.keyevents import Key, KeyEvent, Method
from edgevoice.errors import DeviceError


class Terminal:
    """A real pseudo-terminal; the test plays the part of the emulator."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.shown = b""

    def type(self, data: bytes) -> None:
        os.write(self.master, data)

    def read_until(self, wanted: bytes) -> None:
        """Wait until the program has written this; forget what came before."""
        deadline = time.monotonic() + 5
        while wanted not in self.shown:
            left = deadline - time.monotonic()
            assert select.select([self.master], [], [], max(left, 0))[0], self.shown
            self.shown += os.read(self.master, 4096)
        self.shown = self.shown.partition(wanted)[2]

    def attributes(self) -> object:
        return termios.tcgetattr(self.slave)

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        for fd in {self.master, self.slave} - {-1}:
            os.close(fd)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm-256color")
    with contextlib.closing(Terminal()) as opened:
        yield opened


@contextlib.contextmanager
def keyboard(
    terminal: Terminal, max_hold: float = 120.0
) -> Iterator[tuple[Keyboard, "queue.SimpleQueue[KeyEvent]"]]:
    events: queue.SimpleQueue[KeyEvent] = queue.SimpleQueue()
    with contextlib.closing(
        Keyboard(
            events.put, max_hold=max_hold, fd=terminal.slave, output=terminal.slave
        )
    ) as opened:
        yield opened, events


def test_keys_come_one_by_one_without_echo(terminal: Terminal) -> None:
    with keyboard(terminal) as (opened, events):
        terminal.read_until(REPORTS_ON + QUERY)
        terminal.type(b"m\x03")

        assert events.get(timeout=5) is Key.MUTE
        assert events.get(timeout=5) is Key.QUIT
        assert opened.name == "keyboard"
        assert opened.method is Method.REPEAT
        assert not select.select([terminal.master], [], [], 0)[0]


def test_press_and_release_come_from_a_terminal_that_reports_them(
    terminal: Terminal,
) -> None:
    with keyboard(terminal) as (opened, events):
        terminal.read_until(QUERY)
        terminal.type(b"\x1b[?0u")
        terminal.read_until(PUSH + QUERY)
        terminal.type(b"\x1b[?31u")
        assert events.get(timeout=5) is Method.KITTY
        assert opened.method is Method.KITTY

        terminal.type(b"\x1b[32u")
        assert events.get(timeout=5) is Key.PRESS
        terminal.type(b"\x1b[32;1:3u")
        assert events.get(timeout=5) is Key.RELEASE
    terminal.read_until(POP + REPORTS_OFF)


def test_a_release_is_inferred_in_a_terminal_that_reports_none(
    terminal: Terminal,
) -> None:
    with keyboard(terminal) as (_, events):
        terminal.type(b" ")
        assert events.get(timeout=5) is Key.PRESS
        assert events.get(timeout=5) is Key.RELEASE


def test_close_restores_the_terminal_and_may_be_called_twice(
    terminal: Terminal,
) -> None:
    with keyboard(terminal) as (opened, events):
        assert terminal.attributes() != terminal.before
        opened.close()
        assert terminal.attributes() == terminal.before
        terminal.read_until(REPORTS_OFF)
        terminal.type(b"q\n")
        assert "keyboard" not in {thread.name for thread in threading.enumerate()}
        assert events.empty()


def test_what_the_terminal_sent_too_late_does_not_reach_the_shell(
    terminal: Terminal,
) -> None:
    with keyboard(terminal) as (opened, _):
        opened._reader.close()
        terminal.type(b"\x1b[?31u")
    assert not select.select([terminal.slave], [], [], 0)[0]


def test_a_terminal_that_hangs_up_means_quit(terminal: Terminal) -> None:
    with keyboard(terminal) as (_, events):
        terminal.hang_up()
        assert events.get(timeout=5) is Key.QUIT


def test_a_dumb_terminal_is_not_asked_anything(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with keyboard(terminal) as (_, events):
        terminal.type(b"q")
        assert events.get(timeout=5) is Key.QUIT
    assert not select.select([terminal.master], [], [], 0)[0]


def test_what_is_no_terminal_is_an_error_with_a_cure() -> None:
    with (
        open(os.devnull) as nothing,
        pytest.raises(DeviceError, match=r"no terminal here; .*button\.source"),
    ):
        Keyboard(print, fd=nothing.fileno())


PROGRAM = """if True:
    import signal, sys, time
    from edgevoice.controls.keyboard import Keyboard
    {before}
    keyboard = Keyboard(lambda event: None)
    {after}
"""

WAYS_OUT = {
    "a signal": (
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))",
        "time.sleep(30)",
    ),
    "an exception": ("", "time.sleep(0.2); raise KeyError"),
    "the end": ("", "time.sleep(0.2)"),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_the_terminal_is_restored_when_the_program_ends_by(
    way: str, terminal: Terminal
) -> None:
    before, after = WAYS_OUT[way]
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(before=before, after=after)],
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent,
    )
    with child:
        terminal.read_until(QUERY)
        assert terminal.attributes() != terminal.before
        terminal.type(b"\x1b[?0u")
        terminal.read_until(PUSH)
        if way == "a signal":
            child.send_signal(signal.SIGTERM)
        terminal.read_until(POP + REPORTS_OFF)
        child.wait(timeout=10)
    assert terminal.attributes() == terminal.before
