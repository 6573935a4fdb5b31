"""The turns of `edgevoice turns`, as text and as a picture."""

import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgevoice.waterfall import COLUMNS, NONE, STAGES, spans, text
from edgevoice.waterfall_svg import picture

LATENCY = {"turns": 5, "p50_ms": 600, "p95_ms": 1500}


@pytest.fixture(autouse=True)
def greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock on the wall does not depend on the machine."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def turn(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A turn as the daemon tells it; a change to None takes a key away."""
    facts: dict[str, Any] = {
        "time": 3600.0 * number,
        "number": number,
        "outcome": "answered",
        "typed": False,
        "spoken_ms": 2400,
        "latency_ms": 600,
        "asked_ms": 0,
        "gate_ms": 150,
        "underruns": 0,
        "sendings": 1,
        "questions_ms": [],
        "pressed_ms": 0,
        "first_audio_sent_ms": 200,
        "released_ms": 2000,
        "last_audio_sent_ms": 2200,
        "first_transcript_ms": 2300,
        "first_answer_audio_ms": 2450,
        "first_sound_ms": 2600,
        "ended_ms": 6000,
    }
    facts.update(changes)
    moments = {f"{name}" for name in facts if name not in {"latency_ms", "gate_ms"}}
    return {
        name: fact
        for name, fact in facts.items()
        if fact is not None or name not in moments
    }


SILENT = {
    "latency_ms": None,
    "gate_ms": None,
    "first_answer_audio_ms": None,
    "first_sound_ms": None,
}
TYPED = {
    "typed": True,
    "spoken_ms": 0,
    "first_audio_sent_ms": None,
    "released_ms": None,
    "last_audio_sent_ms": 0,
    "first_transcript_ms": None,
    "first_answer_audio_ms": 350,
    "first_sound_ms": 500,
    "latency_ms": 500,
    "ended_ms": 700,
}
KINDS = {
    "answered": turn(1),
    "talked over": turn(2, outcome="talked over", ended_ms=2700, underruns=1),
    "typed": turn(3, **TYPED),
    "cancelled as it was spoken": turn(
        4,
        outcome="cancelled",
        spoken_ms=900,
        **SILENT,
        released_ms=None,
        last_audio_sent_ms=None,
        first_transcript_ms=None,
        ended_ms=900,
    ),
    "lost": turn(
        5,
        outcome="lost: the link broke each time that it was sent",
        **SILENT,
        sendings=3,
        last_audio_sent_ms=22_000,
        ended_ms=32_000,
    ),
    "asked": turn(
        6,
        questions_ms=[[2400, 9400]],
        asked_ms=7000,
        first_answer_audio_ms=9500,
        first_sound_ms=9650,
        latency_ms=650,
        ended_ms=12_000,
        underruns=2,
    ),
    "never sent": turn(
        7,
        outcome="lost: no link came up in time",
        **SILENT,
        sendings=0,
        last_audio_sent_ms=None,
        first_transcript_ms=None,
        ended_ms=302_000,
    ),
}

UNICODE = """\
turn ended     spoke       |0        |200 ms   |400 ms   |600 ms          wait
   1 01:00:00  2.4 s ░░░░░░▒▒▒▒▒▒▒▒▒▒·····t······▓▓▓▓▓▓▓▓████████████   600 ms
   2 02:00:00  2.4 s ░░░░░░▒▒▒▒▒▒▒▒▒▒·····t······▓▓▓▓▓▓▓▓█████          600 ms
     talked over; stuttered 1x
   3 03:00:00  typed       ·················▓▓▓▓▓▓▓▓██████████          500 ms
   4 04:00:00  0.9 s ░░░░░░                                                  -
     cancelled
   5 05:00:00  2.4 s ░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒t▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒>        -
     lost: the link broke each time that it was sent; sent 3 times
   6 06:00:00  2.4 s ░░░░░░▒▒▒▒▒▒▒▒▒▒·····t····?····▓▓▓▓▓▓▓██████████   650 ms
     stuttered 2x; ? asked 7.0 s, not counted
   7 07:00:00  2.4 s ░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒>        -
     lost: no link came up in time

░ speech  ▒ tail and sending  · the server  ▓ start gate  █ answer  t transcript
p50 600 ms, p95 1500 ms from release to first sound, over 5 turns
150 ms of sound gathered first"""

ASCII = """\
turn ended     spoke       |0        |200 ms   |400 ms   |600 ms          wait
   2 02:00:00  2.4 s ------==========.....t......++++++++#####          600 ms
     talked over; stuttered 1x
     tail and sending 200 ms, the server 250 ms, start gate 150 ms

- speech  = tail and sending  . the server  + start gate  # answer  t transcript
p50 600 ms, p95 1500 ms from release to first sound, over 5 turns
150 ms of sound gathered first"""


def test_each_turn_is_a_line_with_what_is_not_as_it_should_be_below() -> None:
    assert text([*KINDS.values()], LATENCY) == UNICODE


def test_a_terminal_that_knows_only_ascii_is_shown_the_same() -> None:
    assert text([KINDS["talked over"]], LATENCY, unicode=False) == ASCII


def test_without_a_turn_there_is_a_sentence() -> None:
    assert text([], LATENCY) == NONE
    assert NONE in picture([], LATENCY)


