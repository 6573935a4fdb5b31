"""The programs that are compared: each a process with a button and its own server."""

import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from benchmarks.server import PATIENCE_S, Server

HERE: Final = Path(__file__).parent
KEPT: Final = ("PATH", "LD_LIBRARY_PATH")
"""Variables that a program gets of ours."""
JOURNAL: Final = {"JOURNAL_STREAM": "stderr"}
"""Given to a program, makes it believe that its stderr is the journal's."""
STEP_S: Final = 0.005
"""How often what cannot be waited for is looked at, seconds."""


class Program(ABC):
    """A process that talks to a server; it is started by its making.

    Args:
        folder: Its own; ``question.wav`` is in it.
        server: Whom it talks to.
        environ: Variables beyond those of every program.
        command: What runs.

    Attributes:
        began: ``time.monotonic()`` just before the process was made.
    """

    def __init__(
        self,
        folder: Path,
        server: Server,
        environ: Mapping[str, str],
        command: list[str],
    ) -> None:
        self.folder, self.server = folder, server
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        home = {n: str(folder) for n in ("HOME", "XDG_RUNTIME_DIR", "STATE_DIRECTORY")}
        with (folder / "stderr").open("w") as stderr:
            if JOURNAL.items() <= environ.items():  # as systemd says it
                stat = os.fstat(stderr.fileno())
                journal = f"{stat.st_dev}:{stat.st_ino}"
                environ = {**environ, "JOURNAL_STREAM": journal}
            self.began = time.monotonic()
            self.process = subprocess.Popen(
                command,
                env={**kept, **home, "GEMINI_API_KEY": "nobody's", **environ},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @abstractmethod
    def is_ready(self) -> None:
        """Wait until a press would be taken and sent."""

    @abstractmethod
    def send(self, what: str) -> None:
        """``press`` or ``release``."""

    def press(self) -> float:
        """Press the button; returns when (``time.monotonic()``)."""
        now = time.monotonic()
        self.send("press")
        return now

    def release(self) -> float:
        """Let the button go; returns when."""
        now = time.monotonic()
        self.send("release")
        return now

    def stop(self) -> None:
        """End it, and wait for its end."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.kill()

    def until(self, true: Callable[[], object]) -> None:
        """Wait for a state of the process.

        Raises:
            TimeoutError: It did not come, or the process ended; tells its last words.
        """
        end = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > end or self.process.poll() is not None:
                words = (self.folder / "stderr").read_text()[-2000:]
                raise TimeoutError(f"{type(self).__name__} does not work: {words}")
            time.sleep(STEP_S)


class Peer(Program):
    """One of the other programs: ``peer_sdk`` or ``peer_raw``."""

    def __init__(
        self,
        name: str,
        block: int,
        folder: Path,
        server: Server,
        environ: Mapping[str, str],
    ) -> None:
        files = {"microphone": "question.wav", "speaker": "answer.wav"}
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        command += [f"--{kind}={folder / file}" for kind, file in files.items()]
        command += [f"--endpoint={_address(name, server)}", f"--block={block}"]
        path = {"PYTHONPATH": str(HERE.parent)}
        super().__init__(folder, server, {**path, **environ}, command)

    def is_ready(self) -> None:
        assert self.process.stdout
        if self.process.stdout.readline() != b"ready\n":
            self.until(lambda: False)

    def send(self, what: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(what.encode() + b"\n")
        self.process.stdin.flush()


def _address(name: str, server: Server) -> str:
    url = server.simulator.url
    return url.replace("wss://", "https://") if name == "peer_sdk" else url
