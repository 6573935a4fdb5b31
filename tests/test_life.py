"""Always on: whatever happens, each utterance is answered once, or the user is told.

Everything but the clock is real: sockets, simulator, the whole appliance.
"""

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edgevoice import waterfall
from tests import virtual_time
from tests.life import Life, life

pytestmark = pytest.mark.timeout(120)

Patch = pytest.MonkeyPatch
FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def live(
    act: Callable[[Life], Coroutine[Any, Any, None]],
    *behaviours: str,
    labelled: bool = True,
    **changes: Any,
) -> None:
    """Let an appliance live in virtual time, and check what must always hold.

    Args:
        act: What happens.
        behaviours: Of the simulator, beside the answers.
        labelled: Every answer is the label of its question.
        changes: To the settings.
    """

    async def main() -> None:
        with Patch.context() as patch, tempfile.TemporaryDirectory() as folder:
            async with life(Path(folder), patch, behaviours, **changes) as here:
                await act(here)
                await here.is_settled()
                check(here, labelled=labelled)

    virtual_time.run(main())


def check(here: Life, *, labelled: bool = True) -> None:
    """What must hold at the end of any life, once all is quiet."""
    watch = here.watch
    outcomes = {turn["number"]: turn["outcome"] for turn in here.turns()}
    counts = here.appliance.turns.tally.turns(here.appliance.turns.outbox.pending)
    assert len(outcomes) == counts["said"] == len(here.turns()), "each told once"
    assert counts["pending"] == 0
    for number, labels in here.labels_of_turns().items():
        heard = [here.mouth.runs.count(label) for label in labels]
        told = f"turn {number} ({outcomes[number]}): heard {heard} times"
        assert sum(heard) <= 1, told
        if labelled and outcomes[number] == "answered":
            assert sum(heard) == 1, told
        if outcomes[number] == "answered":
            for label in labels:
                assert here.whole(label), f"utterance {label} was cut"
    for turn in here.turns():
        assert (turn["latency_ms"] or 0) >= 0, turn
        ends = [when for _, *span in waterfall.spans(turn) for when in span]
        assert ends == sorted(ends), turn
    assert watch.most_attempts_in_a_minute() <= 12
    assert watch.most_open <= 1, "never two links"
    refused = {r.reason for r in watch.refusals if r.code == 1007}
    assert refused <= {"Invalid session handle"}, "no protocol errors"


def test_an_hour_of_talk_over_seven_connections() -> None:
    async def talk(here: Life) -> None:
        for _ in range(60):
            label = await here.say(1.0)
            await asyncio.sleep(0.5)
            await here.is_settled()
            assert here.mouth.runs[-1] == label
            await asyncio.sleep(58)
        assert here.mouth.runs == list(range(1, 61))
        assert here.appliance.link.generation == 7
        gaps = {round(b - a) for a, b in itertools.pairwise(here.watch.attempts)}
        assert gaps == {540}

    live(talk)


faults = st.sampled_from(
    [
        "",
        "drop",
        "away",
        "go_away 1",
        "go_away 15",
        "go_away 50",
        "new",
        "silent",
        "stall",
        "empty",
        "no_turn_complete",
        "late_audio",
        "quiet_interrupt",
        "drop@start",
        "drop@audio",
        "drop@end",
        "drop@answer",
        "drop@generated",
        "drop@ready",
        "drop@setup",
        "delay=3",
        "delay=25@setup",
        "close=1011:Internal error encountered.",
        "close=1011:Internal error encountered.@end",
        "close=1011:Deadline expired before operation could complete.@audio",
        "close=1008:BidiGenerateContent session not found@resume",
        "close=1007:Invalid session handle@resume",
        "close=1011:Internal error encountered.@resume",
        "close=1011:Internal error encountered.@ready",
        "close=1000:The operation was cancelled.@start",
        "refuse=503",
        "mute@end",
        "mute@answer",
        "deaf@audio3",
        "double_turn_complete",
        "late_transcript",
        "empty_update",
        "poisoned",
        "resume_then_die",
        "lifetime=5",
        "gaps=1.3",
        "speed=0.7",
        "speed=8",
        "drop@message3",
        "drop@message7",
        "drop@heard",
        "reload voice",
        "reload words",
        "reload ear",
        "reload mouth",
        "reload button",
    ]
)
steps = st.tuples(
    faults,
    st.sampled_from([0.0, 0.1, 0.4, 0.9, 3.0]),  # when it strikes
    st.sampled_from([0.1, 0.3, 0.6, 1.5]),  # how long the button is held
    st.sampled_from([0.25, 0.45, 0.8, 1.6, 4.0, 40.0]),  # pause after it
)


