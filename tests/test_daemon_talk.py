"""`edgevoice talk` in a real terminal, as a person sees it."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

from tests.program import KEY, ROOT, environment, settings

NOWHERE = "ws://127.0.0.1:1"
COLUMNS, ROWS = 80, 24


class Terminal:
    """A terminal emulator with a person before it."""

    def __init__(self) -> None:
        self.ours, self.its = pty.openpty()
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(self.its, termios.TIOCSWINSZ, size)
        self.before = termios.tcgetattr(self.its)
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def until(self, true: Callable[[list[str]], object], hold: str = "") -> None:
        """Wait until the screen shows something; ``hold`` a key down meanwhile."""
        deadline = time.monotonic() + 10
        while not true(self.lines()):
            assert time.monotonic() < deadline, "\n".join(self.lines())
            if hold:
                self.type(hold)
            if select.select([self.ours], [], [], 0.03)[0]:
                self._stream.feed(os.read(self.ours, 4096))

    def shows(self, text: str) -> None:
        self.until(lambda lines: any(text in line for line in lines))

    def hold_space(self, seconds: float) -> None:
        """Keys repeat while they are held; how long is what is tested."""
        end = time.monotonic() + seconds
        self.until(lambda _: time.monotonic() > end, hold=" ")

    def wait(self, process: "subprocess.Popen[str]") -> None:
        """Wait for the end, and see what is written until then."""
        self.until(lambda _: process.poll() is not None)
        while select.select([self.ours], [], [], 0)[0]:
            self._stream.feed(os.read(self.ours, 4096))

    def close(self) -> None:
        os.close(self.ours)
        os.close(self.its)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with contextlib.closing(Terminal()) as opened:
        yield opened


Talk = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def talk(terminal: Terminal, tmp_path: Path) -> Iterator[Talk]:
    """Starts ``edgevoice talk`` in the terminal."""
    with contextlib.ExitStack() as stack:

        def start(
            *options: str, more: str = "", **environ: str
        ) -> "subprocess.Popen[str]":
            file = settings(tmp_path, NOWHERE, more)
            arguments = ("talk", "--config", str(file), *options)
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "edgevoice", *arguments],
                    cwd=ROOT,
                    env=environment(tmp_path, TERM="xterm-256color", **environ),
                    stdin=terminal.its,
                    stdout=terminal.its,
                    stderr=terminal.its,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return process

        yield start


def assert_left_as_it_was(terminal: Terminal) -> None:
    assert termios.tcgetattr(terminal.its) == terminal.before
    assert not terminal.screen.cursor.hidden
    text = "\n".join(terminal.lines())
    for word in ("ready", "offline", "speaking", "Traceback", "Exception"):
        assert word not in text  # the status line is gone, and nothing broke


def test_a_whole_evening_at_a_terminal(terminal: Terminal, talk: Talk) -> None:
    process = talk("--simulate")
    terminal.shows("ready  hold SPACE (auto-repeat)  link up  vol 80")
    assert termios.tcgetattr(terminal.its) != terminal.before

    terminal.until(lambda lines: "listening" in lines[-1], hold=" ")
    terminal.hold_space(0.6)
    terminal.shows("voice: ")
    terminal.shows("ready  ")

    terminal.type("/good evening")
    terminal.until(lambda lines: "good evening" in lines[-1])
    terminal.type("\r")
    terminal.shows("  you: good evening")
    terminal.until(lambda lines: sum("voice: " in line for line in lines) == 2)

    terminal.type("q")
    terminal.wait(process)
    assert process.returncode == 0
    assert_left_as_it_was(terminal)
    assert sum("voice: " in line for line in terminal.lines()) == 2  # captions stay


DOOR = """
[[tools]]
name = "door"
description = "Opens a door."
command = ["touch", "{path}"]
parameters = { path = "string" }
confirm = "press"
"""


@pytest.mark.parametrize(("key", "opens"), [("y", True), ("n", False), ("s", False)])
def test_what_the_model_wants_to_do_is_allowed_with_a_key(
    key: str, opens: bool, terminal: Terminal, talk: Talk, tmp_path: Path
) -> None:
    process = talk("--simulate", more=DOOR)
    terminal.shows("link up")

    terminal.type(f'/call door {{"path": "{tmp_path}/open"}}\r')
    terminal.shows(" tool: door")
    terminal.shows("allow it? y or n")
    assert not (tmp_path / "open").exists()
    terminal.type(key)
    said = "door: allowed" if opens else "door: failed: the person did not allow it"
    terminal.shows(f" tool: {said}")
    terminal.shows("ready  ")
    assert "a new conversation" not in terminal.lines()

    terminal.type("q")
    terminal.wait(process)
    assert process.returncode == 0
    assert (tmp_path / "open").exists() is opens


def test_ctrl_c_at_the_keyboard_ends_it(terminal: Terminal, talk: Talk) -> None:
    process = talk()
    terminal.shows("Connection refused")

    terminal.type("\x03")
    terminal.wait(process)

    assert process.returncode == 0
    assert_left_as_it_was(terminal)
    assert KEY not in "\n".join(terminal.lines())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_restores_the_terminal(
    number: signal.Signals, terminal: Terminal, talk: Talk
) -> None:
    process = talk("--simulate")
    terminal.shows("link up")

    process.send_signal(number)
    terminal.wait(process)

    assert process.returncode == 0
    assert_left_as_it_was(terminal)


def test_warnings_scroll_by_above_the_status_line(
    terminal: Terminal, talk: Talk
) -> None:
    talk()
    terminal.shows("link 1: cannot connect: Connection refused")

    terminal.until(lambda lines: "offline" in lines[-1])
    assert len([line for line in terminal.lines() if "offline" in line]) == 1


def test_without_a_key_one_line_says_so_and_the_simulator_answers(
    terminal: Terminal, talk: Talk
) -> None:
    process = talk(GEMINI_API_KEY="")
    terminal.shows("link up")

    told = [line for line in terminal.lines() if "no API key" in line]
    assert len(told) == 1
    assert told[0].startswith("edgevoice: no API key: set GEMINI_API_KEY")
    terminal.type("q")
    terminal.wait(process)
    assert process.returncode == 0


def test_where_there_is_no_terminal_one_line_says_so(tmp_path: Path) -> None:
    file = settings(tmp_path, NOWHERE)
    done = subprocess.run(
        [sys.executable, "-m", "edgevoice", "talk", "--config", str(file)],
        cwd=ROOT,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("edgevoice: the keyboard is no terminal here; run it in a")
    assert done.stdout == ""
    assert not (tmp_path / "control.sock").exists()
