from edgevoice.audio.utterance import Utterance
from edgevoice.daemon.turn import MARKS, Turn


def test_a_turn_begins_uncounted_and_under_way() -> None:
    turn = Turn(10.0, utterance=Utterance())

    assert turn.number == 0
    assert turn.outcome == ""
    assert not turn.cancelled


def test_a_turn_with_an_outcome_is_not_to_be_sent_any_more() -> None:
    turn = Turn(10.0, text="hello")

    turn.outcome = "lost: no link came up in time"

    assert turn.cancelled


def test_only_the_first_time_of_a_moment_counts() -> None:
    turn = Turn(10.0)

    turn.mark("first_transcript", 11.0)
    turn.mark("first_transcript", 12.0)

    assert turn.marks() == {"pressed": 10.0, "first_transcript": 11.0}


def test_a_moment_that_may_come_again_counts_by_its_last_time() -> None:
    turn = Turn(10.0)

    turn.mark("released", 11.0, again=True)
    turn.mark("released", 12.0, again=True)

    assert turn.marks()["released"] == 12.0


def test_the_timeline_is_in_order_in_milliseconds_from_the_press() -> None:
    turn = Turn(10.0)
    for second, moment in enumerate(reversed(MARKS[1:])):
        turn.mark(moment, 10.0015 + second)

    assert turn.timeline() == {
        "pressed_ms": 0,
        "first_audio_sent_ms": 6002,
        "released_ms": 5002,
        "last_audio_sent_ms": 4002,
        "first_transcript_ms": 3002,
        "first_answer_audio_ms": 2002,
        "first_sound_ms": 1002,
        "ended_ms": 2,
    }
    assert list(turn.timeline()) == [f"{moment}_ms" for moment in MARKS]


def test_moments_that_did_not_come_are_not_in_the_timeline() -> None:
    turn = Turn(10.0)
    turn.mark("ended", 10.5)

    assert turn.timeline() == {"pressed_ms": 0, "ended_ms": 500}


def test_the_latency_runs_from_the_release_to_the_first_sound() -> None:
    turn = Turn(10.0, utterance=Utterance())
    assert turn.latency_ms is None

    turn.mark("released", 12.0, again=True)
    assert turn.latency_ms is None
    turn.mark("first_sound", 12.75)

    assert turn.latency_ms == 750


def test_the_latency_of_a_typed_turn_runs_from_the_text() -> None:
    turn = Turn(10.0, text="hello")

    turn.mark("first_sound", 11.0)

    assert turn.latency_ms == 1000
