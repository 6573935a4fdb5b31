"""MCP: a real server of the official SDK (mcp_example.py), over stdio and HTTP."""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon.bell import Bell
from edgevoice.tools import mcp_server
from edgevoice.tools.mcp import Address
from edgevoice.tools.mcp_server import Manner, McpServer, pause

pytest.importorskip("mcp")

EXAMPLE = str(Path(__file__).parent / "mcp_example.py")
STDIO = Address(command=(sys.executable, EXAMPLE))
TOOLS = ["add", "greet", "break_down", "wait_for_ever", "end", "variable_of_the_server"]
PATIENCE_S = 15.0


@contextmanager
def over_http(port: int = 0) -> Iterator[tuple[Address, "subprocess.Popen[str]"]]:
    """The example on a port of its own."""
    process = subprocess.Popen(
        [sys.executable, EXAMPLE, str(port)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    try:
        for line in process.stderr:
            if found := re.search(r"running on (http://\S+)", line):
                yield Address(url=f"{found[1]}/mcp"), process
                return
        raise AssertionError("it did not start")
    finally:
        process.kill()
        process.communicate()


class Kept:
    """A server that is kept, and the wait for its state."""

    def __init__(self, address: Address, manner: Manner) -> None:
        self.bell = Bell()
        self.server = McpServer("example", address, manner, self.bell.ring)

    async def until(self, true: Callable[[McpServer], object]) -> None:
        assert await self.bell.until(lambda: true(self.server), PATIENCE_S)

    async def call(self, tool: str, timeout_s: float = 5, **given: Any) -> Any:
        return (await self.server.call(tool, given, timeout_s)).response


@asynccontextmanager
async def kept(address: Address, manner: Manner | None = None) -> AsyncIterator[Kept]:
    one = Kept(address, manner or Manner())
    task = asyncio.create_task(one.server.keep())
    try:
        await one.until(lambda server: server.tried)
        yield one
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture(params=["stdio", "http"])
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    if request.param == "stdio":
        yield STDIO
    else:
        with over_http() as (found, _):
            yield found


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    assert not pids_of_the_example()


def pids_of_the_example() -> list[int]:
    return runs(EXAMPLE)


def runs(word: str) -> list[int]:
    """The processes with this in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


async def test_the_tools_of_a_server_are_ours(address: Address) -> None:
    manner = Manner(confirm=True, timeout_s=7)
    async with kept(address, manner) as one:
        tools = {tool.name: tool for tool in one.server.tools}

    assert [*tools] == TOOLS
    assert tools["add"].description == "Add two numbers."
    assert tools["add"].parameters
    assert tools["add"].parameters["required"] == ["a", "b"]
    assert tools["add"].confirm
    assert tools["add"].timeout_s == 7


async def test_results_and_errors_of_a_server_are_the_models(address: Address) -> None:
    async with kept(address) as one:
        assert await one.call("add", a=1, b=2) == {"output": {"result": 3}}
        assert await one.call("greet", name="Ada") == {"output": "Hello, Ada!"}
        assert "break_down" in (await one.call("break_down"))["error"]
        assert "Field required" in (await one.call("add", a=1))["error"]
        assert "nothing" in (await one.call("nothing"))["error"]
        assert await one.call("wait_for_ever", 0.2) == {
            "error": "took over 0.2 s and was stopped"
        }
        [last] = [tool for tool in one.server.tools if tool.name.startswith("variable")]
        result = [one async for one in last.call({"name": "no such variable"})]
        assert result[0].response == {"output": {"result": ""}}


async def test_only_tools_that_are_allowed_are_offered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with kept(STDIO, Manner(allow=("greet", "fly"))) as one:
        assert [tool.name for tool in one.server.tools] == ["greet"]

    assert "has no tool fly; it has add, " in caplog.text


async def test_a_server_that_dies_in_a_call_is_started_again() -> None:
    async with kept(STDIO) as one:
        [first] = pids_of_the_example()
        assert "error" in await one.call("end")
        assert "error" in await one.call("greet", name="Ada")
        assert [tool.name for tool in one.server.tools] == TOOLS

        await one.until(lambda server: server.error)
        await one.until(lambda server: server.error is None)
        assert await one.call("greet", name="Ada") == {"output": "Hello, Ada!"}
        assert pids_of_the_example() != [first]


async def test_a_server_that_dies_unseen_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mcp_server, "LOOK_S", 0.1)
    async with kept(STDIO) as one:
        os.kill(pids_of_the_example()[0], signal.SIGKILL)

        await one.until(lambda server: server.error)
        await one.until(lambda server: server.error is None)
        assert await one.call("greet", name="Ada") == {"output": "Hello, Ada!"}


async def test_a_server_elsewhere_may_come_and_go() -> None:
    with over_http() as (address, _):
        port = int(address.url.split(":")[2].partition("/")[0])
        away = kept(address)
        one = await away.__aenter__()
        assert await one.call("greet", name="Ada") == {"output": "Hello, Ada!"}
    try:
        assert "error" in await one.call("greet", name="Ada")
        await one.until(lambda server: server.error)
        with over_http(port):
            await one.until(lambda server: server.error is None)
            assert await one.call("greet", name="Ada") == {"output": "Hello, Ada!"}
    finally:
        await away.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (Address(url="http://127.0.0.1:1/mcp"), "All connection attempts failed"),
        (Address(command=("/nowhere/server",)), "No such file or directory"),
        (Address(command=("true",)), "Connection closed"),
        (
            Address(url="http://127.0.0.1:1", headers={"A": "/nowhere/a"}),
            "a secret or header: A: the file cannot be read",
        ),
    ],
)
async def test_a_server_that_is_away_is_told_and_has_no_tools(
    address: Address, words: str
) -> None:
    async with kept(address) as one:
        assert one.server.error
        assert one.server.error.startswith(words)
        assert one.server.tools == ()


async def test_its_secrets_reach_it_and_ours_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "a-key-of-nobody")
    token = tmp_path / "token"
    token.write_text("hunter2")
    token.chmod(0o600)
    address = Address(command=STDIO.command, secrets={"TOKEN": str(token)})
    async with kept(address) as one:
        variable = "variable of the server"
        told = await one.call(variable, name="TOKEN")
        assert told == {"output": {"result": "hunter2"}}
        told = await one.call(variable, name="GEMINI_API_KEY")
        assert told == {"output": {"result": ""}}


async def test_what_a_program_leaves_behind_is_ended_with_it() -> None:
    script = f"setsid sleep 301 >&2 & exec {sys.executable} {EXAMPLE}"
    async with kept(Address(command=("sh", "-c", script))) as one:
        assert one.server.error is None
        assert runs("301")
    assert not runs("301")


async def test_calls_cancelled_at_random_leave_the_server_well(
    address: Address,
) -> None:
    chance = random.Random(3)
    async with kept(address) as one:
        for _ in range(50):
            tool, given = chance.choice(
                [("add", {"a": 1, "b": 2}), ("wait_for_ever", {})]
            )
            task = asyncio.create_task(one.call(tool, 0.2, **given))
            await asyncio.wait([task], timeout=chance.uniform(0, 0.02))
            task.cancel()
            await asyncio.wait([task])
        assert await one.call("add", a=1, b=2) == {"output": {"result": 3}}


def test_pauses_grow_up_to_a_minute() -> None:
    assert [pause(failures) for failures in (0, 1, 2, 5, 6, 1000)] == [
        1,
        2,
        4,
        32,
        60,
        60,
    ]


async def test_the_password_of_an_address_is_in_no_error() -> None:
    async with kept(Address(url="http://ada:geheim@127.0.0.1:9/mcp")) as one:
        await one.until(lambda server: server.error)

        assert one.server.error
        assert "geheim" not in one.server.error
