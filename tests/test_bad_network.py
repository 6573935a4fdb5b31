"""The daemon on a network that fails below the socket: nothing arrives, nothing ends.

Real time, real kernels, TLS; the line is ``tests/network.py``'s.
"""

import asyncio
import contextlib
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from edgevoice.audio.samples import Samples, to_samples
from edgevoice.audio.wavefile import read
from edgevoice.simulator import Answered, Received, Refusal, Simulator
from edgevoice.simulator.behaviours import BEHAVIOURS
from tests.labels import Label, heard_whole, labels_in, stale
from tests.network import Host, Network
from tests.program import Program, program

pytestmark = [pytest.mark.network, pytest.mark.timeout(60)]


def certificate(folder: Path, address: str) -> ssl.SSLContext:
    """What a server there shows; ``far.pem`` is what a client must trust."""
    words = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 "
        "-subj /CN=far -keyout far.key -out far.pem "
        "-addext keyUsage=digitalSignature,keyCertSign "
        f"-addext subjectAltName=IP:{address}"
    )
    subprocess.run(words.split(), cwd=folder, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "far.pem", folder / "far.key")
    return context


@contextlib.contextmanager
def server(host: Host, simulator: Simulator) -> Iterator[None]:
    """Run the simulator on this host, in a thread; its journal can be read here."""
    started: Future[Callable[[], object]] = Future()

    async def serve() -> None:
        ended = asyncio.Event()
        async with simulator:
            loop = asyncio.get_running_loop()
            started.set_result(lambda: loop.call_soon_threadsafe(ended.set))
            await ended.wait()

    def run() -> None:
        with host.inside():
            asyncio.run(serve())

    thread = threading.Thread(target=run, name="far")
    thread.start()
    stop = started.result(10)
    try:
        yield
    finally:
        stop()
        thread.join()


class Outpost:
    """A daemon on one host, the simulator on the other; call it from the daemon's."""

    def __init__(self, net: Network, simulator: Simulator, daemon: Program) -> None:
        self.near = net.near
        self.line = net.line
        self.simulator = simulator
        self.daemon = daemon

    def status(self) -> dict[str, Any]:
        self.daemon.hear()  # else telling systemd would block the daemon
        assert established() <= 1
        return self.daemon.ask("status")

    def turns(self, *kinds: str) -> int:
        """How many turns were ``said``, ``answered``, ``told``."""
        counts = self.status()["turns"]
        return sum(counts[kind] for kind in kinds)

    def until(self, true: Callable[[], object], timeout: float = 10.0) -> float:
        """Wait for a state; seconds until it was there."""
        began = time.monotonic()
        while not true():
            passed = time.monotonic() - began
            assert passed < timeout, f"{self.status()}\n{self.daemon.stderr}"
            time.sleep(0.02)
        return time.monotonic() - began

    def link_is(self, status: str, timeout: float = 10.0) -> float:
        return self.until(lambda: self.status()["link"] == status, timeout)

    def stays(self, seconds: float) -> None:
        """Let time pass. How long a fault lasts is what is tested."""
        end = time.monotonic() + seconds
        self.until(lambda: self.status() and time.monotonic() > end, seconds + 1.0)

    def speak(self, seconds: float) -> None:
        """Hold the button. The length of a press is what is tested."""
        self.daemon.ask("press")
        self.stays(seconds)
        self.daemon.ask("release")

    def is_over(self, turn: int, timeout: float = 10.0) -> None:
        """Wait until so many turns have ended, in whatever way."""
        self.until(lambda: self.turns("answered", "told") == turn, timeout)

    def ask(self, seconds: float, timeout: float = 10.0) -> None:
        """A whole turn, which must be answered."""
        answered, told = self.turns("answered"), self.turns("told")
        self.speak(seconds)
        self.is_over(answered + told + 1, timeout)
        assert self.turns("answered") == answered + 1

    def received(self, kind: str) -> int:
        """How many ``realtimeInput`` of a kind the server got."""
        return sum(
            isinstance(entry, Received)
            and kind in entry.message.get("realtimeInput", {})
            for entry in self.simulator.journal
        )

    def heard(self) -> Samples:
        """The number of its answer for every frame that was played."""
        return labels_in(to_samples(read(str(self.daemon.answer))[0]))

    def answered_all_once(self, turns: int) -> None:
        """Nothing was lost, nothing heard twice, and the last question came whole."""
        assert self.turns("answered") == self.turns("said") == turns
        heard = self.heard()
        answers = set(heard.tolist())
        assert len(answers) == turns
        assert all(heard_whole(heard, answer) for answer in answers)
        spoken = [e.spoken for e in self.simulator.journal if isinstance(e, Answered)]
        said = self.status()["last_turn"]["spoken_ms"] / 1000
        assert spoken[-1] == pytest.approx(said, abs=0.03)


