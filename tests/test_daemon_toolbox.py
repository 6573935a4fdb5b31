"""The toolbox: names, sources, new settings; with a real MCP server."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevoice import config
from edgevoice.config import BUILT_IN, Configuration
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.toolbox import (
    BACKGROUND_S,
    WAITED_S,
    Toolbox,
    check,
    local_tools,
    unusable,
)
from edgevoice.errors import ConfigError
from edgevoice.tools.tool import Tool

EXAMPLE = Path(__file__).parent / "mcp_example.py"
SERVER = f"""
[[mcp]]
name = "example"
command = ['{sys.executable}', '{EXAMPLE}']
allow = ["add", "greet"]
"""
COMMAND = """
[[tools]]
name = "greet"
description = "Greet from a command."
command = ["echo", "Good day, {name}!"]
parameters = { name = "string" }
background = true
scheduling = "SILENT"
confirm = "press"
timeout_s = 3
"""


async def nothing() -> str:
    """Do nothing."""
    return "done"


BUILTIN = dict.fromkeys(map(str, BUILT_IN), nothing)


def settings(text: str) -> Configuration:
    return config.parse(text, Path("edgevoice.toml"))


class Kept:
    def __init__(self, text: str) -> None:
        self.bell = Bell()
        self.changes = 0
        self.box = Toolbox(settings(text), BUILTIN, self._changed)

    def _changed(self) -> None:
        self.changes += 1
        self.bell.ring()

    async def until_ready(self) -> None:
        assert await self.bell.until(lambda: self.box.ready, 15)

    async def response(self, tool: str, **given: Any) -> Any:
        [result] = [result async for result in self.box.tools[tool].call(given)]
        return result.response


def programs() -> list[Path]:
    """The MCP servers that run as programs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(EXAMPLE).encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(folder)
    return found


@asynccontextmanager
async def kept(text: str) -> AsyncIterator[Kept]:
    one = Kept(text)
    task = asyncio.create_task(one.box.keep())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_the_built_in_ones_are_there_unless_they_are_left_out() -> None:
    async with kept("") as one:
        assert [*one.box.tools] == [*BUILT_IN]
        assert one.box.ready
        assert await one.response("stop") == {"output": "done"}
        assert one.box.source("stop") == "built in"
    async with kept("[functions]\nbuiltin = ['volume']\nconfirm = ['volume']") as one:
        assert [*one.box.tools] == ["volume"]
        assert one.box.tools["volume"].confirm


async def test_a_command_is_a_tool_as_the_settings_have_it() -> None:
    async with kept(COMMAND) as one:
        tool: Tool = one.box.tools["greet"]
        assert tool.background
        assert tool.confirm
        assert (tool.scheduling, tool.timeout_s) == ("SILENT", 3)
        assert one.box.source("greet") == "[[tools]]"
        assert await one.response("greet", name="Ada") == {
            "output": "Good day, Ada!",
            "exit_code": 0,
        }


async def test_tools_of_a_server_join_and_one_whose_name_is_taken_says_whose() -> None:
    async with kept(COMMAND + SERVER) as one:
        assert not one.box.ready
        await one.until_ready()

        names = [*one.box.tools]
        assert names == [*BUILT_IN, "greet", "add", "example_greet"]
        assert [tool.name for tool in one.box.tools.values()] == names
        assert one.changes == 1
        assert one.box.source("example_greet") == "MCP server example"
        assert await one.response("example_greet", name="A") == {"output": "Hello, A!"}


async def test_new_settings_start_and_end_servers_and_keep_those_that_stay() -> None:
    async with kept(SERVER) as one:
        await one.until_ready()
        [server] = one.box.servers
        assert "add" in one.box.tools

        one.box.use(settings(SERVER + COMMAND))
        assert one.box.servers == [server]
        assert {"add", "greet", "example_greet"} <= {*one.box.tools}

        one.box.use(settings(COMMAND))
        assert one.box.servers == []
        assert "add" not in one.box.tools
        while programs():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.01)
        assert one.changes == 3

        one.box.use(settings(SERVER.replace("example", "other", 1)))
        await one.until_ready()
        assert one.box.servers != [server]
        assert "add" in one.box.tools


async def test_settings_that_cannot_be_used_change_nothing() -> None:
    async with kept(COMMAND) as one:
        before = one.box.tools
        with pytest.raises(
            ConfigError, match=r"functions\.installed: nonsense: no pack"
        ):
            one.box.use(settings("[functions]\ninstalled = ['nonsense']"))
        assert one.box.tools == before
        assert one.changes == 0


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("", WAITED_S), ("background = true", BACKGROUND_S), ("timeout_s = 7", 7.0)],
)
def test_one_in_the_background_has_more_time_if_nothing_is_said(
    words: str, seconds: float
) -> None:
    text = f"[[tools]]\nname = 'x'\ndescription = 'x'\ncommand = ['x']\n{words}"

    assert local_tools(settings(text), BUILTIN)["x"].timeout_s == seconds


def test_what_is_wrong_outside_the_settings_is_told() -> None:
    text = (
        COMMAND.replace('"echo"', '"/nowhere/echo"') + "secrets = { A = '/nowhere/a' }"
    )
    text += "\n[[mcp]]\nname = 'x'\nurl = 'http://h'\nheaders = { B = '/nowhere/b' }\n"

    assert [*unusable(settings(text))] == [
        "tools[1].command: there is no program '/nowhere/echo'",
        "tools[1].secrets.A: the file cannot be read: No such file or directory",
        "mcp[1].headers.B: the file cannot be read: No such file or directory",
    ]
    assert [*unusable(Configuration())] == []


def test_a_secret_of_systemd_s_is_judged_where_systemd_gives_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(COMMAND + "secrets = { A = 'lamp-key' }")

    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert [*unusable(given)] == []
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert [*unusable(given)] == [
        "tools[1].secrets.A: the file cannot be read: No such file or directory"
    ]


def test_functions_that_nobody_offers_are_a_mistake() -> None:
    wrong = settings("[functions]\ninstalled = ['nonsense']")
    with pytest.raises(ConfigError, match=r"functions\.installed: nonsense: "):
        check(wrong)
    assert len([*unusable(wrong)]) == 1
