"""The server of the measurements: the simulator over TLS, and when what came."""

import asyncio
import os
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from edgevoice.audio.pcm import DOWNLINK_HZ, frames
from edgevoice.simulator import BEHAVIOURS, Entry, Received, Simulator
from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.journal import Answered, Journal
from edgevoice.simulator.turn import SPEED, Answer, Prompt
from edgevoice.simulator.wire import JsonObject

PATIENCE_S: Final = 30.0
CERTIFICATES: Final = Path("/etc/ssl/certs")
KEPT: Final = 100
"""Entries of the simulator's journal."""
_SECOND: Final = (b"\x00\x10" * 60 + b"\x00\xf0" * 60) * (frames(1, DOWNLINK_HZ) // 120)
"""A tone of 200 Hz, 24 kHz: one second."""


class Measured(Behaviour):
    """Answers with a tone of some length; notes where each message of sound ends."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self.seconds = 1.0
        """Of the answer."""
        self.speed = SPEED
        """Seconds of sound sent per second."""
        self.sizes: list[int] = []
        """Of the messages of sound, bytes."""
        self.positions: list[tuple[float, int]] = []
        """When each came (``time.monotonic()``), and its last sample."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        whole, rest = divmod(frames(self.seconds, DOWNLINK_HZ), DOWNLINK_HZ)
        return Answer(pcm=_SECOND * whole + _SECOND[: 2 * rest], speed=self.speed)

    def incoming(self, line: Line, key: str, body: JsonObject) -> None:
        if pcm := body.get("audio", {}).get("data"):
            last = int.from_bytes(pcm[-2:], "little", signed=True)
            self.positions.append((time.monotonic(), last))
            self.sizes.append(len(pcm))


BEHAVIOURS["measured"] = Measured


class Server:
    """One simulator; see ``Servers``.

    Attributes:
        simulator: Its address is ``simulator.url``.
        measured: How it answers.
        events: When (``time.monotonic()``) what happened: the name of the client's
            message, or ``answered`` once the turn is over.
    """

    def __init__(self, tls: ssl.SSLContext, pace: float) -> None:
        self.events: list[tuple[float, str]] = []
        self._news = threading.Condition()
        journal = Journal(keep=KEPT, on_entry=self._note)
        self.simulator = Simulator(
            behaviours=["measured"], pace=pace, journal=journal, tls=tls
        )
        (self.measured,) = (
            one for one in self.simulator.behaviours if isinstance(one, Measured)
        )

    def _note(self, entry: Entry) -> None:
        now, name = time.monotonic(), ""
        if isinstance(entry, Received):
            name, body = next(iter(entry.message.items()))
            name = next(iter(body)) if name == "realtimeInput" else name
        elif isinstance(entry, Answered):
            name = "answered"
        if name and name != "audio":
            with self._news:
                self.events.append((now, name))
                self._news.notify_all()

    def until(self, name: str, since: float) -> float:
        """Wait for an event after a moment; returns when it came.

        Raises:
            TimeoutError: It did not come.
        """
        if not self.wait(lambda: self.first(name, since)):
            raise TimeoutError(f"{name} did not come to the server")
        return self.first(name, since)

    def first(self, name: str, since: float) -> float:
        """When this came first after a moment; 0.0 if it did not."""
        for when, kind in reversed(self.events):  # the newest are asked for
            if when < since:
                break
            if kind == name:
                return when
        return 0.0

    def wait(self, true: Callable[[], object]) -> bool:
        with self._news:
            return bool(self._news.wait_for(true, PATIENCE_S))


class Servers:
    """Simulators in a thread of this process, for as long as the block runs.

    Args:
        folder: Where certificate and trust are written.
    """

    def __init__(self, folder: Path) -> None:
        self.trust = make_trust(folder)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(folder / "server.pem")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def start(self, pace: float = 1.0) -> Server:
        """A new one, at a port of its own."""
        server = Server(self._tls, pace)
        start = server.simulator.start()
        asyncio.run_coroutine_threadsafe(start, self._loop).result(PATIENCE_S)
        return server

    def stop(self, server: Server) -> None:
        stop = server.simulator.stop()
        asyncio.run_coroutine_threadsafe(stop, self._loop).result(PATIENCE_S)


def make_trust(folder: Path) -> dict[str, str]:
    """Make a certificate for this machine, and what makes a program trust it.

    Returns:
        Variables that name this machine's own certificates and ours beside them, as
        one file and as a folder by hash, so that reading them costs what it always
        costs.
    """
    ours, pem = folder / "ours.pem", folder / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"]
    command += ["/CN=edgevoice bench", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(pem), "-out", str(ours)]
    subprocess.run(command, check=True, capture_output=True)
    pem.write_text(pem.read_text() + ours.read_text())
    bundle, hashed = folder / "ca-certificates.crt", folder / "certs"
    bundle.write_bytes((CERTIFICATES / bundle.name).read_bytes() + ours.read_bytes())
    hashed.mkdir()
    for link in CERTIFICATES.glob("*.[0-9]"):
        os.symlink(link.resolve(), hashed / link.name)
    shutil.copy(ours, hashed)
    subprocess.run(["openssl", "rehash", hashed], check=True, capture_output=True)
    return {"SSL_CERT_FILE": str(bundle), "SSL_CERT_DIR": str(hashed)}
