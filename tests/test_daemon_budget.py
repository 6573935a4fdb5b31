"""The day's budget, in a whole appliance against the simulator."""

import asyncio
import json
import re
import stat
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from edgevoice.audio import earcons
from edgevoice.audio.earcons import Earcon
from edgevoice.audio.samples import to_samples
from edgevoice.config import state_directory
from edgevoice.controls.control import Signal
from edgevoice.daemon.systemd_status import in_words
from tests.evening import TIMEOUT, Evening, evening, match

MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)
LOOK_S = 0.05
SHORT: dict[str, Any] = {"button": {"tap_ms": 100}, "microphone": {"tail_ms": 0}}


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


def file() -> Path:
    return state_directory() / "usage.json"


def on(here: Evening, day: date) -> None:
    """Set the clock."""
    here.appliance.budget.purse.today = lambda: day


def told(here: Evening, event: str) -> list[dict[str, Any]]:
    return [item for item in here.guest.news if item["event"] == event]


def spent(here: Evening) -> float:
    return here.appliance.budget.purse.money_today


async def costs(here: Evening) -> float:
    """One turn, with its bill."""
    before = len(told(here, "usage"))
    await here.ask()
    await here.until(lambda: len(told(here, "usage")) > before)
    return float(told(here, "usage")[-1]["money"])


async def hears(here: Evening, earcon: Earcon) -> None:
    """Wait until a signal was played; the file of the speaker tells nobody."""
    sound = to_samples(earcons.samples(earcon))
    for _ in range(round(TIMEOUT / LOOK_S)):
        if match(sound, here.heard()) > 0.9:
            return
        await asyncio.sleep(LOOK_S)
    raise TimeoutError(f"{earcon} was not heard")


async def is_refused(here: Evening) -> None:
    """A press that is answered by nothing but the signal."""
    sent = len(here.received("activityStart"))
    signals = here.guest.signals
    await here.speak(0.3)
    await here.until(lambda: signals[-1] is Signal.BUDGET)
    assert len(here.received("activityStart")) == sent
    await hears(here, Earcon.BUDGET_SPENT)


async def test_every_turn_is_counted_told_and_kept(tmp_path: Path) -> None:
    async with evening(tmp_path, **SHORT) as here:
        await here.is_idle()
        first, second = await costs(here), await costs(here)
        usage = here.appliance.budget.purse.status()

        assert 0 < first < second  # the context is billed again
        assert usage["money"] == pytest.approx(first + second)
        assert usage["conversation"] == usage["since_start"] == usage["today"]
        assert usage["today"]["turns"] == 2
        assert usage["next_press_at_most"] > second
        tokens = told(here, "usage")[-1]["tokens"]
        assert {"input_audio", "output_audio"} <= {*tokens}
        here.appliance.begin_anew()
        assert here.appliance.budget.purse.status()["conversation"]["turns"] == 0
        words = in_words(here.appliance, 0.0)
        assert re.search(r"; 0\.\d{5} USD today$", words), words

    kept = json.loads(file().read_text())["days"]
    assert [day["turns"] for day in kept.values()] == [2]
    assert stat.S_IMODE(file().stat().st_mode) == 0o600


async def test_the_answer_in_which_the_money_goes_is_heard_and_the_next_press_refused(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, budget={"daily": 1e-6}, **SHORT) as here:
        await here.is_idle()
        on(here, MONDAY)
        turn = await here.ask()
        await here.until(lambda: told(here, "budget"))

        assert turn["outcome"] == "answered"
        assert told(here, "budget")[0]["state"] == "spent"
        await is_refused(here)
        assert "spent" in str(here.appliance.error)
        assert not here.appliance.say("and now?")
        assert len(here.received("activityStart")) == 1
        here.appliance.tap()  # the last answer again
        await here.until(lambda: here.appliance.phase == "speaking")
        here.appliance.silence()
        assert here.appliance.phase == "idle"

        on(here, TUESDAY)  # midnight
        assert await costs(here) > 0
        assert told(here, "budget")[1]["state"] == "free"

        on(here, MONDAY)  # the clock is set back, behind midnight
        await is_refused(here)


@pytest.mark.parametrize("daily", [5.0, 0.0])
async def test_a_restart_does_not_fill_the_purse_but_a_higher_budget_or_none_does(
    tmp_path: Path, daily: float
) -> None:
    async with evening(tmp_path, budget={"daily": 1e-6}, **SHORT) as here:
        await here.is_idle()
        await costs(here)
    async with evening(tmp_path, budget={"daily": 1e-6}, **SHORT) as here:
        await here.is_idle()
        await is_refused(here)

        here.reload(budget={"daily": daily})
        assert (await here.ask())["outcome"] == "answered"
        assert here.appliance.budget.error is None
        assert here.guest.signals[-1] is not Signal.BUDGET


async def test_near_the_end_the_person_is_warned_once_a_day(tmp_path: Path) -> None:
    async with evening(tmp_path, **SHORT) as here:
        await here.is_idle()
        await costs(here)
        here.reload(budget={"daily": spent(here) / 0.85})
        await here.until(lambda: here.guest.signals[-1] is Signal.BUDGET)
        await hears(here, Earcon.BUDGET_LOW)
        daily = spent(here) / 0.9
        here.reload(budget={"daily": daily})
    async with evening(tmp_path, budget={"daily": daily}, **SHORT) as here:
        await here.is_idle()
        here.appliance.budget.look()

        assert not told(here, "budget")


async def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    file().parent.mkdir(parents=True, exist_ok=True)
    file().write_text('{"days": {"2026-11-23": {"money": "much"}}}')
    async with evening(tmp_path, **SHORT) as here:
        await here.is_idle()
        assert spent(here) == 0

    assert file().with_suffix(".damaged").exists()
