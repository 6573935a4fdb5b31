"""``edgevoice run`` as systemd starts it: a process with a notify socket, for tests."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgevoice.audio.pcm import UPLINK_HZ
from edgevoice.audio.wavefile import read
from edgevoice.daemon.client import Client
from tests.evening import speech, write_wav

ROOT = Path(__file__).parent.parent
KEY = "AIzaSy-a-key-of-nobody"
TIMEOUT = 10.0
"""Longest wait for a state, seconds."""


class Program:
    """A daemon in a process of its own; every method blocks."""

    def __init__(
        self, folder: Path, process: "subprocess.Popen[str]", notify: socket.socket
    ) -> None:
        self.process = process
        self.control = folder / "control.sock"
        self.notices: list[str] = []
        """Every line that systemd was told, in order."""
        self.answer = folder / "answer.wav"
        self._stderr = folder / "stderr"
        self._notify = notify

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def until_told(self, true: Callable[[list[str]], object]) -> None:
        """Wait until systemd was told something."""
        deadline = time.monotonic() + TIMEOUT
        while not true(self.notices):
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self._notify], [], [], left)[0], self._tell()
            self.hear()

    def hear(self) -> None:
        """Take what has come by now."""
        while select.select([self._notify], [], [], 0)[0]:
            self.notices += self._notify.recv(4096).decode().splitlines()

    def is_not_fed(self, seconds: float) -> None:
        """Wait until no sign of life has come for so long; silence is what counts."""
        deadline = time.monotonic() + TIMEOUT
        while self._is_fed_within(seconds):
            assert time.monotonic() < deadline, self._tell()

    def _is_fed_within(self, seconds: float) -> bool:
        fed, end = self.notices.count("WATCHDOG=1"), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._notify], [], [], left)[0]:
                self.hear()
            if self.notices.count("WATCHDOG=1") > fed:
                return True
        return False

    def is_ready(self) -> None:
        self.until_told(lambda told: "READY=1" in told)

    def status_says(self, words: str) -> None:
        self.until_told(
            lambda told: any(t.startswith("STATUS=") and words in t for t in told)
        )

    def is_heard(self) -> None:
        """Wait until the loudspeaker has played something."""
        deadline = time.monotonic() + TIMEOUT
        while not any(read(str(self.answer))[0]):
            assert time.monotonic() < deadline, self._tell()
            time.sleep(0.01)

    def until_file(self, path: Path) -> None:
        """Wait until a file is there."""
        deadline = time.monotonic() + TIMEOUT
        while not path.exists():
            assert time.monotonic() < deadline, self._tell()
            time.sleep(0.01)

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        with Client(self.control) as client:
            return client.ask(command, **arguments)

    def end(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal; seconds until the process ended."""
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end: {self._tell()}") from None
        self.hear()
        return time.monotonic() - began

    def _tell(self) -> str:
        return f"{self.notices}\n{self.stderr}"


def settings(
    folder: Path,
    endpoint: str,
    more: str = "",
    button: str = "none",
    devices: tuple[str, str] | None = None,
) -> Path:
    """A settings file; by default for WAV devices in ``folder``."""
    if devices is None:
        question = folder / "question.wav"
        write_wav(question, speech(1.0), UPLINK_HZ)
        devices = f"file:{question}", f"file:{folder / 'answer.wav'}"
    file = folder / "edgevoice.toml"
    file.write_text(
        f'live.endpoint = "{endpoint}"\n'
        f'microphone.device = "{devices[0]}"\n'
        f'speaker.device = "{devices[1]}"\n'
        f'button.source = "{button}"\n'
        f'control.socket = "{folder / "control.sock"}"\n{more}'
    )
    return file


def environment(folder: Path, **more: str) -> dict[str, str]:
    """As little of this machine's as will do, and a key."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "COVERAGE_PROCESS_START")
        if name in os.environ
    }
    home = {
        name: str(folder) for name in ("HOME", "XDG_RUNTIME_DIR", "STATE_DIRECTORY")
    }
    return {**kept, **home, "GEMINI_API_KEY": KEY, **more}


@contextlib.contextmanager
def program(
    folder: Path,
    endpoint: str,
    more: str = "",
    *,
    button: str = "none",
    devices: tuple[str, str] | None = None,
    terminal: int = subprocess.DEVNULL,
    start: Sequence[str] = ("-m", "edgevoice"),
    environ: Mapping[str, str] | None = None,
) -> Iterator[Program]:
    """Run the daemon until the block ends; then it is killed if it still runs.

    Args:
        folder: Everything it writes goes here.
        endpoint: The server.
        more: Further settings, TOML.
        button: Its source in the settings.
        devices: Microphone and speaker in the settings; None for WAV files.
        terminal: Where it reads keys and writes, if it does.
        start: What Python runs.
        environ: Further variables.
    """
    address = str(folder / "notify")
    with contextlib.ExitStack() as stack:
        notify = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        Path(address).unlink(missing_ok=True)  # an earlier run's
        notify.bind(address)
        file = settings(folder, endpoint, more, button, devices)
        stderr = stack.enter_context((folder / "stderr").open("a"))
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, *start, "run", "--config", str(file)],
                cwd=ROOT,
                env=environment(folder, NOTIFY_SOCKET=address, **(environ or {})),
                stdin=terminal,
                stdout=terminal,
                stderr=stderr,
                text=True,
                start_new_session=True,  # as a service: no terminal controls it
            )
        )
        stack.callback(process.kill)
        yield Program(folder, process, notify)
