"""When what happened in a turn, and what it comes to."""

import pytest

from edgevoice.daemon.timeline import MARKS, Timeline


def moments(line: Timeline) -> dict[str, int]:
    """Those that came, in ms."""
    known = {f"{mark}_ms" for mark in MARKS}
    return {name: at for name, at in line.facts().items() if name in known}


def spoken(first_sound: float) -> Timeline:
    """A press at 10 s, a release at 12 s, an answer."""
    line = Timeline(10.0)
    line.mark("released", 12.0)
    line.mark("first_sound", first_sound)
    return line


def test_only_the_first_time_of_a_moment_counts() -> None:
    line = Timeline(10.0)

    line.mark("first_transcript", 11.0)
    line.mark("first_transcript", 12.0)

    assert moments(line) == {"pressed_ms": 0, "first_transcript_ms": 1000}


def test_a_moment_that_may_come_again_counts_by_its_last_time() -> None:
    line = Timeline(10.0)

    line.mark("released", 11.0, again=True)
    line.mark("released", 12.0, again=True)

    assert moments(line)["released_ms"] == 2000


def test_the_moments_are_in_order_in_milliseconds_from_the_press() -> None:
    line = Timeline(10.0)
    for second, moment in enumerate(reversed(MARKS[1:])):
        line.mark(moment, 10.0015 + second)

    assert moments(line) == {
        "pressed_ms": 0,
        "first_audio_sent_ms": 6002,
        "released_ms": 5002,
        "last_audio_sent_ms": 4002,
        "first_transcript_ms": 3002,
        "first_answer_audio_ms": 2002,
        "first_sound_ms": 1002,
        "ended_ms": 2,
    }
    assert list(moments(line)) == [f"{moment}_ms" for moment in MARKS]


def test_moments_that_did_not_come_are_not_told() -> None:
    line = Timeline(10.0)
    line.mark("ended", 10.5)

    assert moments(line) == {"pressed_ms": 0, "ended_ms": 500}
    assert "ended" in line
    assert "first_sound" not in line
    assert line.facts()["gate_ms"] is None


def test_what_a_lost_link_had_taken_does_not_count() -> None:
    line = Timeline(10.0)
    for moment in ("first_audio_sent", "last_audio_sent", "first_transcript"):
        line.mark(moment, 11.0)

    line.unsent()

    assert moments(line) == {"pressed_ms": 0, "first_audio_sent_ms": 1000}


def test_the_latency_runs_from_the_release_to_the_first_sound() -> None:
    line = Timeline(10.0)
    assert line.latency_ms is None
    line.mark("released", 12.0, again=True)
    assert line.latency_ms is None

    line.mark("first_sound", 12.75)

    assert line.latency_ms == 750


def test_the_latency_of_a_typed_turn_runs_from_the_text() -> None:
    line = Timeline(10.0)

    line.mark("first_sound", 11.0)

    assert line.latency_ms == 1000


def test_what_was_sent_ends_after_the_release() -> None:
    line = Timeline(10.0)
    line.mark("last_audio_sent", 12.5)
    assert line.sent_ms is None

    line.mark("released", 12.0)

    assert line.sent_ms == 500


def test_the_time_in_which_a_person_decides_is_no_latency() -> None:
    line = Timeline(10.0)
    line.mark("released", 12.0)
    line.ask(13.0)
    line.decided(20.0)
    line.decided(21.0)  # nothing was asked
    line.ask(21.0)
    line.decided(22.0)

    line.mark("first_sound", 23.0)

    facts = line.facts()
    assert (facts["latency_ms"], facts["asked_ms"]) == (3000, 8000)
    assert facts["questions_ms"] == [[3000, 10000], [11000, 12000]]


@pytest.mark.parametrize(("first_sound", "asked"), [(12.5, 0), (13.5, 500)])
def test_what_is_asked_after_the_first_sound_delays_nothing(
    first_sound: float, asked: int
) -> None:
    line = spoken(first_sound)
    line.ask(13.0)
    line.decided(20.0)

    assert line.asked_ms == asked
    assert line.latency_ms == round((first_sound - 12.0) * 1000) - asked
