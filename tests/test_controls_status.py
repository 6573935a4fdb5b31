import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.controls.cells import cells
from edgevoice.controls.control import Signal
from edgevoice.controls.status import Look, Status, meter, render, render_draft

PLAIN = Look(colour=False)
ASCII = Look(colour=False, unicode=False)

STATUS = Status(link="up", how="hold SPACE (kitty)", latency_ms=640, volume=80)


def without_colour(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_a_wide_line_tells_everything() -> None:
    assert render(STATUS, 80, 0.0, PLAIN) == (
        "○ ready  hold SPACE (kitty)  link up  640 ms  vol 80  ? help"
    )


def test_a_narrow_line_leaves_out_the_least_important_first() -> None:
    assert render(STATUS, 40, 0.0, PLAIN) == "○ ready  hold SPACE (kitty)  link up"
    assert render(STATUS, 12, 0.0, PLAIN) == "○ ready"
    assert render(STATUS, 5, 0.0, PLAIN) == "○ re…"


def test_each_signal_has_its_own_symbol_and_word() -> None:
    heads = {
        render(Status(signal=signal), 80, 0.0, look).split()[0]
        for signal in Signal
        for look in (PLAIN, ASCII)
    }
    assert len(heads) == 2 * len(Signal)


def test_the_level_is_shown_only_while_listening() -> None:
    listening = Status(signal=Signal.LISTENING, level=1.0)

    assert "▮▮▮▮▮▮▮▮▮▮" in render(listening, 80, 0.0, PLAIN)
    assert "▮" not in render(Status(level=1.0), 80, 0.0, PLAIN)


def test_the_meter_goes_in_even_steps_of_loudness() -> None:
    assert meter(0.0, ASCII) == "----------"
    assert meter(10 ** (-25 / 20), ASCII) == "#####-----"
    assert meter(1.0, ASCII) == "##########"
    assert meter(5.0, ASCII) == "##########"


def test_thinking_turns() -> None:
    thinking = Status(signal=Signal.THINKING)

    assert len({render(thinking, 80, 0.1 + now / 5, PLAIN) for now in range(8)}) == 4


def test_an_error_goes_before_all_else_and_is_cut_to_fit() -> None:
    status = Status(signal=Signal.ERROR, error="no key; set GEMINI_API_KEY", how="x")

    assert render(status, 20, 0.0, PLAIN) == "✗ error  no key; se…"
    assert render(status, 20, 0.0, ASCII) == "! error  no key; ..."


def test_no_volume_means_muted() -> None:
    assert "muted" in render(Status(volume=None), 80, 0.0, PLAIN)


def test_colours_change_nothing_but_colours() -> None:
    coloured = render(STATUS, 80, 0.0)

    assert "\x1b[" in coloured
    assert without_colour(coloured) == render(STATUS, 80, 0.0, PLAIN)


@given(
    st.sampled_from(Signal),
    st.text(max_size=50),
    st.one_of(st.none(), st.text(max_size=100)),
    st.integers(0, 120),
    st.booleans(),
)
def test_the_line_fits_and_has_no_control_characters(
    signal: Signal, how: str, error: str | None, width: int, fancy: bool
) -> None:
    status = Status(signal=signal, how=how, error=error, level=0.1)
    line = without_colour(render(status, width, 1.0, Look(fancy, fancy)))

    assert cells(line) <= width
    assert "\x1b" not in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("draft", "line"),
    [("hi ", "say: hi "), ("abcdefghijklmnop", "say: …ijklmnop"), ("\x1b[2J", None)],
)
def test_the_end_of_a_long_draft_is_shown(draft: str, line: str | None) -> None:
    assert render_draft(draft, 15, PLAIN) == (line or "say: [2J")