def established() -> int:
    """Open TCP connections of the host on which this thread is."""
    rows = Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]
    return sum(row.split()[3] == "01" for row in rows)  # TCP_ESTABLISHED


@contextlib.contextmanager
def outpost(net: Network, folder: Path, more: str = "") -> Iterator[Outpost]:
    """Run both until the block ends; the server must have heard one link at a time."""
    tls = certificate(folder, net.far.address)
    simulator = Simulator(host=net.far.address, behaviours=["label"], tls=tls)
    more = f"speaker.volume = 100\n{more}"
    trust = {"SSL_CERT_FILE": str(folder / "far.pem")}
    with (
        server(net.far, simulator),
        net.near.inside(),
        program(folder, simulator.url, more, environ=trust) as daemon,
    ):
        here = Outpost(net, simulator, daemon)
        daemon.is_ready()
        here.link_is("up")
        yield here
    heard_from = [e.connection for e in simulator.journal if isinstance(e, Received)]
    assert heard_from == sorted(heard_from)


@pytest.fixture(autouse=True)
def answers_are_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BEHAVIOURS, "label", Label)


@pytest.fixture
def here(net: Network, tmp_path: Path) -> Iterator[Outpost]:
    with outpost(net, tmp_path) as made:
        yield made


# -- the line dies -------------------------------------------------------------------


def test_a_dead_line_is_noticed_by_a_question_that_is_answered_when_it_heals(
    here: Outpost,
) -> None:
    here.ask(0.5)
    here.line.dead = True
    here.speak(1.0)
    here.link_is("down", 12.0)
    here.line.dead = False
    here.link_is("up", 20.0)
    here.is_over(2)
    here.answered_all_once(2)


def test_a_question_in_which_the_line_dies_is_answered_whole_when_it_heals(
    here: Outpost,
) -> None:
    here.ask(0.5)
    here.daemon.ask("press")
    here.until(lambda: here.received("audio") > 20)
    here.line.dead = True
    here.stays(1.0)
    here.daemon.ask("release")
    here.stays(14.0)
    here.line.dead = False
    here.is_over(2, 20.0)
    here.answered_all_once(2)


def test_a_question_whose_answer_never_came_over_the_line_is_asked_again_or_told(
    here: Outpost,
) -> None:
    here.ask(0.5)
    here.speak(1.0)
    here.until(lambda: here.received("activityEnd") == 2)
    here.line.dead = True
    here.until(lambda: here.status()["link"] != "up", 20.0)
    here.line.dead = False
    here.is_over(2, 20.0)
    if here.turns("answered") == 2:
        here.answered_all_once(2)
    else:  # the network had acknowledged all: only time could tell
        assert here.turns("told") == 1
    here.ask(0.5)


def test_a_dead_line_does_not_hold_up_the_end(here: Outpost) -> None:
    here.line.dead = True
    assert here.daemon.end() < 4.0


# -- the line is bad -----------------------------------------------------------------


def test_losses_and_delays_cost_no_question(here: Outpost) -> None:
    here.line.loss, here.line.delay, here.line.jitter = 0.05, 0.15, 0.05
    for _ in range(3):
        here.ask(1.0, timeout=15.0)
    here.answered_all_once(3)
    assert here.line.lost > 0
    assert not [e for e in here.simulator.journal if isinstance(e, Refusal)]
    assert here.status()["session"]["connections"] == established() == 1


# -- the interface goes away ---------------------------------------------------------


def test_an_answer_survives_an_interface_that_is_soon_back(here: Outpost) -> None:
    here.speak(1.0)
    here.until(lambda: here.status()["phase"] == "speaking")
    here.near.interface_down()
    here.stays(2.0)
    here.near.interface_up()
    here.is_over(1)
    here.answered_all_once(1)
    here.ask(0.5)


def test_an_answer_that_an_interface_took_away_is_told_and_not_heard_later(
    net: Network, tmp_path: Path
) -> None:
    with outpost(net, tmp_path, "live.answer_timeout_s = 4") as here:
        here.speak(1.0)
        here.until(lambda: here.status()["phase"] == "speaking")
        here.near.interface_down()
        here.is_over(1)
        assert here.status()["last_turn"]["outcome"] in (
            "lost: the link broke in mid answer",
            "lost: the server stopped in mid answer",
        )
        here.near.interface_up()
        here.ask(0.5, timeout=20.0)
        heard = here.heard()
        assert stale(heard) == 0
        assert heard_whole(heard, 2)
        assert not heard_whole(heard, 1)
