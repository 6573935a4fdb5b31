"""The control socket under clients that are many, slow, greedy or broken.

What each command does is told in test_evening.py.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon.control_socket import MOST_CLIENTS, NO_OBJECT
from edgevoice.daemon.peer import Peer, peer_of
from tests.evening import Evening, evening

STATUS = b'{"command": "status"}\n'


class Client:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, line: bytes) -> Any:
        self.writer.write(line)
        return json.loads(await self.reader.readline())

    async def leave(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def clients(path: Path, number: int) -> AsyncIterator[list[Client]]:
    """So many connections; closed at the end."""
    some = [Client(*await asyncio.open_unix_connection(path)) for _ in range(number)]
    try:
        yield some
    finally:
        for one in some:
            await one.leave()


@contextlib.asynccontextmanager
async def client(path: Path) -> AsyncIterator[Client]:
    async with clients(path, 1) as [one]:
        yield one


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Evening]:
    """An appliance that waits for its button."""
    async with evening(tmp_path) as here:
        await here.is_idle()
        yield here


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


async def test_fifty_clients_at_once_are_served_while_somebody_speaks(
    here: Evening, path: Path
) -> None:
    here.appliance.press("test")
    await here.until(lambda: here.appliance.turns.tally.turns(0)["said"] == 1)
    async with clients(path, 50) as fifty:
        for _ in range(20):
            replies = await asyncio.gather(*(one.ask(STATUS) for one in fifty))
            assert all(reply["phase"] == "listening" for reply in replies)
        here.appliance.release("test")
        await here.until(here.outcomes)
    assert here.outcomes()[0]["outcome"] == "answered"


async def test_there_is_an_end_to_the_clients_and_room_again_when_they_go(
    here: Evening, path: Path
) -> None:
    async with clients(path, MOST_CLIENTS) as many:
        for one in many:  # each is being served
            assert (await one.ask(STATUS))["ok"]
        async with client(path) as late:
            refusal = json.loads(await late.reader.readline())
            assert refusal == {"ok": False, "error": "100 others are being served"}
            assert await late.reader.read() == b""
        await many[0].leave()
        async with asyncio.timeout(10):
            while not await is_served(path):
                pass


async def is_served(path: Path) -> bool:
    """Whether there is room; the daemon learns a moment later who has left."""
    async with client(path) as one:
        try:
            return bool((await one.ask(STATUS))["ok"])
        except (ConnectionError, ValueError):  # refused before it had written
            return False


async def test_a_flood_of_commands_keeps_nobody_waiting(
    here: Evening, path: Path
) -> None:
    async with client(path) as flood, client(path) as other:
        flood.writer.write(STATUS * 20_000)  # whose replies it does not read
        for _ in range(5):
            assert (await other.ask(STATUS))["ok"]
        assert (await here.ask(0.3))["outcome"] == "answered"
        flood.writer.transport.abort()


async def test_between_two_commands_of_a_flood_others_have_their_turn(
    here: Evening, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(here.appliance, "press", done.append)
    async with client(path) as flood, asyncio.timeout(10):
        flood.writer.write(b'{"command": "press"}\n' * 500)
        while len(done) < 500:
            before = len(done)
            await asyncio.sleep(0)  # one round of the loop
            assert len(done) - before <= 1


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\0" * 5000,
        b"\xff\xfe",
        b'{"command": "\xff"}',  # a UnicodeDecodeError, not msgspec's own
        b'{"command": "say", "text": "caf\\udce9"}',
        b"[" * 60_000,
        b"press",
        b"[]",
    ],
)
async def test_rubbish_is_answered(here: Evening, path: Path, rubbish: bytes) -> None:
    async with client(path) as one:
        one.writer.write(rubbish + b"\n")
        one.writer.write_eof()
        reply = json.loads(await one.reader.read())
        assert reply == {"ok": False, "error": NO_OBJECT}
    async with client(path) as next_one:
        assert (await next_one.ask(STATUS))["ok"]


async def test_a_client_that_goes_in_mid_line_is_forgotten(
    here: Evening, path: Path
) -> None:
    for _ in range(10):
        async with client(path) as one:
            one.writer.write(b'{"command": "pre')
    async with client(path) as one:
        assert (await one.ask(STATUS))["ok"]
    assert here.appliance.phase == "idle"


# -- who it was --------------------------------------------------------------------


def test_the_kernel_says_who_has_connected() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_of(ours) == Peer(os.getpid(), os.getuid())


async def test_the_log_says_who_did_what_but_not_who_only_looked(
    here: Evening, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edgevoice")
    async with client(path) as one:
        await one.ask(STATUS)
        await one.ask(b'{"command": "volume", "level": 30}\n')
        await one.ask(b'{"command": "volume", "level": 300}\n')
        await one.ask(b'{"command": "say", "text": "the aubergine"}\n')
        await one.ask(b'{"command": "watch"}\n')
    await here.until(here.outcomes)
    told = [
        tuple(vars(record)[name] for name in ("REQUEST", "PEER_PID", "PEER_UID"))
        for record in caplog.records
        if hasattr(record, "REQUEST")
    ]
    us = os.getpid(), os.getuid()
    assert told == [("volume", *us), ("say", *us)]
    assert "aubergine" not in caplog.text
