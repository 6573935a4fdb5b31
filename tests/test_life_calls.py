"""Function calls in the life of a whole appliance, in virtual time (see life.py)."""

import asyncio
import random
from functools import partial
from typing import TypeAlias

import pytest

from edgevoice.controls.control import Signal
from edgevoice.daemon import toolbox
from edgevoice.daemon.uplink import CALLS_S
from edgevoice.simulator.journal import CallCancelled, Called, Received, Responded
from tests.door import Door
from tests.life import Life
from tests.test_life import live as live_labelled

pytestmark = pytest.mark.timeout(120)


# The simulator's answer after a call is the call's result in words, and no label.
live = partial(live_labelled, labelled=False)

OFFERED: dict[str, Door] = {}
"""What the settings name, for these tests."""


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    OFFERED.clear()
    monkeypatch.setattr(toolbox, "local_tools", lambda *_: dict(OFFERED))


async def offer(here: Life, *doors: Door) -> None:
    """Let the model call these; the link is made anew for them."""
    OFFERED.update({door.name: door for door in doors})
    here.reload("button")
    await here.until(lambda: here.appliance.tools == OFFERED)
    await here.is_settled()


Name: TypeAlias = tuple[int, str]
"""A call by its connection and its id."""


def called(here: Life) -> list[Name]:
    return [
        (entry.connection, entry.id)
        for entry in here.watch.calls
        if isinstance(entry, Called)
    ]


def answered(here: Life) -> list[Name]:
    """The calls whose last response came in time."""
    return [
        (entry.connection, entry.id)
        for entry in here.watch.calls
        if isinstance(entry, Responded) and entry.taken and not entry.will_continue
    ]


def cancelled(here: Life) -> list[Name]:
    return [
        (entry.connection, entry.id)
        for entry in here.watch.calls
        if isinstance(entry, CallCancelled)
    ]


def order(here: Life) -> list[str]:
    """What the server got, in order: kinds of messages, sound left out."""
    got = [entry.message for entry in here.watch.entries if isinstance(entry, Received)]
    kinds = [
        next(iter(message.get("realtimeInput", message))) for message in got if message
    ]
    return [kind for kind in kinds if kind not in {"audio", "setup"}]


def test_a_question_is_answered_after_its_call() -> None:
    async def ask(here: Life) -> None:
        door = Door()
        door.takes_s = 3.0
        await offer(here, door)
        here.always('call=door:{"level": 40}')
        await here.say(1.0)
        await here.is_settled()

        assert door.began == [{"level": 40}]
        assert answered(here) == called(here)
        assert here.turns()[-1]["outcome"] == "answered"

    live(ask)


@pytest.mark.parametrize(("behaviours", "bills"), [((), 1), (("call_usage",), 2)])
def test_each_count_before_and_after_a_call_is_billed_once(
    behaviours: tuple[str, ...], bills: int
) -> None:
    async def ask(here: Life) -> None:
        door = Door()
        door.takes_s = 3.0
        await offer(here, door)
        here.schedule("call=door", 0.0)
        await here.say(1.0)
        await here.is_settled()
        await asyncio.sleep(2)  # the count comes with turnComplete

        today = here.appliance.budget.purse.status()["today"]
        told = [item for item in here.guest.news if item["event"] == "usage"]
        assert today["turns"] == len(told) == bills
        assert today["money"] == pytest.approx(sum(item["money"] for item in told))

    live(ask, *behaviours)


def test_a_call_that_takes_two_minutes_loses_no_question() -> None:
    async def ask(here: Life) -> None:
        door = Door()
        door.timeout_s = door.takes_s = 120.0
        door.takes_s = 119.0
        await offer(here, door)
        here.always("call=door")
        await here.say(1.0)
        await here.is_settled()

        assert here.turns()[-1]["outcome"] == "answered"
        assert here.appliance.link.generation == 2

    live(ask)


def test_a_press_waits_for_the_result_of_a_pending_call() -> None:
    """Some models close the connection else; here the simulator does."""

    async def ask(here: Life) -> None:
        door = Door()
        door.takes_s = 4.0
        await offer(here, door)
        here.schedule("call=door", 0.0)
        await here.say(1.0)
        await door.until(lambda: door.began)
        label = await here.say(1.0)
        await here.is_settled()

        assert order(here)[-5:-1] == [
            "activityStart",
            "activityEnd",
            "toolResponse",
            "activityStart",
        ]
        assert here.mouth.runs[-1] == label
        assert here.appliance.link.generation == 2

    live(ask, "strict_calls")


def test_a_press_waits_ten_seconds_at_most_then_the_call_is_ended() -> None:
    async def ask(here: Life) -> None:
        door = Door()
        await offer(here, door)
        here.schedule("call=door", 0.0)
        await here.say(1.0)
        await door.until(lambda: door.began)
        pressed = asyncio.get_running_loop().time()
        label = await here.say(1.0)
        await door.until(lambda: door.ended)
        waited = asyncio.get_running_loop().time() - pressed
        await here.is_settled()

        assert CALLS_S <= waited < CALLS_S + 2
        assert cancelled(here) == called(here)
        assert answered(here) == []
        assert here.mouth.runs[-1] == label

    live(ask)


