"""Commands as tools: real processes."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from edgevoice.tools import processes
from edgevoice.tools.command import MOST, Command, CommandTool
from edgevoice.tools.processes import MARK, environment
from edgevoice.tools.schema import schema_of
from edgevoice.tools.tool import Result

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

NAP = str(300 + os.getpid())
"""Seconds that ours sleep, by which they are told from those of other test runs."""

SHOW = "import json, sys; print(json.dumps({'argv': sys.argv[1:]}))"
"""A program that shows what it was given."""


def tool(
    argv: Sequence[str],
    parameters: dict[str, Any] | None = None,
    timeout_s: float = 10,
    **how: Any,
) -> CommandTool:
    return CommandTool(
        name="it",
        parameters=schema_of(parameters or {}),
        timeout_s=timeout_s,
        command=Command(argv=tuple(argv), **how),
    )


def shell(script: str, **how: Any) -> CommandTool:
    return tool(["sh", "-c", script], **how)


async def results(one: CommandTool, **arguments: Any) -> list[Result]:
    return [result async for result in one.call(arguments)]


async def response(one: CommandTool, **arguments: Any) -> dict[str, Any]:
    [result] = await results(one, **arguments)
    assert not result.more
    return result.response


def marked(word: str = f"{MARK}={os.getpid()}-") -> list[int]:
    """Processes whose environment has this; those of other test runs are not ours."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.fixture(autouse=True)
async def nothing_stays() -> AsyncIterator[None]:
    """Whatever a test does, no process of a call is left, and no task."""
    yield
    assert marked() == []
    assert [*asyncio.all_tasks()] == [asyncio.current_task()]


# -- what the model gets ---------------------------------------------------------------


async def test_output_is_text_or_what_the_json_says() -> None:
    assert await response(shell("echo ' warm '")) == {"output": "warm", "exit_code": 0}
    assert await response(shell("echo 21.5")) == {"output": "21.5", "exit_code": 0}
    assert (await response(shell("""echo '{"a": [1]}'""")))["output"] == {"a": [1]}
    assert (await response(shell("echo '{no'")))["output"] == "{no"


async def test_a_failure_is_the_last_line_of_stderr_and_the_exit_code() -> None:
    failing = shell("echo half; echo one >&2; echo 'the lamp is away ' >&2; exit 3")

    assert await response(failing) == {
        "error": "the lamp is away",
        "exit_code": 3,
        "output": "half",
    }
    assert await response(shell("exit 4")) == {
        "error": "failed with exit status 4",
        "exit_code": 4,
    }
    assert (await response(shell("kill -SEGV $$")))["error"] == "was ended by SIGSEGV"


async def test_a_program_may_close_its_output_before_it_ends() -> None:
    closing = shell("echo done; exec >&-; sleep 0.3; exit 5")

    assert await response(closing) == {
        "error": "failed with exit status 5",
        "exit_code": 5,
        "output": "done",
    }


async def test_a_program_that_is_not_there_is_an_error() -> None:
    assert await response(tool(["/nowhere/program"])) == {
        "error": "cannot be started: No such file or directory"
    }


async def test_output_is_cut_and_that_is_told() -> None:
    long = await response(shell("head -c 1000000 /dev/zero | tr '\\0' x"))

    assert long["output"] == "x" * MOST
    assert long["truncated"] == f"only the first {MOST} bytes are here"
    assert "truncated" not in await response(shell(f"head -c {MOST} /dev/zero"))


async def test_output_that_is_no_utf8_is_text_all_the_same() -> None:
    assert (await response(shell(r"printf 'a\377b'")))[
        "output"
    ] == "a\N{REPLACEMENT CHARACTER}b"


