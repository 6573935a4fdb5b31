"""Commands that the model calls, in a whole appliance; real processes."""

import asyncio
import hashlib
import json
import logging
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon import calls, uplink
from edgevoice.daemon.status import status
from edgevoice.simulator.journal import CallCancelled
from tests.evening import Evening, evening
from tests.test_tools_command import marked

pytestmark = [
    pytest.mark.timeout(90),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept over a restart goes into the test's own folder."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


def tool(name: str, *command: str, **more: Any) -> dict[str, Any]:
    """``[[tools]]``."""
    return {"name": name, "description": "Does it.", "command": command, **more}


@asynccontextmanager
async def house(
    folder: Path, behaviour: str, *tools: dict[str, Any]
) -> AsyncIterator[Evening]:
    """An appliance with these tools."""
    async with evening(folder, behaviours=[behaviour], pace=0, tools=tools) as here:
        await here.is_idle()
        yield here


async def ask(here: Evening) -> list[dict[str, Any]]:
    """What the calls of the next question came to, in order; nobody hears it all."""
    before = len(here.called())
    await here.speak(0.3)
    await here.simulator.wait_for(
        lambda _: 0 < len(here.called()) - before == len(here.responses()) - before, 30
    )
    responses = {one.id: one.response for one in here.responses()}
    here.appliance.silence()
    await here.is_idle()
    return [responses[one.id] for one in here.called()[before:]]


# -- a secret ---------------------------------------------------------------------

SECRET = "hunter2-nobody-else-knows"
SHOW = """
import hashlib, json, os
token = os.environ["TOKEN"]
print(json.dumps({
    "argv": open("/proc/self/cmdline").read().split(chr(0)),
    "parent": open(f"/proc/{os.getppid()}/cmdline").read().split(chr(0)),
    "digest": hashlib.sha256(token.encode()).hexdigest(),
    "token": token,
    "key": "GEMINI_API_KEY" in os.environ,
}))
"""


async def test_a_secret_is_in_the_environment_of_the_command_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "a-key-of-nobody")
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    show = tool("show", sys.executable, "-c", SHOW, secrets={"TOKEN": str(file)})
    async with house(tmp_path, "call=show", show) as here:
        [response] = await ask(here)
        told = json.dumps([status(here.appliance), here.guest.news], default=str)
        journal = repr(here.simulator.journal)

    shown = response["output"]
    assert shown["digest"] == hashlib.sha256(SECRET.encode()).hexdigest()
    assert shown["argv"][:2] == [sys.executable, "-c"]
    assert shown["key"] is False
    assert shown["token"] == "[left out]"
    assert "call of show: done" in caplog.text
    for text in (told, journal, caplog.text):
        assert SECRET not in text


# -- arguments that are made to break out -------------------------------------------


def hostile(canary: Path) -> list[str]:
    """Texts that would make the canary if any shell read them."""
    touch = f"touch {canary}"
    return [
        f"; {touch}",
        f"$({touch})",
        f"`{touch}`",
        f"| {touch}",
        f"&& {touch} &",
        f"x' ; {touch} ; '",
        f'x" ; {touch} ; "',
        f"one\n{touch}\ntwo",
        f"one\r\n{touch}",
        f"\\$({touch})",
        f"${{IFS}}{touch}",
        f"{{text}} {{0}} %s %n $0 $@ * ? ~ > {canary}",
        f"\x1b]0;title\x07 {touch}",
        "überall \N{RIGHT-TO-LEFT OVERRIDE}\U0001f600",
    ]


def call(tool: str, /, **given: Any) -> str:
    return f"{tool}:{json.dumps(given)}"


