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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import virtual_time
from tests.life import Life, life

Patch = pytest.MonkeyPatch
FEW = settings(
    max_examples=600,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def live(
    act: Callable[[Life], Coroutine[Any, Any, None]], *behaviours: str, **changes: Any
) -> None:
    """Let an appliance live in virtual time, and check what must always hold."""

    async def main() -> None:
        with Patch.context() as patch, tempfile.TemporaryDirectory() as folder:
            async with life(Path(folder), patch, behaviours, **changes) as here:
                await act(here)
                await here.is_settled()
                check(here)

    virtual_time.run(main())


def check(here: Life) -> None:
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
        assert sum(heard) == 1 or outcomes[number] != "answered", told
        if outcomes[number] == "answered":
            for label in labels:
                assert here.whole(label), f"utterance {label} was cut"
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
