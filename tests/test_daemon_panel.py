"""Which signal a state has, and that every indicator shows it."""

import pytest

from edgevoice.controls.control import Signal
from edgevoice.daemon.panel import Panel, signal_for


class Lamp:
    """An indicator by hand."""

    def __init__(self) -> None:
        self.shown: list[Signal] = []

    def show(self, signal: Signal) -> None:
        self.shown.append(signal)

    def close(self) -> None:
        pass


def test_every_indicator_shows_every_change() -> None:
    panel, one, other = Panel(), Lamp(), Lamp()
    panel.add(one)
    panel.add(other)

    panel.show(Signal.IDLE)
    panel.show(Signal.LISTENING)

    assert one.shown == [Signal.OFFLINE, Signal.IDLE, Signal.LISTENING]
    assert other.shown == one.shown


def test_an_indicator_that_was_removed_shows_nothing_more() -> None:
    panel, lamp = Panel(), Lamp()
    panel.add(lamp)

    panel.remove(lamp)
    panel.show(Signal.IDLE)

    assert lamp.shown == [Signal.OFFLINE]


def test_the_same_signal_again_changes_nothing() -> None:
    panel, lamp = Panel(), Lamp()
    panel.add(lamp)

    for _ in range(3):
        panel.show(Signal.THINKING)

    assert lamp.shown == [Signal.OFFLINE, Signal.THINKING]


def test_an_indicator_that_comes_later_shows_what_the_others_do() -> None:
    panel, late = Panel(), Lamp()
    panel.show(Signal.SPEAKING)

    panel.add(late)

    assert late.shown == [Signal.SPEAKING]


@pytest.mark.parametrize("link", ["up", "connecting", "down", "refused"])
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("phase", ["listening", "speaking"])
def test_what_the_person_does_is_shown_before_what_is_wrong(
    phase: str, broken: bool, link: str
) -> None:
    assert signal_for(phase, link, broken=broken) is Signal(phase)


@pytest.mark.parametrize(
    ("link", "broken", "signal"),
    [
        ("up", False, Signal.IDLE),
        ("connecting", False, Signal.OFFLINE),
        ("down", False, Signal.OFFLINE),
        ("refused", False, Signal.ERROR),
        ("up", True, Signal.ERROR),
        ("down", True, Signal.ERROR),
    ],
)
def test_at_rest_it_shows_whether_all_is_well(
    link: str, broken: bool, signal: Signal
) -> None:
    assert signal_for("idle", link, broken=broken) is signal


@pytest.mark.parametrize("broken", [False, True])
def test_a_question_that_waits_for_a_link_is_shown_as_waiting(broken: bool) -> None:
    assert signal_for("thinking", "up", broken=broken) is Signal.THINKING
    for link in ("connecting", "down"):
        assert signal_for("thinking", link, broken=broken) is Signal.OFFLINE
