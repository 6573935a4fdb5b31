"""A command that needs a press: lamp, signal sound, and who may allow it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edgevoice.audio.earcons import Earcon, samples
from edgevoice.audio.samples import to_samples
from edgevoice.controls.control import Signal
from edgevoice.conversation import ASK_HEARD
from tests.evening import Evening, evening, match
from tests.program import ROOT, environment

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept over a restart goes into the test's own folder."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


@contextlib.asynccontextmanager
async def asked(folder: Path, **more: Any) -> AsyncIterator[Evening]:
    """An appliance that asks whether it may open the door."""
    door = {
        "name": "door",
        "description": "Opens the door.",
        "command": ["touch", "{path}"],
        "parameters": {"path": "string"},
        "confirm": "press",
    }
    call = f'call=door:{{"path": "{folder / "open"}"}}@1'
    async with evening(folder, behaviours=[call], pace=0, tools=[door], **more) as here:
        await here.is_idle()
        await here.speak(0.5)
        await here.until(lambda: here.guest.signals[-1] is Signal.ASKING)
        await asyncio.sleep(ASK_HEARD)  # a press before that is meant for another thing
        yield here


async def outcome(here: Evening) -> str:
    await here.until(here.outcomes)
    assert len(here.outcomes()) == 1, "the press is no turn of its own"
    return str(here.outcomes()[0]["outcome"])


async def test_a_tap_from_afar_allows_it_and_the_question_was_heard(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path) as here:
        assert not (tmp_path / "open").exists()
        tap = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "edgevoice", "tap"),
            *("--socket", str(tmp_path / "control.sock")),
            cwd=ROOT,
            env=environment(tmp_path),
        )
        assert await tap.wait() == 0
        assert await outcome(here) == "answered"
        assert (tmp_path / "open").exists()
        assert here.guest.signals[-1] is Signal.IDLE
        questions = [one for one in here.guest.news if one["event"] == "question"]
        assert [one.get("allowed") for one in questions] == [None, True]
        # The press silenced nothing: a program takes longer to start than the signal.
        assert match(to_samples(samples(Earcon.ASK)), here.heard()) > 0.99


async def test_a_short_press_of_the_button_allows_it(tmp_path: Path) -> None:
    async with asked(tmp_path) as here:
        await here.speak(0.1)
        assert await outcome(here) == "answered"
        assert (tmp_path / "open").exists()


async def test_edgevoice_stop_is_no(tmp_path: Path) -> None:
    async with asked(tmp_path) as here:
        here.appliance.silence()
        await here.simulator.wait_for(lambda _: bool(here.responses()))
        assert here.responses()[0].response == {"error": "the person did not allow it"}
        await here.is_idle()
        assert not (tmp_path / "open").exists()


async def test_saying_something_else_is_no_and_is_answered(tmp_path: Path) -> None:
    async with asked(tmp_path) as here:
        await here.ask(1.0)
        await here.until(lambda: len(here.outcomes()) == 2)
        assert here.outcomes()[-1]["outcome"] == "answered"
        assert not (tmp_path / "open").exists()
