"""A command at a terminal of its own, and a person who reads and types, for tests."""

import contextlib
import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence

from tests.program import ROOT

TIMEOUT = 15.0
"""Longest wait for words or for the end, seconds."""


class Dialogue:
    """What one sees of a process at its controlling terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", ours: int, its: int) -> None:
        self.process = process
        self.seen = ""
        """All that the terminal has shown."""
        self._ours, self._its = ours, its
        self._read = 0

    def sees(self, words: str) -> None:
        """Wait for words that come after those that were seen last."""
        deadline = time.monotonic() + TIMEOUT
        while (at := self.seen.find(words, self._read)) < 0:
            left = deadline - time.monotonic()
            assert left > 0, f"no {words!r} in {self.seen[self._read :]}"
            self._take(min(left, 0.05))
            assert (
                self.process.poll() is None
                or select.select([self._ours], [], [], 0)[0]
                or words in self.seen[self._read :]
            ), self.seen
        self._read = at + len(words)

    def types(self, text: str, *, end: str = "\n") -> None:
        """Type an answer."""
        os.write(self._ours, f"{text}{end}".encode())

    def answers(self, question: str, text: str = "") -> None:
        """Wait for a question, and answer it."""
        self.sees(question)
        self.types(text)

    def ends(self) -> int:
        """Wait for the end; the exit status."""
        deadline = time.monotonic() + TIMEOUT
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.seen
            self._take(0.05)
        while select.select([self._ours], [], [], 0)[0]:
            self._take(0)
        return self.process.returncode

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._its)[3] & termios.ECHO)

    def _take(self, patience: float) -> None:
        if select.select([self._ours], [], [], patience)[0]:
            self.seen += os.read(self._ours, 4096).decode().replace("\r\n", "\n")


@contextlib.contextmanager
def dialogue(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    start: Sequence[str] = ("-m", "edgevoice"),
) -> Iterator[Dialogue]:
    """Run a command of edgevoice at a terminal; killed with the end of the block."""
    ours, its = pty.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    with contextlib.ExitStack() as stack:
        stack.callback(os.close, ours)
        stack.callback(os.close, its)
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, *start, *arguments],
                cwd=ROOT,
                env={**environ, "TERM": "xterm"},
                stdin=its,
                stdout=its,
                stderr=its,
                start_new_session=True,
                # Ctrl+C is a signal from the terminal that one has as one's own.
                preexec_fn=take_terminal,
            )
        )
        stack.callback(process.kill)
        yield Dialogue(process, ours, its)
