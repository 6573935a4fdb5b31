"""Calls, notes, pictures, typed questions and faults, all at once (see life.py)."""

import asyncio
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.door import Door
from tests.life import Life
from tests.photos import encoded
from tests.test_life import FEW, faults
from tests.test_life_calls import OFFERED, answered, live, offer, offered

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures(offered.__name__)]

PICTURE = encoded(Image.new("RGB", (64, 48), "red"))

calls = st.sampled_from(
    [
        "call=door",
        "call=bell",
        "call=lamp",
        "call=door,bell,lamp",
        "call=bell@answer",
        "call=lamp@generated",
        "call_usage",
        "strict_calls",
    ]
)
steps = st.tuples(
    st.one_of(calls, calls, faults),
    st.sampled_from([0.0, 0.1, 0.4, 0.9, 3.0]),  # when it strikes
    st.sampled_from(["", "", "note", "picture", "type"]),
    st.sampled_from([0.1, 0.3, 0.6, 1.5]),  # how long the button is held
    st.sampled_from([0.25, 0.45, 0.8, 1.6, 4.0, 40.0]),  # pause after it
)
takes = st.sampled_from([0.0, 0.3, 1.0, 2.5, 6.0, 14.0])
Step: TypeAlias = tuple[str, float, str, float, float]


def doors(durations: tuple[float, float, float]) -> list[Door]:
    """One that the model waits for, and two whose results come when they come."""
    made = [
        Door("door"),
        Door("bell", background=True),
        Door("lamp", background=True, scheduling="INTERRUPT"),
    ]
    for door, seconds in zip(made, durations, strict=True):
        door.takes_s = seconds
    return made


async def do(here: Life, what: str, number: int) -> None:
    """What else a person does, or somebody for them."""
    match what:
        case "note":
            here.appliance.note(f"note {number}.")
        case "picture":
            await here.appliance.pictures.show(PICTURE)
        case "type":
            here.appliance.say("and now?")
        case _:
            pass


@FEW
@given(st.lists(steps, max_size=10), st.tuples(takes, takes, takes))
def test_no_history_of_calls_notes_and_pictures_loses_anything(
    history: list[Step], durations: tuple[float, float, float]
) -> None:
    async def suffer(here: Life) -> None:
        OFFERED.clear()
        made = doors(durations)
        await offer(here, *made)
        for number, (fault, when, what, hold, pause) in enumerate(history):
            here.schedule(fault, when)
            await do(here, what, number)
            await here.say(hold)
            await asyncio.sleep(pause)
        await here.heal()
        await asyncio.sleep(40)  # whatever is still owed comes, or is given up
        await here.is_settled()
        await here.until(lambda: not here.appliance.calls.under_way)
        label = await here.say(1.0)
        await here.is_settled()
        assert here.mouth.runs[-1:] == [label], "the next press works"
        assert not here.appliance.turns.notes.waiting
        assert here.appliance.pictures.waiting is None, "it went with the last question"
        done = answered(here)
        assert len(done) == len(set(done)), "no call is answered twice"
        assert all(len(door.began) == door.ended for door in made)

    live(suffer)
