"""What the doctor says of tools and MCP servers."""

import sys
from pathlib import Path

import pytest
from msgspec import structs

from edgevoice.config import Configuration, McpSettings, ToolSettings
from edgevoice.doctor.finding import State
from edgevoice.doctor.offered import check_mcp, check_tools

EXAMPLE = McpSettings(
    name="example",
    command=(sys.executable, str(Path(__file__).with_name("mcp_example.py"))),
)
AWAY = McpSettings(name="away", url="http://127.0.0.1:1/mcp")


def command(program: str) -> ToolSettings:
    return ToolSettings(name="lamp", description="Set a lamp.", command=(program,))


def test_what_the_settings_name_is_counted() -> None:
    few = structs.replace(Configuration().functions, builtin=("volume", "stop"))

    found = check_tools(Configuration(functions=few, tools=(command("echo"),)))

    assert found.state is State.OK
    assert found.found.startswith("2 functions, 1 commands")


def test_programs_that_are_missing_are_named() -> None:
    tools = (command("/nowhere/lamp"), command("/nowhere/heating"))

    found = check_tools(Configuration(tools=tools))

    assert found.state is State.WRONG
    assert "there is no program '/nowhere/lamp' (and 1 more)" in found.found
    assert "edgevoice check" in found.cure


def test_without_a_server_none_is_tried() -> None:
    assert check_mcp(Configuration()).state is State.SKIPPED


def test_a_server_that_answers_is_ok() -> None:
    found = check_mcp(Configuration(mcp=(EXAMPLE,)))

    assert (found.state, found.found) == (State.OK, "example: 6 tools")


def test_a_server_that_is_away_is_named() -> None:
    found = check_mcp(Configuration(mcp=(EXAMPLE, AWAY)))

    assert found.state is State.WRONG
    assert found.found == "away: All connection attempts failed"


def test_a_server_whose_secret_only_the_service_has_is_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    home = McpSettings(name="home", url=AWAY.url, headers={"A": "home-token"})

    found = check_mcp(Configuration(mcp=(home,)))

    assert found.state is State.SKIPPED
    assert "service only" in found.found
