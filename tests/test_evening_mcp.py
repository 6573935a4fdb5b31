"""MCP: a spoken question is answered by a real server, over stdio and over HTTP."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon.status import status
from edgevoice.report import describe
from tests.evening import Evening, evening
from tests.test_tools_mcp_server import STDIO, over_http, pids_of_the_example

pytest.importorskip("mcp")
pytestmark = pytest.mark.timeout(60)

GREET = 'call=greet:{"name":"Ada"}'
GREETED = 'greet answered {"output":"Hello, Ada!"}'


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept over a restart goes into the test's own folder."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    assert not pids_of_the_example()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def house(
    folder: Path, *behaviours: str, **server: Any
) -> AsyncIterator[Evening]:
    """An appliance with this MCP server, once the model can call its tools."""
    mcp = [{"name": "example", **server}]
    async with evening(folder, behaviours=behaviours, pace=0, mcp=mcp) as here:
        await here.is_idle()
        yield here


async def until_back(here: Evening, first: int = 0) -> None:
    """Wait for a connection; to another process than the first one."""

    def is_so() -> bool:
        [server] = here.appliance.mcp_servers()
        return server.error is None and [first] != pids_of_the_example()

    assert await here.appliance.bell.until(is_so, 15)


async def hear(here: Evening) -> str:
    """What the model says to the next question."""
    before = len(here.captions())
    turn = await here.ask()
    assert turn["outcome"] == "answered"
    return here.captions()[before:]


async def test_a_program_answers_what_is_asked_dies_and_comes_back(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, GREET, command=STDIO.command) as here:
        assert await hear(here) == GREETED
        [first] = pids_of_the_example()
        os.kill(first, signal.SIGKILL)
        assert "greet answered" in await hear(here)
        assert "error" in here.responses()[-1].response
        await until_back(here, first)
        assert await hear(here) == GREETED
        assert here.appliance.link.generation == 1, "its tools are the same"


async def test_a_server_elsewhere_answers_what_is_asked_goes_and_comes_back(
    tmp_path: Path,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    with contextlib.ExitStack() as first:
        await asyncio.to_thread(first.enter_context, over_http(port))
        async with house(tmp_path, GREET, url=url) as here:
            assert await hear(here) == GREETED
            await asyncio.to_thread(first.close)
            assert "greet answered" in await hear(here)
            assert "error" in here.responses()[-1].response
            [server] = here.appliance.mcp_servers()
            assert await here.appliance.bell.until(lambda: server.error, 15)
            with contextlib.ExitStack() as second:
                await asyncio.to_thread(second.enter_context, over_http(port))
                await until_back(here)
                assert await hear(here) == GREETED


async def test_a_call_that_kills_its_server_is_an_answer_too(tmp_path: Path) -> None:
    async with house(tmp_path, "call=end@1", command=STDIO.command) as here:
        assert "end answered" in await hear(here)
        assert [*here.responses()[0].response] == ["error"]


async def test_a_new_server_in_the_settings_is_used_at_once(tmp_path: Path) -> None:
    both = [GREET + "@1", 'call=add:{"a":1,"b":2}@2']
    allowed = {"command": STDIO.command, "allow": ["greet"]}
    async with house(tmp_path, *both, **allowed) as here:
        assert await hear(here) == GREETED
        other = {"name": "other", "command": STDIO.command, "allow": ["add"]}
        here.reload(mcp=[other])
        await here.until(lambda: "add" in here.appliance.tools)
        await here.until(lambda: here.appliance.link.generation >= 2)
        await here.is_idle()
        assert "greet" not in here.appliance.tools
        assert await hear(here) == 'add answered {"output":{"result":3}}'
        assert here.appliance.handles.resumed, "the conversation goes on"
        assert len(pids_of_the_example()) == 1


async def test_a_server_that_is_away_is_in_the_status(tmp_path: Path) -> None:
    async with house(tmp_path, url="http://127.0.0.1:1/mcp") as here:
        [told] = status(here.appliance)["mcp"]
        assert told["tools"] == []
        assert "connection attempts failed" in told["error"]
        assert "MCP server  example: All connection" in describe(status(here.appliance))
        assert await hear(here), "it is no hindrance"
