"""The timelines of turns in the life of a whole appliance, in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from edgevoice.audio.startgate import FIRST_S
from edgevoice.daemon import toolbox
from edgevoice.daemon.status import status
from edgevoice.daemon.timeline import MARKS
from tests.door import Door
from tests.life import BLOCK_S, Life
from tests.test_life import live

pytestmark = pytest.mark.timeout(120)

BLOCK_MS = round(BLOCK_S * 1000)


def last_turn(
    act: Callable[[Life], Coroutine[Any, Any, None]], *behaviours: str, **changes: Any
) -> dict[str, Any]:
    """What was told of the last turn of a life in which this happens."""
    told: list[dict[str, Any]] = []

    async def main(here: Life) -> None:
        await act(here)
        await here.is_settled()
        told.extend(here.turns())

    live(main, *behaviours, labelled=False, **changes)
    return told[-1]


async def say(here: Life) -> None:
    await here.say(1.0)


def test_the_moments_of_a_turn_come_in_order_and_its_latency_is_the_wait() -> None:
    turn = last_turn(say, "delay=0.5@end")

    moments = [turn[f"{name}_ms"] for name in MARKS]
    assert moments == sorted(moments)
    assert turn["released_ms"] == 1000
    assert turn["last_audio_sent_ms"] - 1200 in range(-1, BLOCK_MS + 1)  # the tail
    assert turn["first_answer_audio_ms"] - turn["last_audio_sent_ms"] >= 500
    assert turn["latency_ms"] == turn["first_sound_ms"] - 1000
    assert turn["gate_ms"] == round(FIRST_S * 1000)
    assert (turn["sendings"], turn["underruns"], turn["asked_ms"]) == (1, 0, 0)


def test_a_press_that_is_held_too_long_is_waited_for_from_its_end_on() -> None:
    async def hold(here: Life) -> None:
        here.appliance.press("test")
        here.ear.saying = 1
        await here.until(here.turns)
        here.appliance.release("test")

    turn = last_turn(hold, button={"max_hold_s": 5})

    assert turn["released_ms"] == 5000
    assert turn["latency_ms"] < 1500


def test_a_typed_turn_has_no_release() -> None:
    async def type_it(here: Life) -> None:
        assert here.appliance.say("hello")
        await here.until(here.turns)

    turn = last_turn(type_it)

    assert turn["typed"]
    assert "released_ms" not in turn
    assert "first_transcript_ms" not in turn
    assert turn["latency_ms"] == turn["first_sound_ms"]


def test_a_turn_that_was_sent_again_says_so() -> None:
    async def lose_the_link(here: Life) -> None:
        here.schedule("drop@end", 0.0)
        await here.say(1.0)
        await here.until(here.turns)

    turn = last_turn(lose_the_link)

    assert (turn["outcome"], turn["sendings"]) == ("answered", 2)
    assert turn["last_audio_sent_ms"] > 1200
    assert turn["latency_ms"] == turn["first_sound_ms"] - 1000


def test_underruns_belong_to_the_answer_that_ran_dry() -> None:
    async def stutter(here: Life) -> None:
        here.answers.length = 5.0
        await here.say(1.0)
        await here.is_settled()
        assert here.turns()[0]["underruns"] > 0
        here.schedule("empty", 0.0)
        await here.say(1.0)

    turn = last_turn(stutter, "gaps=1.3@1")

    assert turn["outcome"].startswith("lost")
    assert (turn["underruns"], turn["gate_ms"]) == (0, None)


def test_the_time_in_which_the_person_decides_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = Door(confirm=True)
    door.takes_s = 0.0
    monkeypatch.setattr(toolbox, "local_tools", lambda *_: {"door": door})

    async def ask(here: Life) -> None:
        here.schedule("call=door", 0.0)
        await here.say(1.0)
        await here.until(lambda: here.appliance.asks)
        await asyncio.sleep(7.0)
        here.appliance.allow()
        await here.until(here.turns)

    turn = last_turn(ask)

    assert door.began
    assert turn["asked_ms"] == pytest.approx(7000, abs=20)
    assert [end - begin for begin, end in turn["questions_ms"]] == [turn["asked_ms"]]
    assert turn["latency_ms"] == turn["first_sound_ms"] - 1000 - turn["asked_ms"]
    assert 0 < turn["latency_ms"] < 3000


def test_status_tells_the_latency_of_the_turns() -> None:
    async def talk(here: Life) -> None:
        def latency() -> Any:
            return status(here.appliance)["latency"]

        assert latency() == {"turns": 0, "p50_ms": None, "p95_ms": None}
        for _ in range(3):
            await here.say(0.5)
            await here.is_settled()
        waits = sorted(turn["latency_ms"] for turn in here.turns())
        assert latency() == {"turns": 3, "p50_ms": waits[1], "p95_ms": waits[2]}

    live(talk)