def test_the_scale_suits_the_answers_that_were_heard() -> None:
    def scale(*turns: dict[str, Any]) -> str:
        return text(turns, LATENCY).splitlines()[0]

    assert "|600 ms" in scale(turn(), KINDS["lost"], KINDS["never sent"])
    slow = turn(first_sound_ms=22_000, latency_ms=20_000, ended_ms=30_000)
    assert "|1.5 s" in scale(turn(), turn(), slow), "three times the usual wait"
    assert "|20 s" in scale(slow)


def test_stages_follow_each_other_and_the_time_to_decide_is_cut_out() -> None:
    drawn = [(stage.words, begin, end) for stage, begin, end in spans(KINDS["asked"])]

    assert drawn == [
        ("speech", -2000, 0),
        ("tail and sending", 0, 200),
        ("the server", 200, 500),
        ("start gate", 500, 650),
        ("answer", 650, 3000),
    ]


def test_a_question_that_waited_for_the_network_says_so() -> None:
    late = turn(
        last_audio_sent_ms=5600,
        first_answer_audio_ms=6000,
        first_sound_ms=6200,
        ended_ms=9000,
    )

    assert "sent after 3.6 s: the network" in text([late], LATENCY)
    assert "network" not in text([turn()], LATENCY)


@st.composite
def turns(draw: st.DrawFn) -> dict[str, Any]:
    """Whatever a daemon may tell: of some turns, moments that are out of order."""
    at = sorted(draw(st.lists(st.integers(0, 400_000), min_size=7, max_size=7)))
    names = ["released", "last_audio_sent", "first_transcript"]
    names += ["first_answer_audio", "first_sound"]
    some = draw(st.sets(st.sampled_from(names)))
    come = draw(st.permutations(at[:5])) if draw(st.booleans()) else at[:5]
    moments = {
        f"{name}_ms": when if name in some else None
        for name, when in zip(names, come, strict=True)
    }
    asked = draw(st.lists(st.just([at[1], at[3]]), max_size=1))
    latency = draw(st.integers(0, 99_999)) if "first_sound" in some else None
    return turn(
        draw(st.integers(1, 99_999)),
        time=0.0,
        outcome=draw(st.sampled_from([one["outcome"] for one in KINDS.values()])),
        typed=draw(st.booleans()),
        underruns=draw(st.integers(0, 9)),
        latency_ms=latency,
        asked_ms=sum(end - begin for begin, end in asked),
        questions_ms=asked,
        ended_ms=at[6],
        **moments,
    )


LONG_PARTS = turn(
    typed=True,
    released_ms=200_000,
    last_audio_sent_ms=230_000,
    first_answer_audio_ms=350_000,
    first_sound_ms=399_000,
    ended_ms=400_000,
)
"""Their words are longer than a line."""


@given(st.lists(turns(), min_size=1, max_size=12), st.booleans())
@example([LONG_PARTS], False)
def test_whatever_happened_fits_into_eighty_columns(
    some: list[dict[str, Any]], unicode: bool
) -> None:
    drawn = text(some, LATENCY, unicode=unicode)

    assert max(map(len, drawn.splitlines())) <= COLUMNS
    assert unicode or drawn.isascii()
    for one in some:
        ends = [when for _, begin, end in spans(one) for when in (begin, end)]
        assert ends == sorted(ends)


SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_has_a_bar_for_each_stage_and_words_for_what_went_wrong() -> None:
    drawn = ET.fromstring(picture([*KINDS.values()], LATENCY))
    words = [one.text for one in drawn.iter(f"{SVG}text")]
    bars = [
        one for one in drawn.iter(f"{SVG}rect") if one.find(f"{SVG}title") is not None
    ]

    assert words[0] == (
        "p50 600 ms, p95 1500 ms from release to first sound, over 5 turns; "
        "150 ms of sound gathered first"
    )
    assert "lost: no link came up in time" in words
    assert len(bars) == sum(len(spans(one)) for one in KINDS.values())
    titles = [title.text or "" for title in drawn.iter(f"{SVG}title")]
    assert titles[0].splitlines()[0] == "speech: 2000 ms"
    assert "first transcript 2300" in titles[0]


@given(st.lists(turns(), max_size=12))
def test_everything_lies_within_the_picture(some: list[dict[str, Any]]) -> None:
    drawn = ET.fromstring(picture(some, LATENCY))

    ground, *bars = drawn.iter(f"{SVG}rect")
    width, height = (float(ground.attrib[name]) for name in ("width", "height"))
    for one in bars:
        x, y, wide, high = (
            float(one.attrib[name]) for name in ("x", "y", "width", "height")
        )
        assert 0 <= x <= x + wide <= width
        assert wide >= 0
        assert 0 <= y < y + high <= height
    for word in drawn.iter(f"{SVG}text"):
        assert 0 <= float(word.attrib["x"]) <= width
        assert 0 <= float(word.attrib["y"]) <= height


def test_every_stage_looks_different() -> None:
    stages = STAGES.values()

    for looks in zip(
        *[(one.unicode, one.ascii, one.colour) for one in stages], strict=True
    ):
        assert len(set(looks)) == len(looks)
