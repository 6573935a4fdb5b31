"""A daemon that runs is asked, and its devices are left alone."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon import client
from edgevoice.doctor.finding import State
from edgevoice.doctor.running import ask_daemon, devices_of

OPEN = {"name": "usb", "state": "open", "error": None}


@contextmanager
def listener(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield server


def test_where_none_runs_the_devices_are_free(tmp_path: Path) -> None:
    status, finding = ask_daemon(tmp_path / "control.sock")

    assert status is None
    assert finding.state is State.SKIPPED


def test_one_that_does_not_answer_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT_S", 0.05)
    with listener(tmp_path / "control.sock"):
        status, finding = ask_daemon(tmp_path / "control.sock")

    assert status == {}
    assert finding.state is State.WRONG
    assert "does not answer" in finding.found


def test_one_that_we_may_not_ask_has_the_devices_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shut(socket.socket):
        def connect(self, address: Any) -> None:
            raise PermissionError

    monkeypatch.setattr(socket, "socket", Shut)

    status, finding = ask_daemon(tmp_path / "control.sock")

    assert status == {}
    assert finding.state is State.SKIPPED
    assert finding.cure.startswith("join the group edgevoice (`sudo adduser $USER")
    assert {one.state for one in devices_of({})} == {State.SKIPPED}


def test_the_devices_of_a_running_one_are_those_of_its_status() -> None:
    lost = {"name": "usb", "state": "missing", "error": "it is gone; plug it in"}

    found = {one.name: one for one in devices_of({"microphone": OPEN, "speaker": lost})}

    assert list(found) == [
        *("microphone", "level", "speaker", "tone", "button", "press", "lamp")
    ]
    assert found["microphone"].found == "usb: open (the running daemon has it)"
    assert found["speaker"].state is State.WRONG
    assert (found["speaker"].found, found["speaker"].cure) == (
        "usb: it is gone",
        "plug it in",
    )
    assert found["level"].cure.startswith("to try it: stop the daemon")
