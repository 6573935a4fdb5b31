"""What systemd is told, and that every signal ends the daemon in order and in time."""

import asyncio
import contextlib
import json
import os
import pty
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen

from edgevoice.daemon import supervisor
from edgevoice.simulator import Simulator
from tests.evening import evening
from tests.program import KEY, Program, program

NOWHERE = "ws://127.0.0.1:1"
IN_TIME = 5.0
"""Seconds from a signal to the end."""


def assert_ended_well(daemon: Program) -> None:
    assert daemon.process.returncode == 0, daemon.stderr
    assert daemon.notices[-2:] == ["STATUS=stopping", "STOPPING=1"]
    assert daemon.notices.count("STOPPING=1") == 1
    assert not daemon.control.exists()
    assert "Traceback" not in daemon.stderr
    assert "Exception" not in daemon.stderr
    assert KEY not in daemon.stderr


# -- the whole program -----------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_is_ready_without_a_server_and_ends_in_order(
    number: signal.Signals, tmp_path: Path
) -> None:
    with program(tmp_path, NOWHERE) as daemon:
        daemon.is_ready()
        daemon.status_says(
            "idle: waiting for the server: cannot connect: Connection refused"
        )

        assert daemon.end(number) < IN_TIME

        assert_ended_well(daemon)
        assert daemon.notices.count("READY=1") == 1


IN_A_TERMINAL = """if True:
    import fcntl, sys, termios
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    from edgevoice.cli import main
    sys.exit(main())
"""


def test_a_terminal_that_is_closed_ends_it_however_often_it_says_so(
    tmp_path: Path,
) -> None:
    ours, its = pty.openpty()
    with program(
        tmp_path, NOWHERE, terminal=its, start=("-c", IN_A_TERMINAL)
    ) as daemon:
        daemon.is_ready()
        os.close(its)
        os.close(ours)
        daemon.until_told(lambda told: "STOPPING=1" in told)

        daemon.end(signal.SIGHUP)

        assert_ended_well(daemon)


def test_a_second_signal_does_not_cut_the_end_short(tmp_path: Path) -> None:
    with program(tmp_path, NOWHERE) as daemon:
        daemon.is_ready()
        daemon.process.send_signal(signal.SIGTERM)
        daemon.until_told(lambda told: "STOPPING=1" in told)

        daemon.end(signal.SIGHUP)

        assert_ended_well(daemon)


def test_the_key_is_nowhere_to_be_seen(tmp_path: Path) -> None:
    with program(tmp_path, NOWHERE) as daemon:
        daemon.is_ready()
        daemon.status_says("cannot connect")
        of_the_process = Path(f"/proc/{daemon.process.pid}")
        seen = [
            (of_the_process / "cmdline").read_text(),
            json.dumps(daemon.ask("status")),
            *daemon.notices,
        ]
        daemon.end()

    assert KEY not in "\n".join([*seen, daemon.stderr])
    assert not [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and KEY.encode() in path.read_bytes()
    ]


async def test_status_and_watchdog_are_told_while_it_talks(tmp_path: Path) -> None:
    def check(daemon: Program) -> None:
        daemon.status_says("ready: link up")
        daemon.ask("say", text="hello")
        daemon.status_says("speaking: link up")
        fed = daemon.notices.count("WATCHDOG=1")
        daemon.until_told(lambda told: told.count("WATCHDOG=1") > fed + 2)
        daemon.is_heard()
        assert daemon.end() < IN_TIME
        assert_ended_well(daemon)
        assert daemon.notices[-3] != "STATUS=ready: link up"  # it was speaking

    async with Simulator() as simulator:
        fast = {"WATCHDOG_USEC": "100000"}
        with program(tmp_path, simulator.url, environ=fast) as daemon:
            await asyncio.to_thread(check, daemon)


