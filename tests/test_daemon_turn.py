from edgevoice.audio.utterance import Utterance
from edgevoice.daemon.turn import Turn


def test_a_turn_begins_uncounted_and_under_way() -> None:
    turn = Turn(10.0, utterance=Utterance())

    assert turn.number == 0
    assert turn.outcome == ""
    assert not turn.cancelled


def test_a_turn_with_an_outcome_is_not_to_be_sent_any_more() -> None:
    turn = Turn(10.0, text="hello")

    turn.outcome = "lost: no link came up in time"

    assert turn.cancelled


def test_its_moments_stand_in_its_timeline() -> None:
    turn = Turn(10.0)

    turn.mark("released", 11.0)
    turn.mark("released", 12.0, again=True)

    facts = turn.timeline.facts()
    assert (facts["pressed_ms"], facts["released_ms"]) == (0, 2000)