async def test_no_text_breaks_out_of_its_argument(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    texts = hostile(canary)
    script = tmp_path / "calls"
    script.write_text(",".join(call("show", text=text) for text in texts))
    before = set(os.listdir("/proc/self/fd"))
    shown = tool(
        "show", "printf", "<%s>", "{text}", parameters={"text": "string"}, timeout_s=60
    )
    async with house(tmp_path, f"calls={script}@1", shown) as here:
        told = await ask(here)
        assert [one.args["text"] for one in here.called()] == texts
        assert told == [{"output": f"<{text}>", "exit_code": 0} for text in texts]
        assert not canary.exists()
    await asyncio.sleep(0)  # what was aborted is closed in the next round
    # It ended in mid answer, and the server did not hear our close.
    assert set(os.listdir("/proc/self/fd")) == before


MEGABYTE = "x" * 1_000_000


async def test_what_cannot_be_called_is_told_to_the_model_and_nothing_falls(
    tmp_path: Path,
) -> None:
    canary = tmp_path / "canary"
    touch = tool("touch", "touch", "{name}", parameters={"name": "string"})
    count = tool("count", "wc", "-c", parameters={"text": "string"}, stdin=True)
    wanted = [
        (call("touch", name="a\0b"), "name: must not hold a NUL character"),
        (call("touch", name=MEGABYTE), "name: is over 100000 bytes"),
        (call("touch", name="--help"), "name: must not begin with '-'"),
        (call("touch", name=5), "name: 5 is not of type 'string'"),
        (call("touch", name=["a"]), "name: ['a'] is not of type 'string'"),
        (call("touch", name=None), "name: None is not of type 'string'"),
        (call("touch"), "'name' is a required property"),
        (call("touch", name="a", mode=1), "'mode' was unexpected"),
    ]
    script = tmp_path / "calls"
    asked = ",".join(one for one, _ in wanted)
    lines = [asked, call("count", text=MEGABYTE), call("touch", name=str(canary))]
    script.write_text("\n".join(lines))
    async with house(tmp_path, f"calls={script}", touch, count) as here:
        told = await ask(here)
        for (_, words), response in zip(wanted, told, strict=True):
            assert words in str(response.get("error", "")), response
        size = str(len('{"text": ""}\n') + 1_000_000)
        assert await ask(here) == [{"output": size, "exit_code": 0}]
        assert (await here.ask())["outcome"] == "answered"
        assert canary.exists(), "a good call works after all that"
        assert here.refusals() == []
        assert here.appliance.link.generation == 1


async def test_a_name_that_nobody_declared_is_told_with_those_that_are_known(
    tmp_path: Path,
) -> None:
    canary = tmp_path / "canary"
    touch = tool("touch", "touch", str(canary))
    unknown = "call_anyway=tou.ch,sh:{},__init__,..@1"
    async with house(tmp_path, unknown, touch) as here:
        names = ["tou.ch", "sh", "__init__", ".."]
        known = ", ".join(here.appliance.tools)
        assert await ask(here) == [
            {"error": f"there is no function {name!r}; known: {known}"}
            for name in names
        ]
        assert (await here.ask())["outcome"] == "answered"
        assert not canary.exists()


# -- many -------------------------------------------------------------------------

FAMILY = """
setsid sleep 300 & sleep 300 &
case $1 in stubborn) trap "" TERM; (sleep 300) & esac
sleep $2; echo done
"""
"""A command with children, one of which leaves its session; or that heed no SIGTERM."""

CALLS = 200
AT_ONCE = 4


def turns(dice: random.Random) -> list[str]:
    """What the model calls in each turn."""
    return [
        ",".join(
            call(
                dice.choice(["wait", "background"]),
                how=dice.choice(["meek", "meek", "meek", "stubborn"]),
                seconds=round(dice.choice([0.0, 0.1, 0.3, 5.0]), 1),
            )
            for _ in range(AT_ONCE)
        )
        for _ in range(CALLS // AT_ONCE)
    ]


@pytest.mark.parametrize("seed", [1])
async def test_two_hundred_calls_with_barge_ins_leave_no_process(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "CALLS_S", 0.5)  # for so long a press waits
    monkeypatch.setattr(calls, "CROSSING_S", 0.1)
    dice = random.Random(seed)
    script = tmp_path / "calls"
    script.write_text("\n".join(turns(dice)))
    command = ["sh", "-c", FAMILY, "sh", "{how}", "{seconds}"]
    given = {"how": "string", "seconds": "number"}
    mark = {"OF_THIS_TEST": str(tmp_path)}
    more = {"parameters": given, "environment": mark, "timeout_s": 2}
    wait = tool("wait", *command, **more)
    background = tool("background", *command, **more, background=True)
    async with house(tmp_path, f"calls={script}", wait, background) as here:
        ran = False
        while len(here.called()) < CALLS:
            before = len(here.called())
            await here.speak(dice.uniform(0.22, 0.3))
            await here.simulator.wait_for(partial(has_called, here, before))
            # The moment of the next press is what is tested.
            await asyncio.sleep(dice.choice([0.0, 0.05, 0.2, 0.6]))
            ran = ran or bool(marked(f"OF_THIS_TEST={tmp_path}"))
        ids = [one.id for one in here.called()]
        await here.simulator.wait_for(
            lambda _: sum(len(one) for one in settled(here)) >= CALLS, 30
        )
        await here.until(lambda: not here.appliance.calls.under_way)
        here.appliance.silence()
        await here.is_idle()

        answered, cancelled = settled(here)
        assert sorted(answered + cancelled) == sorted(ids), "each once"
        assert answered
        assert cancelled
        assert ran
        assert not marked(f"OF_THIS_TEST={tmp_path}")
        assert here.appliance.link.generation == 1


def has_called(here: Evening, before: int, _: object) -> bool:
    return len(here.called()) > before


def settled(here: Evening) -> tuple[list[str], list[str]]:
    """The ids of calls that were answered, and of those that were cancelled."""
    journal = here.simulator.journal
    return (
        [one.id for one in here.responses() if one.taken],
        [one.id for one in journal if isinstance(one, CallCancelled)],
    )