async def test_each_line_of_a_stream_is_a_result_as_soon_as_it_is_there(
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    streaming = shell(f"echo one; echo; read x <{gate}; printf two", stream=True)

    async with aclosing(streaming.call({})) as lines:
        assert await anext(lines) == Result(response={"output": "one"}, more=True)
        gate.write_text("go\n")  # it did not wait for the end
        assert await anext(lines) == Result(response={"output": "two"}, more=True)
        with pytest.raises(StopAsyncIteration):  # nothing is left to be said
            await anext(lines)


async def test_a_stream_too_is_cut(tmp_path: Path) -> None:
    told = await results(shell("seq 100000", stream=True))

    assert sum(len(one.response["output"]) + 1 for one in told[:-1]) <= MOST + 1
    assert "truncated" in told[-1].response


# -- what the command gets -------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["; id", "$(id)", "`id`", "a\nb", "'\"", "x" * 90_000, "", "ä€😀"]
)
async def test_an_argument_arrives_as_it_is_and_nothing_else_happens(text: str) -> None:
    show = tool([sys.executable, "-c", SHOW, "{a}", "<{a}>"], {"a": "string"})

    output = (await response(show, a=text)).get("output")
    if len(text) > MOST:
        assert isinstance(output, str)  # cut
        assert output.startswith('{"argv": ["xxx')
    else:
        assert output == {"argv": [text, f"<{text}>"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"a": "x" * 1_000_000}, "a: is over 100000 bytes"),
        ({"a": "x\0"}, "a: must not hold a NUL character"),
        ({"a": "-rf"}, "a: must not begin with '-'"),
        ({"a": "\ud800"}, "a: is not valid Unicode text"),
        ({"a": "x", "b": 1}, "('b' was unexpected); known: a"),
        ({}, "'a' is a required property"),
        ({"a": 1}, "a: 1 is not of type 'string'"),
    ],
)
async def test_arguments_that_cannot_be_are_an_error_before_anything_runs(
    arguments: dict[str, Any], words: str, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    touch = tool(["touch", str(ran), "{a}"], {"a": "string"})

    [told] = await results(touch, **arguments)
    assert told.response["error"].endswith(words)
    assert str(touch.refusal(arguments)).endswith(words)
    assert touch.refusal({"a": "x"}) is None
    assert not ran.exists()


async def test_long_arguments_go_through_stdin() -> None:
    count = tool([sys.executable, "-c", COUNT], {"a": "string"}, stdin=True)

    assert (await response(count, a="x" * 1_000_000))["output"] == [["a", 1_000_000]]


COUNT = """
import json
print(json.dumps([[name, len(one)] for name, one in json.load(open(0)).items()]))
"""


async def test_its_environment_is_small_and_holds_nothing_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (
        "GEMINI_API_KEY",
        "CREDENTIALS_DIRECTORY",
        "NOTIFY_SOCKET",
        "LD_PRELOAD",
    ):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("LC_TIME", "C")
    show = tool([sys.executable, "-Sc", ENVIRON], environment={"ROOM": "a hall"})

    seen = (await response(show))["output"]
    assert seen["ROOM"] == "a hall"
    ours = {*environment({}), "LC_TIME", "ROOM", MARK}
    # Python sets it where no locale is set, in ours as in the child.
    assert set(seen) - {"LC_CTYPE"} == ours - {"LC_CTYPE"}
    assert set(seen).isdisjoint(
        {"GEMINI_API_KEY", "CREDENTIALS_DIRECTORY", "LD_PRELOAD"}
    )


ENVIRON = "import json, os; print(json.dumps(dict(os.environ)))"


async def test_a_secret_is_in_the_environment_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hunter2\n")
    file.chmod(0o600)
    show = shell(
        "echo $T; echo bad $T >&2; test $T = hunter2; exit 1", secrets={"T": str(file)}
    )

    told = await response(show)
    assert told == {"error": "bad [left out]", "exit_code": 1, "output": "[left out]"}
    file.chmod(0o644)
    told = await response(show)
    assert told == {"error": "a secret that it needs cannot be read"}


# -- its end -------------------------------------------------------------------------


FAMILY = (
    f"sleep {NAP} & setsid sleep {NAP} & (setsid sh -c 'sleep {NAP} & sleep {NAP}') & "
    f"env -i sleep {NAP} & trap '' TERM; echo up; wait; sleep {NAP}"
)
"""Children in the group, out of it, without the mark, and a shell that stays."""


async def test_a_command_that_takes_too_long_is_ended_with_all_its_children() -> None:
    since = time.monotonic()

    assert await response(shell(FAMILY, timeout_s=0.5)) == {
        "error": "took over 0.5 s and was stopped"
    }
    assert time.monotonic() - since < 5
    assert not sleepers()


async def test_children_that_outlive_the_command_are_ended_with_it() -> None:
    told = await response(shell(f"sleep {NAP} & setsid sleep {NAP} & echo done"))

    assert told == {"output": "done", "exit_code": 0}
    assert not sleepers()


async def test_closing_a_call_ends_it_before_it_returns() -> None:
    results = shell(FAMILY, stream=True).call({})
    assert (await anext(results)).response == {"output": "up"}
    await until_family_is_up()

    await results.aclose()
    assert not sleepers()


async def test_cancelling_a_call_twice_ends_it_all_the_same() -> None:
    task = asyncio.create_task(response(shell(FAMILY)))
    await until_family_is_up()

    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not sleepers()


async def until_family_is_up() -> None:
    while len(sleepers()) < 5:  # noqa: ASYNC110  nobody tells
        await asyncio.sleep(0.01)


def sleepers() -> list[int]:
    """Every ``sleep`` of ours, marked or not."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes() == f"sleep\0{NAP}\0".encode():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.timeout(90)
async def test_two_hundred_calls_cancelled_at_random_leave_nothing() -> None:
    chance = random.Random(5)
    kinds = [
        shell("echo done"),
        shell(f"sleep {NAP} & setsid sleep {NAP} & echo up; wait", timeout_s=0.2),
        shell(f"for i in 1 2 3; do echo $i; done; sleep {NAP}", stream=True),
        shell(f"trap '' TERM; sleep {NAP}; sleep {NAP}"),
    ]

    async def one(number: int) -> str:
        task = asyncio.create_task(_all(chance.choice(kinds)))
        _, late = await asyncio.wait([task], timeout=chance.uniform(0, 0.4))
        if not late:
            return "answered"
        task.cancel()
        await asyncio.wait([task])
        return "cancelled"

    outcomes = []
    for begin in range(0, 200, 20):
        calls = (one(number) for number in range(begin, begin + 20))
        outcomes += await asyncio.gather(*calls)
        assert marked() == []
    assert len(outcomes) == 200
    assert {*outcomes} == {"answered", "cancelled"}
    assert not sleepers()


async def _all(one: CommandTool) -> None:
    async with aclosing(one.call({})) as told:
        async for _ in told:
            pass


async def test_what_is_left_of_one_call_is_not_taken_for_another() -> None:
    other = shell(f"echo up; sleep {NAP}", stream=True).call({})
    await anext(other)

    await response(shell("echo done"))
    assert len(marked()) == 2
    await other.aclose()


async def test_a_dead_process_is_not_waited_for() -> None:
    process = await asyncio.create_subprocess_exec("sleep", NAP, env={MARK: "test"})
    pid = process.pid

    assert [*processes.processes("test")] == [pid]
    process.kill()
    await process.wait()
    assert [*processes.processes("test", pid)] == []


async def test_a_process_that_cannot_be_killed_is_left_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    kill = os.kill
    monkeypatch.setattr(processes, "PATIENCE_S", 0.1)
    monkeypatch.setattr(os, "kill", refuse)
    one = shell("echo $$; exec sleep 60", timeout_s=0.2, stream=True)

    async with asyncio.timeout(5):
        first, *others = await results(one)

    pid = int(first.response["output"])
    assert "took over 0.2 s" in others[-1].response["error"]
    assert f"process {pid} cannot be killed" in caplog.text
    kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():  # noqa: ASYNC110  nobody tells
        await asyncio.sleep(0.01)
