"""A turn's moments and the latency of several, as a person reads them."""

from typing import Any

import pytest

from edgevoice.daemon.timeline import MARKS
from edgevoice.moments import (
    MOMENTS,
    gates_in_words,
    latency_in_words,
    moments_in_words,
    underruns_in_words,
)


def test_the_moments_are_those_of_the_timeline() -> None:
    assert MARKS[1:] == MOMENTS


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        ({}, ""),
        ({"ended_ms": 300}, "ms from the press: ended 300"),
        (
            {
                "first_audio_sent_ms": 220,
                "released_ms": 90,
                "first_sound_ms": 800,
                "ended_ms": 800,
                "gate_ms": 250,
            },
            "ms from the press: released 90, first audio sent 220, first sound 800, "
            "ended 800; 250 ms of sound gathered first",
        ),
        (
            {"ended_ms": 300, "gate_ms": None},
            "ms from the press: ended 300",
        ),
    ],
)
def test_moments_are_told_in_the_order_in_which_they_came(
    turn: dict[str, Any], words: str
) -> None:
    assert moments_in_words(turn) == words


@pytest.mark.parametrize(
    ("latency", "words"),
    [
        ({"turns": 0, "p50_ms": None, "p95_ms": None}, "no answer was heard yet"),
        (
            {"turns": 1, "p50_ms": 640, "p95_ms": 640},
            "p50 640 ms, p95 640 ms from release to first sound, over 1 turn",
        ),
        (
            {"turns": 40, "p50_ms": 640, "p95_ms": 912},
            "p50 640 ms, p95 912 ms from release to first sound, over 40 turns",
        ),
    ],
)
def test_percentiles_say_over_how_many_turns(
    latency: dict[str, Any], words: str
) -> None:
    assert latency_in_words(latency) == words


@pytest.mark.parametrize(
    ("gates", "words"),
    [
        ([], ""),
        ([None], ""),
        ([250, None], "250 ms of sound gathered first"),
        ([250, 60, 90], "60 to 250 ms of sound gathered first"),
    ],
)
def test_start_gates_are_told_with_the_least_and_the_most(
    gates: list[int | None], words: str
) -> None:
    assert gates_in_words([{"gate_ms": gate} for gate in gates]) == words


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        ({}, ""),
        ({"underruns": 0}, ""),
        ({"underruns": 1}, "stuttered 1x"),
        ({"underruns": 2}, "stuttered 2x"),
    ],
)
def test_underruns_are_told_if_there_were_any(turn: dict[str, Any], words: str) -> None:
    assert underruns_in_words(turn) == words


def test_the_daemon_notes_the_moments_that_are_told() -> None:
    assert ("pressed", *MOMENTS) == MARKS
