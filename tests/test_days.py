"""The days of `edgevoice usage`, as a table, as bars and as a picture."""

import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.days import bars, picture, rows_of, table

TODAY = date(2026, 11, 21)
DAYS = {
    "2026-11-18": {"turns": 2, "tokens": {"input_text": 5}, "money": 0.01},
    "2026-11-19": {
        "turns": 3,
        "tokens": {"input_audio": 40, "thoughts": 2},
        "money": 0.5,
    },
    "2026-11-21": {"turns": 1, "tokens": {}, "money": 0.25},
}


def test_days_between_are_shown_and_days_before_the_first_are_not() -> None:
    assert rows_of(DAYS, TODAY, 30) == [
        (date(2026, 11, 18), 2, 5, 0.01),
        (date(2026, 11, 19), 3, 42, 0.5),
        (date(2026, 11, 20), 0, 0, 0.0),
        (date(2026, 11, 21), 1, 0, 0.25),
    ]
    assert [row[0].day for row in rows_of(DAYS, TODAY, 2)] == [21]
    assert rows_of(DAYS, TODAY, 0) == []


def test_a_day_that_is_still_to_come_is_left_out() -> None:
    assert rows_of(DAYS, date(2026, 11, 18), 30) == [(date(2026, 11, 18), 2, 5, 0.01)]


def test_the_table_has_a_line_for_each_day_with_a_turn() -> None:
    assert table(rows_of(DAYS, TODAY, 30), "USD", "a note").splitlines() == [
        "day           turns      tokens       USD",
        "2026-11-18        2           5     0.010",
        "2026-11-19        3          42     0.500",
        "2026-11-21        1           0     0.250",
        "together          6          47     0.760",
        "a note",
    ]


@pytest.mark.parametrize("draw", [table, bars])
def test_without_a_day_there_is_a_sentence(draw: object) -> None:
    assert callable(draw)
    assert draw([], "USD") == "nothing was counted yet"


def test_the_longest_bar_is_the_dearest_day_and_none_is_lost() -> None:
    lines = bars(rows_of(DAYS, TODAY, 30), "USD", unicode=False).splitlines()

    assert [line.count("#") for line in lines] == [1, 40, 0, 20]
    assert lines[1].endswith("0.500 USD")


SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_has_a_bar_for_each_day_as_high_as_its_money() -> None:
    drawn = ET.fromstring(picture(rows_of(DAYS, TODAY, 30), "<&>"))
    _, *rects = drawn.iter(f"{SVG}rect")
    heights = [float(rect.attrib["height"]) for rect in rects]

    assert heights == pytest.approx([h * heights[1] for h in (0.02, 1, 0, 0.5)], abs=1)
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert words[0] == "0.760 <&> in 4 days"
    assert "21 Nov" in words
    assert "0.40" in words


@given(st.lists(st.floats(0, 1e5), max_size=400))
def test_everything_lies_within_the_picture(sums: list[float]) -> None:
    rows = [(TODAY + timedelta(days=n), 1, 1, money) for n, money in enumerate(sums)]

    drawn = ET.fromstring(picture(rows, "USD"))

    ground, *rects = drawn.iter(f"{SVG}rect")
    assert len(rects) == len(sums)
    for rect in rects:
        x, y, width, height = (
            float(rect.attrib[name]) for name in ("x", "y", "width", "height")
        )
        assert 0 <= x < x + width <= float(ground.attrib["width"])
        assert 0 <= y <= y + height <= float(ground.attrib["height"])
    assert len([*drawn.iter(f"{SVG}text")]) <= 20
