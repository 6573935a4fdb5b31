import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.controls.cells import cells, clean, cut, cut_front, wrap

WORDS = st.text(alphabet="ab 日é-", max_size=60)


@pytest.mark.parametrize(
    ("text", "width"),
    [("voice", 5), ("日本", 4), ("e\u0301", 1), ("👍", 2), ("", 0), ("●▮…", 3)],
)
def test_width_is_counted_in_cells(text: str, width: int) -> None:
    assert cells(text) == width


def test_nothing_that_a_terminal_obeys_is_left_in_clean_text() -> None:
    assert clean("\x1b]0;title\x07\x1b[2Jred\x9b31m\x7f") == "]0;title[2Jred31m"
    assert clean("one\r\ntwo\tthree") == "one  two three"
    assert clean("abc\u202edef\u2028ghi") == "abcdef ghi"
    assert clean("नमस्\u200dते ñ 👍🏽") == "नमस्\u200dते ñ 👍🏽"


@given(st.text())
def test_clean_text_has_no_control_characters(text: str) -> None:
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in clean(text))


def test_cut_text_ends_with_the_mark_only_if_something_is_missing() -> None:
    assert cut("hello", 5, "…") == "hello"
    assert cut("hello!", 5, "…") == "hell…"
    assert cut("日本語", 4, "…") == "日…"
    assert cut("hello", 0, "…") == ""
    assert cut_front("hello!", 5, "…") == "…llo!"


@given(WORDS, st.integers(0, 20))
def test_cut_text_always_fits(text: str, width: int) -> None:
    assert cells(cut(text, width, "…")) <= width
    assert cells(cut_front(text, width, "...")) <= width


def test_lines_break_at_spaces_and_further_ones_are_indented() -> None:
    assert wrap("you: one two three ", 12, "     ") == [
        "you: one two",
        "     three ",
    ]
    assert wrap("", 12) == [""]


def test_a_word_longer_than_a_line_is_broken_without_leaving_the_label_alone() -> None:
    assert wrap("you: " + "x" * 9, 10, " " * 5) == ["you: xxxxx", "     xxxx"]
    assert wrap("you: 日本語日本語", 10, " " * 5) == [
        "you: 日本",
        "     語日",
        "     本語",
    ]


@given(WORDS, st.integers(10, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap("you: " + text, width, "     ")

    assert all(cells(line) <= width for line in lines)
    joined = "".join(line[5:] for line in lines)
    assert joined.replace(" ", "") == text.replace(" ", "")
