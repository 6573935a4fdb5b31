"""edgevoice as users run it: the daemon, and its control socket."""

import contextlib
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.programs import Program
from benchmarks.server import PATIENCE_S, Server

KEPT_TURNS: Final = 1000


class Control:
    """A connection to the daemon's control socket: one JSON object a line each way."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def send(self, command: str) -> None:
        """Say it, and leave the reply for later."""
        self._socket.sendall(json.dumps({"command": command}).encode() + b"\n")

    def read(self) -> dict[str, Any]:
        """The next line; empty at the end of the daemon."""
        line = self._lines.readline()
        reply: dict[str, Any] = json.loads(line) if line else {}
        return reply

    def ask(self, command: str) -> dict[str, Any]:
        self.send(command)
        return self.read()


class Edgevoice(Program):
    """The daemon as users run it.

    Args:
        program: ``edgevoice`` of a virtual environment of its own.
        settings: Further settings, TOML.
        devices: Microphone and speaker; None for the files.

    Attributes:
        turns: What ``watch`` told of the end of the newest turns.
        told: How many it told of.
        phase: What it told last of that.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        server: Server,
        environ: Mapping[str, str],
        settings: str = "",
        devices: tuple[str, str] | None = None,
    ) -> None:
        files = f"file:{folder / 'question.wav'}", f"file:{folder / 'answer.wav'}"
        microphone, speaker = devices or files
        button = "" if "button.source" in settings else 'button.source = "none"\n'
        (folder / "edgevoice.toml").write_text(
            f'live.endpoint = "{server.simulator.url}"\n'
            f'microphone.device = "{microphone}"\nspeaker.device = "{speaker}"\n'
            f'control.socket = "{folder / "control"}"\n{button}{settings}'
        )
        command = [program, "run", "--config", str(folder / "edgevoice.toml")]
        super().__init__(folder, server, environ, command)
        self.turns: deque[dict[str, Any]] = deque(maxlen=KEPT_TURNS)
        self.told = 0
        self.phase = ""
        self._news = threading.Condition()

    def is_ready(self) -> None:
        self.until(self._answers)
        self.until(self._is_up)

    def watch(self) -> None:
        """Follow what it tells, which costs it a little; needed by ``wait``."""
        watch = Control(self.folder / "control")
        watch.ask("watch")
        threading.Thread(target=self._follow, args=(watch,), daemon=True).start()

    def _answers(self) -> bool:
        try:
            self._control = Control(self.folder / "control")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def _is_up(self) -> bool:
        status = self._control.ask("status")
        devices = (status["microphone"]["state"], status["speaker"]["state"])
        return status["link"] == "up" and devices == ("open", "open")

    def _follow(self, watch: Control) -> None:
        with contextlib.suppress(OSError):
            while item := watch.read():
                with self._news:
                    if item["event"] == "phase":
                        self.phase = item["phase"]
                    if item["event"] == "turn" and item["outcome"] != "begun":
                        self.turns.append(item)
                        self.told += 1
                    self._news.notify_all()

    def wait(self, true: Callable[[], object]) -> None:
        """Wait for what ``watch`` tells.

        Raises:
            TimeoutError: It did not.
        """
        with self._news:
            if not self._news.wait_for(true, PATIENCE_S):
                raise TimeoutError(f"edgevoice stays {self.phase}; {self.told} turns")

    def send(self, what: str) -> None:
        reply = self._control.ask(what)
        if not reply.get("ok"):
            raise RuntimeError(f"edgevoice refuses {what}: {reply}")
