"""What ``status`` counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.daemon.tally import KEPT, Tally, nearest_rank
from edgevoice.daemon.turn import Turn


def turn_of(tally: Tally, outcome: str, *moments: str, latency: float = 0.0) -> Turn:
    """A turn that began at 10.0 s and ended so."""
    turn = Turn(10.0)
    turn.number = tally.said()
    for moment in moments:
        turn.mark(moment, 10.5)
    if latency:
        turn.mark("first_sound", 10.5 + latency)
    turn.spoken = 0.4
    turn.outcome = outcome
    tally.ended(turn, time=1e9)
    return turn


def test_before_the_first_turn_everything_is_nothing() -> None:
    tally = Tally()

    assert tally.turns(0) == {
        "said": 0,
        "answered": 0,
        "told": 0,
        "cancelled": 0,
        "pending": 0,
    }
    assert tally.last_turn() == {}


def test_turns_are_numbered_from_one() -> None:
    tally = Tally()

    assert [tally.said(), tally.said()] == [1, 2]


def test_every_outcome_is_counted_where_it_belongs() -> None:
    tally = Tally()
    turn_of(tally, "answered", "first_answer_audio")
    turn_of(tally, "talked over", "first_answer_audio")  # some of it was heard
    turn_of(tally, "cancelled")
    turn_of(tally, "lost: no answer")
    turn_of(tally, "lost: the connection broke", "first_answer_audio")

    assert tally.turns(pending=3) == {
        "said": 5,
        "answered": 2,
        "told": 2,
        "cancelled": 1,
        "pending": 3,
    }


def test_the_last_turn_is_told_with_its_moments() -> None:
    tally = Tally()
    turn_of(tally, "cancelled")
    turn_of(tally, "answered", "released", "first_answer_audio", latency=0.25)

    assert tally.last_turn() == {
        "time": 1e9,
        "number": 2,
        "outcome": "answered",
        "typed": False,
        "spoken_ms": 400,
        "latency_ms": 250,
        "asked_ms": 0,
        "gate_ms": None,
        "underruns": 0,
        "sendings": 0,
        "questions_ms": [],
        "pressed_ms": 0,
        "released_ms": 500,
        "first_answer_audio_ms": 500,
        "first_sound_ms": 750,
    }


def test_a_bounded_number_of_turns_is_kept_and_they_are_counted_all() -> None:
    tally = Tally()
    for _ in range(3 * KEPT):
        turn_of(tally, "answered", "first_answer_audio")

    numbers = [turn["number"] for turn in tally.last_turns()]
    assert numbers == [*range(2 * KEPT + 1, 3 * KEPT + 1)]
    assert tally.turns(0)["answered"] == 3 * KEPT


def test_the_latency_is_that_of_the_turns_that_were_heard() -> None:
    tally = Tally()
    assert tally.latency() == {"turns": 0, "p50_ms": None, "p95_ms": None}
    turn_of(tally, "lost: no answer")
    assert tally.latency()["turns"] == 0

    for tenths in (9, 1, 2):
        turn_of(tally, "answered", "released", latency=tenths / 10)

    assert tally.latency() == {"turns": 3, "p50_ms": 200, "p95_ms": 900}


@pytest.mark.parametrize(
    ("count", "p50", "p95"), [(1, 1, 1), (2, 1, 2), (19, 10, 19), (20, 10, 19)]
)
def test_a_percentile_is_one_of_the_values(count: int, p50: int, p95: int) -> None:
    values = range(1, count + 1)

    assert (nearest_rank(values, 50), nearest_rank(values, 95)) == (p50, p95)


@given(st.lists(st.integers(), min_size=1), st.integers(1, 100))
def test_so_many_per_cent_do_not_exceed_it(values: list[int], percent: int) -> None:
    ordered = sorted(values)
    value = nearest_rank(ordered, percent)

    assert value is not None
    assert sum(one <= value for one in values) * 100 >= percent * len(values)
    assert sum(one < value for one in values) * 100 < percent * len(values)
