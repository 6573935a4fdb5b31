"""``edgevoice tools``, as a person runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgevoice.cli import main
from edgevoice.config import BUILT_IN
from edgevoice.errors import EX_CONFIG, EX_FAILED, EX_OK

ROOT = Path(__file__).parent.parent
SETTINGS = f"""
[[tools]]
name = "lamp"
description = "Set a lamp."
command = ["echo", "{{room}} {{level}}"]
parameters = {{ room = "string", level = {{ type = "integer", default = 5 }} }}

[[tools]]
name = "bomb"
description = "Set it off."
command = ["echo", "boom"]
parameters = {{ seconds = {{ type = "integer", default = 3 }} }}
confirm = "press"

[[mcp]]
name = "example"
command = ['{sys.executable}', '{ROOT / "tests" / "mcp_example.py"}']
allow = ["add", "end"]

[[mcp]]
name = "away"
url = "http://127.0.0.1:1/mcp"
"""


@pytest.fixture
def tools(tmp_path: Path) -> Callable[..., Any]:
    """Runs `edgevoice tools`; returns exit status, stdout and the errors on stderr."""
    path = tmp_path / "edgevoice.toml"
    path.write_text(SETTINGS)

    def run(*words: str) -> tuple[int, str, list[str]]:
        done = subprocess.run(
            [sys.executable, "-m", "edgevoice", "tools", "--config", str(path), *words],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        ours = [x for x in done.stderr.splitlines() if x.startswith("edgevoice: ")]
        return done.returncode, done.stdout, ours

    return run


def test_every_tool_is_listed_with_its_source(tools: Callable[..., Any]) -> None:
    status, out, errors = tools()
    lines = [line for line in out.splitlines() if not line.startswith(" ")]

    assert (status, errors) == (EX_FAILED, []), "a server is away"
    assert [line.split()[0] for line in lines[:-1]] == [
        *BUILT_IN,
        "lamp",
        "bomb",
        "add",
        "end",
    ]
    assert lines[0].endswith(
        "Get or set the loudness (level 0 to 100), or mute. (built in)"
    )
    assert lines[-4].endswith("Set it off. ([[tools]]; asks for a press)")
    assert lines[-3].endswith("Add two numbers. (MCP server example)")
    assert lines[-1] == "MCP server away: All connection attempts failed"


def test_what_a_tool_takes_is_below_it(tools: Callable[..., Any]) -> None:
    _, out, _ = tools()
    lines = [line.strip() for line in out.splitlines()]

    lamp = next(n for n, line in enumerate(lines) if line.startswith("lamp "))
    assert lines[lamp + 1] == "takes room: string, required; level: integer"


def test_all_is_well_if_every_server_is_there(tmp_path: Path) -> None:
    path = tmp_path / "edgevoice.toml"
    path.write_text(SETTINGS.partition('[[mcp]]\nname = "away"')[0])

    assert main(["tools", "--config", str(path)]) == EX_OK


@pytest.mark.parametrize(
    ("words", "result"),
    [
        (["lamp", '{"room": "hall"}'], {"output": "hall 5", "exit_code": 0}),
        (["bomb", "--yes"], {"output": "boom", "exit_code": 0}),
        (["add", '{"a": 1, "b": 2}'], {"output": {"result": 3}}),
    ],
)
def test_a_tool_is_run_as_for_the_model(
    words: list[str], result: object, tools: Callable[..., Any]
) -> None:
    status, out, errors = tools(*words)

    assert (status, errors) == (EX_OK, [])
    assert json.loads(out) == result


@pytest.mark.parametrize(
    ("words", "result"),
    [
        (["lamp"], "'room' is a required property"),
        (["volume"], "EdgeVoiceError: this acts on the running daemon only"),
        (["bomb", '{"seconds": "x"}'], "seconds: 'x' is not of type 'integer'"),
        (["end"], "Connection closed"),
    ],
)
def test_what_the_model_would_be_told_is_wrong_is_a_failure(
    words: list[str], result: str, tools: Callable[..., Any]
) -> None:
    status, out, _ = tools(*words)

    assert status == EX_FAILED
    assert json.loads(out) == {"error": result}


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        (
            ["lmp"],
            EX_FAILED,
            "there is no tool 'lmp'; did you mean lamp? (MCP server away: All",
        ),
        (
            ["lamp", "[1]"],
            2,
            "tools: JSON must be an object, as '{\"level\": 3}', not '[1]'",
        ),
        (["bomb"], 2, "tools: it wants to be confirmed, and nobody is here: --yes"),
        (["--config", "/nowhere"], EX_CONFIG, "/nowhere: cannot be read: No such"),
    ],
)
def test_what_cannot_be_run_is_told(
    words: list[str], status: int, error: str, tools: Callable[..., Any]
) -> None:
    was, out, [line] = tools(*words)

    assert (was, out) == (status, "")
    assert line.startswith(f"edgevoice: {error}")
