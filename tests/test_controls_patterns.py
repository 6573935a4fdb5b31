import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.controls.control import Signal
from edgevoice.controls.patterns import PATTERNS, Pattern, lamp


def first_seconds(pattern: Pattern, seconds: int = 6) -> list[bool]:
    """Lit or not, every 10 ms."""
    return [lamp(pattern, at / 100)[0] for at in range(seconds * 100)]


def test_every_signal_has_a_pattern() -> None:
    assert set(PATTERNS) == set(Signal)


def test_no_two_signals_look_alike() -> None:
    for one, other in itertools.combinations(Signal, 2):
        ours, theirs = first_seconds(PATTERNS[one]), first_seconds(PATTERNS[other])
        differing = sum(a is not b for a, b in zip(ours, theirs, strict=True))
        assert differing >= 0.03 * len(ours), (one, other)


@pytest.mark.parametrize("signal", set(Signal) - {Signal.IDLE})
def test_every_signal_but_idle_lights_the_lamp_at_once(signal: Signal) -> None:
    assert lamp(PATTERNS[signal], 0.0)[0]


def test_idle_is_dark_and_listening_is_steady_for_ever() -> None:
    assert lamp(PATTERNS[Signal.IDLE], 1234.5) == (False, None)
    assert lamp(PATTERNS[Signal.LISTENING], 1234.5) == (True, None)


def test_offline_is_one_short_blink_every_three_seconds() -> None:
    offline = PATTERNS[Signal.OFFLINE]

    assert lamp(offline, 0.0) == (True, 0.1)
    assert lamp(offline, 0.1) == (False, 2.9)
    assert lamp(offline, 3.0) == (True, 0.1)


@given(st.sampled_from(Signal), st.floats(0, 1e6))
def test_the_lamp_changes_when_it_said_it_would(signal: Signal, at: float) -> None:
    lit, wait = lamp(PATTERNS[signal], at)

    if wait is not None:
        assert 0 <= wait <= 3
        assert lamp(PATTERNS[signal], at + wait + 1e-4)[0] is not lit or wait == 0