@FEW
@given(st.lists(steps, max_size=12))
@example(  # a press just as an answer begins to be heard
    [("", 0.0, 0.1, 0.25), ("speed=0.7", 0.0, 0.6, 0.8), ("", 0.0, 0.3, 0.25)]
)
def test_no_history_loses_an_utterance(
    history: list[tuple[str, float, float, float]],
) -> None:
    async def suffer(here: Life) -> None:
        for fault, when, hold, pause in history:
            here.schedule(fault, when)
            await here.say(hold)
            await asyncio.sleep(pause)
        await here.heal()
        await here.is_settled()
        await asyncio.sleep(20)  # whatever an old turn still owes is given up
        label = await here.say(1.0)
        await here.is_settled()
        assert here.mouth.runs[-1:] == [label], "the next press works"

    live(suffer)


# -- new settings ------------------------------------------------------------------


def test_settings_that_change_all_the_time_touch_no_utterance() -> None:
    async def talk(here: Life) -> None:
        kinds = itertools.cycle(["voice", "ear", "words", "mouth", "button"])
        for number in range(1, 51):
            here.schedule(f"reload {next(kinds)}", number * 0.05)
            await here.say(1.0)
            await here.is_settled()
        assert here.mouth.runs == list(range(1, 51))
        assert {turn["outcome"] for turn in here.turns()} == {"answered"}

    live(talk)


def test_a_shorter_memory_counts_from_the_last_turn_on() -> None:
    def remember(here: Life, minutes: float) -> None:
        session = {"idle_reset_minutes": minutes, "connection_minutes": 0}
        here.paper.write(live={"session": session})
        assert here.appliance.reload is not None
        here.appliance.reload()

    async def wait(here: Life) -> None:
        await here.say(0.5)
        await here.is_settled()
        remember(here, 0)
        await asyncio.sleep(1000)
        assert here.appliance.link.generation == 1, "never"
        remember(here, 30)
        await asyncio.sleep(100)
        remember(here, 20)
        await asyncio.sleep(150)
        assert here.appliance.link.generation == 2, "1200 s after the turn"
        assert not here.appliance.handles.resumed

    live(wait)


# -- rotation ----------------------------------------------------------------------


def test_rotations_in_mid_conversation_touch_no_utterance() -> None:
    """The own timer, and the server's warnings, while somebody talks all the time."""

    async def talk(here: Life) -> None:
        for number in range(1, 201):
            if number % 20 == 0:
                here.schedule("go_away 50", 0.3)
            await here.say(1.0)
            await here.is_settled()
        assert here.mouth.runs == list(range(1, 201))
        assert here.appliance.link.generation > 5

    live(talk, live={"session": {"connection_minutes": 1}})


def test_a_press_in_the_middle_of_a_rotation_loses_no_syllable() -> None:
    async def press_at_the_swap(here: Life) -> None:
        for number in range(1, 21):
            generation = here.appliance.link.generation
            moment = number * 0.001
            await here.until(lambda: here.appliance.link.generation > generation)  # noqa: B023
            await asyncio.sleep(moment)
            assert await here.say(1.0) == number
            await here.is_settled()
        assert here.mouth.runs == list(range(1, 21))

    live(
        press_at_the_swap,
        "delay=0.02@setup",
        live={"session": {"connection_minutes": 0.6}},
    )


