"""The simulator in the test's own process, with the time of everything that happens."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

from edgevoice.simulator import BEHAVIOURS, Entry, Received, Simulator
from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.journal import Journal
from edgevoice.simulator.turn import Answer, Prompt
from tests.vm.waiting import PATIENCE_S, output

PORT = 9191


class Keeping(Behaviour):
    """Keeps what was said, and what is answered."""

    questions: ClassVar[list[bytes]] = []
    answers: ClassVar[list[bytes]] = []

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        self.questions.append(prompt.pcm)
        self.answers.append(answer.pcm)
        return answer


BEHAVIOURS["keeping"] = Keeping


class Server:
    """A simulator that runs in a thread while the block lasts.

    Args:
        behaviours: See ``edgevoice simulator --help``.
        pace: Factor on the time it takes; 0 is as fast as possible.
        tls: A certificate and key, to speak TLS.

    Attributes:
        events: What happened and when, by ``time.monotonic()``.
    """

    def __init__(
        self, *behaviours: str, pace: float = 1.0, tls: Path | None = None
    ) -> None:
        self.events: list[tuple[float, Entry]] = []
        self._news = threading.Condition()
        self._options: dict[str, Any] = {"pace": pace, "tls": tls and _context(tls)}
        self._behaviours = ("echo", *behaviours, "keeping")
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        Keeping.questions.clear()
        Keeping.answers.clear()
        self._up = threading.Event()
        self._thread.start()
        assert self._up.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    @property
    def url(self) -> str:
        scheme = "wss" if self._options["tls"] else "ws"
        return f"{scheme}://127.0.0.1:{PORT}"

    def times(self, kind: str) -> list[float]:
        """When each message ``realtimeInput`` with this field came."""
        return [
            when
            for when, entry in self.events
            if isinstance(entry, Received)
            and kind in entry.message.get("realtimeInput", {})
        ]

    def entries(self, kind: type[Entry]) -> list[Any]:
        """What happened of one kind."""
        return [entry for _, entry in self.events if isinstance(entry, kind)]

    def wait(self, true: Callable[[], bool], patience: float = PATIENCE_S) -> None:
        """Wait for a state, which is looked at with each event."""
        with self._news:
            reached = self._news.wait_for(true, patience)
            assert reached, f"not within {patience} s; {self.events[-8:]}"

    def _note(self, entry: Entry) -> None:
        with self._news:
            self.events.append((time.monotonic(), entry))
            self._news.notify_all()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        journal = Journal(on_entry=self._note)
        async with Simulator(
            port=PORT, behaviours=self._behaviours, journal=journal, **self._options
        ):
            self._up.set()
            await self._end.wait()


def make_certificate(folder: Path) -> Path:
    """A certificate for this machine, with its key, in one file."""
    pem = folder / "server.pem"
    subject = ["-subj", "/CN=edgevoice test", "-addext"]
    subject += ["subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:P-256", "-nodes", "-days", "30", *subject]
    output(*command, "-keyout", str(pem), "-out", str(folder / "ca.pem"))
    pem.write_text(pem.read_text() + (folder / "ca.pem").read_text())
    return pem


def _context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