def test_what_comes_of_a_background_call_is_heard_later() -> None:
    async def ask(here: Life) -> None:
        door = Door(background=True)
        await offer(here, door)
        here.schedule("call=door", 0.0)
        await here.say(1.0)
        await here.is_settled()
        played = here.mouth.played
        assert here.turns()[-1]["outcome"] == "answered"
        assert not here.appliance.may_leave(), "the call would be lost"
        door.done()
        await here.until(lambda: here.appliance.phase == "speaking")
        await here.is_settled()

        assert here.mouth.played > played
        assert answered(here) == called(here)

    live(ask)


@pytest.mark.parametrize("minutes", [12, 45])
def test_a_timer_is_heard_however_long_it_takes(minutes: int) -> None:
    """Longer than the idle reset, and than a connection."""

    async def ask(here: Life) -> None:
        timer = Door("timer", background=True)
        timer.timeout_s = 3600
        await offer(here, timer)
        here.schedule("call=timer", 0.0)
        await here.say(1.0)
        await here.is_settled()
        await asyncio.sleep(minutes * 60)
        timer.done("time is up")
        await here.until(lambda: len(here.turns()) == 2)

        assert here.turns()[-1]["outcome"] == "answered"
        [said] = [
            one["text"] for one in here.received("realtimeInput") if "text" in one
        ]
        assert said == 'timer, called earlier, answers: {"output":"time is up"}'

    live(ask)


def test_a_question_waits_ten_seconds_for_calls_however_often_it_is_begun() -> None:
    async def ask(here: Life) -> None:
        door = Door()
        await offer(here, door)
        here.schedule("call=door", 0.0)
        await here.say(1.0)
        await door.until(lambda: door.began)
        began = asyncio.get_running_loop().time()
        await here.say(1.0)
        await asyncio.sleep(4)
        here.appliance.silence()
        label = await here.say(1.0)
        await here.until(lambda: label in here.answers.heard)
        waited = asyncio.get_running_loop().time() - began
        await here.is_settled()

        assert waited < CALLS_S + 3

    live(ask)


def test_a_call_runs_once_though_its_question_is_sent_twice() -> None:
    async def ask(here: Life) -> None:
        door = Door()
        door.takes_s = 5.0
        await offer(here, door)
        here.always("call=door")
        await here.say(1.0)
        await door.until(lambda: door.began)
        await here.simulator.drop()
        await here.is_settled()

        assert len(door.began) == 1
        assert len(called(here)) == 2
        assert answered(here) == called(here)[1:]
        assert here.turns()[-1]["outcome"] == "answered"

    live(ask)


# -- with leave ------------------------------------------------------------------


def test_a_short_press_allows_what_is_asked() -> None:
    async def ask(here: Life) -> None:
        door = Door(confirm=True)
        door.takes_s = 0.5
        await offer(here, door)
        here.always("call=door")
        await here.say(1.0)
        await here.until(lambda: here.guest.signals[-1] is Signal.ASKING)
        assert door.began == []
        await asyncio.sleep(1.0)
        here.appliance.press("test")
        await asyncio.sleep(0.15)
        here.appliance.release("test")
        await here.is_settled()

        assert len(door.began) == 1
        assert here.turns()[-1]["outcome"] == "answered"
        assert len(here.turns()) == 1, "the press is no turn"

    live(ask)


def test_a_long_press_says_something_instead() -> None:
    async def ask(here: Life) -> None:
        door = Door(confirm=True)
        await offer(here, door)
        here.schedule("call=door", 0.0)
        await here.say(1.0)
        await here.until(lambda: here.guest.signals[-1] is Signal.ASKING)
        await asyncio.sleep(1.0)  # its sound is not to be recorded
        label = await here.say(1.5)
        await here.is_settled()

        assert door.began == []
        assert here.mouth.runs[-1] == label

    live(ask)


def test_nobody_who_presses_is_no() -> None:
    async def ask(here: Life) -> None:
        door = Door(confirm=True)
        await offer(here, door)
        here.always("call=door")
        await here.say(1.0)
        await here.is_settled()

        assert door.began == []
        assert answered(here) == called(here)
        assert here.turns()[-1]["outcome"] == "answered"

    live(ask)


def test_in_toggle_mode_one_press_allows_it() -> None:
    async def ask(here: Life) -> None:
        door = Door(confirm=True)
        door.takes_s = 0.5
        await offer(here, door)
        here.always("call=door")
        here.appliance.toggle("test")
        await asyncio.sleep(1.0)
        here.appliance.toggle("test")
        await here.until(lambda: here.guest.signals[-1] is Signal.ASKING)
        await asyncio.sleep(1.0)
        here.appliance.toggle("test")
        await here.is_settled()

        assert len(door.began) == 1

    live(ask, button={"mode": "toggle"})


# -- many ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_calls_with_barge_ins_are_each_answered_or_cancelled(
    seed: int,
) -> None:
    dice = random.Random(seed)

    async def ask(here: Life) -> None:
        blocking = Door("door")
        background = Door("bell", background=True)
        await offer(here, blocking, background)
        here.always("call=door,bell")
        while len(called(here)) < 200:
            blocking.takes_s = dice.uniform(0, 15)
            background.takes_s = dice.uniform(0, 25)
            await here.say(dice.uniform(0.1, 2.0))
            await asyncio.sleep(dice.choice([0.0, 0.5, 2.0, 6.0, 30.0]))
        await asyncio.sleep(60)
        await here.is_settled()
        await here.until(lambda: not here.appliance.calls.under_way)

        done, gone = answered(here), cancelled(here)
        assert len(done) == len(set(done)), "none is answered twice"
        assert set(done) | set(gone) == set(called(here))
        assert len(blocking.began) == blocking.ended
        assert len(background.began) == background.ended

    live(ask)
