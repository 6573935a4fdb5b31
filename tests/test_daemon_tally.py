"""What ``status`` counts."""

from edgevoice.daemon.tally import Tally
from edgevoice.daemon.turn import Turn


def turn_of(tally: Tally, outcome: str, *moments: str) -> Turn:
    """A turn that began at 10.0 s and ended so."""
    turn = Turn(10.0)
    turn.number = tally.said()
    for moment in moments:
        turn.mark(moment, 10.5)
    turn.outcome = outcome
    tally.ended(turn, underruns=2)
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
    turn = turn_of(tally, "answered", "released", "first_answer_audio")
    turn.mark("first_sound", 10.75)
    turn.spoken = 0.4

    assert tally.last_turn() == {
        "number": 2,
        "outcome": "answered",
        "spoken_ms": 400,
        "latency_ms": 250,
        "underruns": 2,
        "pressed_ms": 0,
        "released_ms": 500,
        "first_answer_audio_ms": 500,
        "first_sound_ms": 750,
    }
