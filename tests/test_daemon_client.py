"""Speaking to a daemon that is not there, dies, is stuck, or is none of ours."""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon import client
from edgevoice.daemon.client import Client
from edgevoice.daemon.control_socket import ControlSocket
from edgevoice.errors import DeviceError, EdgeVoiceError, NoDaemon
from tests.evening import evening

ROOT = Path(__file__).parent.parent

Talk = Callable[[socket.socket], None]
Daemon = Callable[[Talk], Path]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """Starts what listens in the daemon's place and says one thing to one caller."""
    with contextlib.ExitStack() as stack:

        def listen(talk: Talk) -> Path:
            path = tmp_path / "control.sock"
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.settimeout(5)
            server.bind(str(path))
            server.listen()

            def serve() -> None:
                caller, _ = server.accept()
                with caller:
                    talk(caller)

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join)
            return path

        yield listen


def replying(*replies: bytes) -> Talk:
    """Takes a command, says this, and hangs up."""

    def talk(caller: socket.socket) -> None:
        caller.recv(4096)
        for reply in replies:
            caller.sendall(reply)

    return talk


def test_without_a_daemon_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoDaemon, match=r"no daemon listens on .*edgevoice run"):
        Client(tmp_path / "none.sock")


def test_a_socket_that_a_dead_daemon_left_is_no_daemon(tmp_path: Path) -> None:
    path = tmp_path / "left.sock"
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(path))

    with pytest.raises(NoDaemon, match="no daemon listens on"):
        Client(path)


def test_a_path_that_is_too_long_for_a_socket_is_no_daemon(tmp_path: Path) -> None:
    with pytest.raises(NoDaemon, match="no daemon listens on"):
        Client(tmp_path / ("long" * 40))


async def test_the_daemon_says_so_when_its_path_is_too_long(tmp_path: Path) -> None:
    listening = ControlSocket.__new__(ControlSocket).listen(tmp_path / ("long" * 40))

    with pytest.raises(DeviceError, match=r"path too long; set \[control\] socket"):
        await listening.__aenter__()


@pytest.mark.parametrize("words", [b"", b'{"ok": tr', b'{"ok": true}'])
def test_a_daemon_that_dies_in_its_reply_has_ended(
    words: bytes, daemon: Daemon
) -> None:
    with (
        Client(daemon(replying(words))) as caller,
        pytest.raises(NoDaemon, match="ended before it answered"),
    ):
        caller.ask("status")


def test_a_daemon_that_died_before_the_command_has_ended(daemon: Daemon) -> None:
    gone = threading.Event()

    def leave(caller: socket.socket) -> None:
        caller.close()
        gone.set()

    with Client(daemon(leave)) as caller:
        assert gone.wait(5)
        with pytest.raises(NoDaemon, match="ended before it answered"):
            caller.ask("status")


@pytest.mark.parametrize("words", [b"220 mail ready\n", b"[]\n", b"\xff\n", b"7\n"])
def test_another_program_on_the_socket_is_told_from_a_daemon(
    words: bytes, daemon: Daemon
) -> None:
    with (
        Client(daemon(replying(words))) as caller,
        pytest.raises(NoDaemon, match="no edgevoice"),
    ):
        caller.ask("status")


def test_a_daemon_that_is_stuck_is_not_waited_for_for_ever(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT_S", 0.1)
    over = threading.Event()

    def wait(_: socket.socket) -> None:
        over.wait(5)

    with Client(daemon(wait)) as caller:
        with pytest.raises(EdgeVoiceError, match="does not answer; is it stuck"):
            caller.ask("status")
        over.set()


def test_what_the_daemon_refuses_is_told_in_its_words(daemon: Daemon) -> None:
    refusal = b'{"ok": false, "error": "not now"}\n'
    with (
        Client(daemon(replying(refusal))) as caller,
        pytest.raises(EdgeVoiceError, match=r"^not now$"),
    ):
        caller.ask("say", text="hello")


def test_events_are_followed_until_the_daemon_ends_even_in_mid_line(
    daemon: Daemon,
) -> None:
    path = daemon(replying(b'{"ok": true}\n{"event": "phase"}\n{"event": "li'))
    with Client(path) as caller:
        assert list(caller.follow()) == [{"event": "phase"}]


def test_a_connection_that_is_reset_ends_the_events(daemon: Daemon) -> None:
    def leave_rudely(caller: socket.socket) -> None:
        caller.recv(2)  # the rest of the command stays unread: that is a reset
        caller.sendall(b'{"ok": true}\n{"event": "phase"}\n')

    events: list[Any] = []
    # The reset may overtake what was sent, and even the reply.
    with Client(daemon(leave_rudely)) as caller, contextlib.suppress(NoDaemon):
        events += caller.follow()
    assert events in ([], [{"event": "phase"}])


# As somebody whom the socket's mode keeps out; root is kept out of nothing.
AS_NOBODY = """if True:
    import os, pathlib, sys
    from edgevoice.daemon.client import Client
    from edgevoice.errors import NoDaemon
    if os.geteuid() == 0:
        os.setegid(65534)
        os.seteuid(65534)
    try:
        Client(pathlib.Path(sys.argv[1]))
    except NoDaemon as error:
        print(error)
"""


async def test_who_may_not_speak_to_the_daemon_is_told_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    with tempfile.TemporaryDirectory(prefix="open", dir="/tmp") as folder:
        path = Path(folder) / "control.sock"
        async with evening(tmp_path, control={"socket": str(path)}):
            assert path.stat().st_mode & 0o777 == 0o660
            Path(folder).chmod(0o755)
            if os.geteuid():
                path.chmod(0)
            refused = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", AS_NOBODY, str(path)),
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
            )
            async with asyncio.timeout(10):
                told, _ = await refused.communicate()

    assert told.decode() == (
        f"may not speak to the daemon at {path}: join the group edgevoice "
        "(`sudo adduser $USER edgevoice`, then log in anew), or use sudo\n"
    )