async def test_it_ends_in_time_while_a_setup_is_slow(tmp_path: Path) -> None:
    heard = asyncio.Event()

    async def hear_and_say_nothing(caller: ServerConnection) -> None:
        await caller.recv()
        heard.set()
        await caller.wait_closed()

    async with listen(hear_and_say_nothing, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        with program(tmp_path, f"ws://127.0.0.1:{port}") as daemon:
            await asyncio.to_thread(daemon.is_ready)
            async with asyncio.timeout(5):
                await heard.wait()

            assert await asyncio.to_thread(daemon.end) < IN_TIME

            assert_ended_well(daemon)


def test_it_ends_in_time_while_a_server_does_not_take_the_call(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = f"ws://127.0.0.1:{deaf.getsockname()[1]}"
        daemon = stack.enter_context(program(tmp_path, address))
        daemon.is_ready()
        daemon.status_says("idle: connecting to the server")

        assert daemon.end() < IN_TIME

        assert_ended_well(daemon)


SILENT_NAME_SERVER = """if True:
    import socket, sys, time
    socket.getaddrinfo = lambda *_, **__: time.sleep(60)
    from edgevoice.cli import main
    sys.exit(main())
"""


def test_it_ends_in_time_while_a_name_server_is_silent(tmp_path: Path) -> None:
    start = ("-c", SILENT_NAME_SERVER)
    with program(tmp_path, "wss://a.invalid", start=start) as daemon:
        daemon.is_ready()
        daemon.status_says("idle: connecting to the server")

        assert daemon.end() < IN_TIME

        assert_ended_well(daemon)


STUCK_CARD = """if True:
    import sys, time
    from edgevoice.audio import devices
    devices.MICROPHONES["file:"] = lambda *_: time.sleep(60)
    from edgevoice.cli import main
    sys.exit(main())
"""


def test_it_ends_in_time_while_a_sound_card_hangs(tmp_path: Path) -> None:
    with program(tmp_path, NOWHERE, start=("-c", STUCK_CARD)) as daemon:
        daemon.is_ready()
        daemon.status_says("waiting for the server")

        assert daemon.end() < IN_TIME

        assert_ended_well(daemon)


# -- its parts -------------------------------------------------------------------


@pytest.fixture
def notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Awaitable[str]]]:
    """Waits for what systemd is told next."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        async def next_one() -> str:
            async with asyncio.timeout(5):
                notice = await asyncio.get_running_loop().sock_recv(heard, 4096)
            return notice.decode().strip()

        yield next_one


async def test_the_watchdog_is_fed_only_while_all_is_well(
    notices: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    health = iter([True, False, False, True])
    asked: list[bool] = []
    at_the_end = asyncio.Event()

    def alive() -> bool:
        well = next(health, None)
        if well is None:
            at_the_end.set()
        asked.append(bool(well))
        return bool(well)

    feeding = asyncio.create_task(supervisor.feed_watchdog(alive))
    async with asyncio.timeout(5):
        await at_the_end.wait()
    feeding.cancel()
    supervisor.notify(STATUS="the end")

    told = [await notices() for _ in range(3)]
    assert told == ["WATCHDOG=1", "WATCHDOG=1", "STATUS=the end"]


async def test_what_was_not_well_at_one_look_is_looked_at_again_soon(
    notices: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    monkeypatch.setattr(supervisor, "LOOK_AGAIN_S", 0.01)
    health = iter([False, True])

    feeding = asyncio.create_task(supervisor.feed_watchdog(lambda: next(health)))

    async with asyncio.timeout(5):
        assert await notices() == "WATCHDOG=1"
    feeding.cancel()


@pytest.mark.parametrize("usec", ["", "0", "often"])
async def test_without_a_watchdog_nobody_feeds_it(
    usec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)

    async with asyncio.timeout(5):
        await supervisor.feed_watchdog(lambda: True)


def test_twice_in_the_time_that_systemd_gives_it_is_fed() -> None:
    assert supervisor.watchdog_interval({"WATCHDOG_USEC": "30000000"}) == 15.0


@pytest.mark.parametrize("address", ["", "/nonexistent/notify"])
def test_a_notify_socket_that_is_not_there_harms_nobody(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)

    supervisor.notify(STATUS="nobody hears this")


class SilentCard:
    """A microphone whose callbacks do not come any more."""

    name = "silent"
    rate = 16000
    overflows = 0
    last_callback = 0.0

    def alive(self, now: float) -> bool:
        return False

    def close(self) -> None:
        pass

    def rewind(self) -> None:
        pass

    def flush(self) -> None:
        pass

    def hurry(self) -> None:
        pass


async def test_a_microphone_that_stopped_or_hangs_is_no_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    async with evening(tmp_path) as here:
        sound = here.appliance.sound
        assert sound.alive()
        opened, sound.microphone.device = sound.microphone.device, SilentCard()
        assert not sound.alive()
        sound.microphone.device = None  # unplugged: it is waited for
        assert sound.alive()
        sound.microphone.stuck = True
        assert not sound.alive()
        sound.microphone.device, sound.microphone.stuck = opened, False


def test_a_systemd_that_does_not_read_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as full:
        full.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        for _ in range(10_000):
            supervisor.notify(STATUS="nobody reads this")

        assert full.recv(100) == b"STATUS=nobody reads this"


def test_an_abstract_address_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"edgevoice-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")

        supervisor.notify(READY="1", STATUS="here")

        assert heard.recv(100) == b"READY=1\nSTATUS=here"
