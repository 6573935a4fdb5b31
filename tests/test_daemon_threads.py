"""Calls that may hang run in threads which the end does not wait for."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from edgevoice.daemon import threads
from edgevoice.daemon.service import run
from edgevoice.daemon.threads import LooseThreads


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_call_returns_its_result_or_its_error() -> None:
    with contextlib.closing(socket.socket()) as unconnected, LooseThreads() as pool:
        assert pool.submit(divmod, 7, 3).result(5) == (2, 1)
        failed = pool.submit(unconnected.getpeername)
        with pytest.raises(OSError, match="not connected"):
            failed.result(5)


def test_every_call_begins_at_once_however_many_hang(released: threading.Event) -> None:
    with LooseThreads() as pool:
        hanging = [pool.submit(released.wait, 10) for _ in range(100)]
        assert pool.submit(int, "7").result(5) == 7
        released.set()
    assert all(call.done() for call in hanging)


def test_the_end_waits_a_moment_for_what_is_nearly_done() -> None:
    with LooseThreads() as pool:
        short = pool.submit(time.sleep, 0.1)
    assert short.done()


def test_the_loop_ends_though_a_call_hangs(
    released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PATIENCE_S", 0.1)

    async def ask_a_name_server_that_is_silent() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.to_thread(released.wait, 10)

    began = time.monotonic()
    run(ask_a_name_server_that_is_silent())

    assert time.monotonic() - began < 5