def test_a_server_that_is_silent_after_its_warning_is_left_in_time() -> None:
    async def wait_for_the_end(here: Life) -> None:
        here.schedule("silent", 0.0)
        await asyncio.sleep(40)
        await here.simulator.go_away(20)
        began = asyncio.get_running_loop().time()
        await here.say(0.5)
        await here.until(lambda: here.appliance.link.generation == 2)
        assert asyncio.get_running_loop().time() - began < 11
        await here.is_settled()
        assert here.mouth.runs == [1], "asked again on the next link"

    live(wait_for_the_end)


def test_an_end_that_came_twice_without_a_warning_is_expected() -> None:
    async def be_ended_once(here: Life) -> None:
        for _ in range(2):
            here.schedule("close=deadline", 0)
            await asyncio.sleep(400)
            await here.say(0.5)
            await here.is_settled()
        await asyncio.sleep(400)
        assert here.appliance.link.generation == 4, "left by itself"
        gap = here.watch.attempts[3] - here.watch.attempts[2]
        assert 330 < gap < 395

    live(be_ended_once, live={"session": {"connection_minutes": 0}})


# -- sessions -----------------------------------------------------------------------


def test_a_session_that_takes_the_place_of_a_lost_one_is_told_the_last_words() -> None:
    async def lose_the_session(here: Life) -> None:
        await here.say(0.5)
        await here.is_settled()
        here.schedule("close=1008:BidiGenerateContent session not found@resume", 0)
        await asyncio.sleep(5)
        await here.simulator.drop()
        await here.until(lambda: here.appliance.link.generation == 3)
        await here.simulator.wait_for(lambda _: bool(here.received("clientContent")))
        (history,) = here.received("clientContent")
        assert [turn["role"] for turn in history["turns"]] == ["user", "model"]
        assert history["turns"][1]["parts"][0]["text"] == "answer [1]"
        await here.say(0.5)
        await here.is_settled()
        assert here.mouth.runs == [1, 2]

    live(lose_the_session)


def test_a_new_conversation_is_told_nothing() -> None:
    async def begin_anew(here: Life) -> None:
        await here.say(0.5)
        await here.is_settled()
        here.appliance.begin_anew()
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_settled()
        here.appliance.tap()
        await asyncio.sleep(2)
        assert here.received("clientContent") == []
        assert here.mouth.runs == [1], "the last answer is forgotten too"

    live(begin_anew)


def test_a_resumed_session_that_never_answers_is_replaced_and_asked_again() -> None:
    async def resume(here: Life) -> None:
        await here.say(0.5)
        await here.is_settled()
        await here.simulator.drop()
        await here.until(lambda: here.appliance.handles.resumed)
        await here.is_settled()
        await here.say(0.5)
        await asyncio.sleep(1)
        await here.is_settled()
        assert here.mouth.runs == [1, 2]
        assert [turn["outcome"] for turn in here.turns()] == ["answered"] * 2

    live(resume, "poisoned")


# -- the person who waits -------------------------------------------------------------


def test_a_tap_says_the_last_answer_again_also_without_a_link() -> None:
    async def tap(here: Life) -> None:
        await here.say(0.5)
        await here.is_settled()
        await here.simulator.stop()
        await here.say(0.1)
        await asyncio.sleep(2)
        assert here.mouth.runs == [1]
        assert here.mouth.played > 2 * 0.55, "heard twice"
        assert here.appliance.phase == "idle"
        await here.simulator.start()

    live(tap)


def test_a_press_while_the_link_is_down_tries_again_at_once() -> None:
    async def press(here: Life) -> None:
        await here.simulator.stop()
        await asyncio.sleep(300)  # the pauses are long by now
        await here.simulator.start()
        await here.until(lambda: here.appliance.link.status == "down")
        began = asyncio.get_running_loop().time()
        await here.say(0.5)
        await here.is_settled()
        assert here.mouth.runs == [1]
        assert asyncio.get_running_loop().time() - began < 12

    live(press)


def test_presses_while_the_server_is_away_do_not_keep_it_from_being_found() -> None:
    async def press_often(here: Life) -> None:
        await here.simulator.stop()
        for _ in range(40):
            await here.say(0.5)
            await asyncio.sleep(1)
        await here.simulator.start()
        began = asyncio.get_running_loop().time()
        await here.is_settled()
        assert asyncio.get_running_loop().time() - began < 20

    live(press_often)


def test_an_answer_that_was_silenced_stays_silent_however_long_it_is() -> None:
    async def silence(here: Life) -> None:
        here.answers.length = 60.0
        await here.say(0.5)
        await here.until(lambda: here.appliance.phase == "speaking")
        await asyncio.sleep(3)
        here.appliance.silence()
        await asyncio.sleep(100)
        assert here.mouth.played < 4
        here.answers.length = 0.6
        label = await here.say(0.5)
        await here.is_settled()
        assert here.mouth.runs[-1] == label

    live(silence)


def test_what_is_said_while_the_server_refuses_us_is_told_lost_at_once() -> None:
    async def be_refused(here: Life) -> None:
        here.always("close=quota@setup")
        await here.simulator.drop()
        await here.until(lambda: here.appliance.link.status == "refused")
        await here.say(0.5)
        await asyncio.sleep(1)
        assert here.turns()[-1]["outcome"] == "lost: the server refuses us"
        await here.heal()

    live(be_refused)


def test_speech_is_kept_no_longer_than_it_takes() -> None:
    async def talk_offline(here: Life) -> None:
        await here.simulator.stop()
        for _ in range(5):
            await here.say(1.0)
            await asyncio.sleep(310)
        assert len(here.turns()) == 5
        assert here.appliance.turns.outbox.kept_s < 1.5
        await here.simulator.start()
        await here.is_settled()
        assert here.appliance.turns.outbox.kept_s == 0

    live(talk_offline)


def test_what_is_said_offline_is_kept_five_minutes_and_then_told_lost() -> None:
    async def be_offline(here: Life) -> None:
        await here.simulator.stop()
        await here.say(0.5)
        await asyncio.sleep(290)
        assert here.appliance.phase == "thinking"
        await asyncio.sleep(20)
        assert here.turns()[0]["outcome"] == "lost: no link came up in time"
        await here.say(0.5)
        await asyncio.sleep(250)
        await here.simulator.start()
        await here.is_settled()
        assert here.mouth.runs == [2]

    live(be_offline)


@pytest.mark.parametrize(
    "fault",
    [
        "close=1011:Internal error encountered.@ready",
        "close=1011:Internal error encountered.@setup",
        "close=1008:BidiGenerateContent session not found@setup",
        "close=1007:Invalid session handle@setup",
        "close=1000:@ready",
        "go_away=1",
        "refuse=503",
        "refuse=404",
        "drop@ready",
        "drop@setup",
        "close=quota@setup",
    ],
)
def test_no_server_is_called_more_than_twelve_times_a_minute(fault: str) -> None:
    async def hammer(here: Life) -> None:
        here.always(fault)
        await here.simulator.drop()
        for _ in range(30):
            await here.say(0.5)
            await asyncio.sleep(20)
        assert 2 <= here.watch.most_attempts_in_a_minute() <= 12
        await here.heal()
        await here.until(lambda: here.appliance.link.status == "up", 600)
        await asyncio.sleep(20)
        label = await here.say(0.5)
        await here.is_settled()
        assert here.mouth.runs[-1] == label

    live(hammer)
