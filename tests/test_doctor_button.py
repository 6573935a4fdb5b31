"""Button and lamp: gpiozero's mock pins, and a person who does what the test says."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgevoice.controls import gpio
from edgevoice.controls.gpio import pin_factory
from edgevoice.doctor.button import check_button, check_lamp
from edgevoice.doctor.finding import State
from tests.test_controls_gpio import StuckPin

PIN, LAMP = 17, 25


@pytest.fixture
def header(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """gpiozero's mock pins, which are moved by hand."""
    monkeypatch.setenv(gpio.FACTORY_VARIABLE, "mock")
    pin_factory.cache_clear()
    factory = pin_factory("lgpio")  # as the button calls it
    yield factory
    factory.reset()
    pin_factory.cache_clear()


class Someone:
    """Presses and lets go when asked, as far as the test has it; answers the same."""

    def __init__(
        self, header: Any = None, moves: str = "", sees: bool | None = None
    ) -> None:
        self._header, self._moves, self._sees = header, moves, sees
        self.told: list[str] = []

    def tell(self, words: str) -> None:
        self.told.append(words)
        for move in self._moves:
            pin = self._header.pin(PIN)
            pin.drive_low() if move == "v" else pin.drive_high()

    def confirms(self, question: str) -> bool | None:
        self.told.append(question)
        return self._sees


@pytest.mark.parametrize(
    ("moves", "state", "words"),
    [
        ("v^", State.OK, "press and release were seen"),
        ("v^v^", State.OK, "press and release were seen"),
        ("v", State.WARNING, "its release was not seen"),
        ("", State.WRONG, "no press was seen in 0 s"),
    ],
)
def test_a_press_is_waited_for(
    moves: str, state: State, words: str, header: Any
) -> None:
    someone = Someone(header, moves)

    button, press = check_button("gpio", PIN, someone, patience=0.01)

    assert (button.state, button.found) == (State.OK, "gpio:17 can be used")
    assert (press.name, press.state) == ("press", state)
    assert words in press.found
    assert someone.told == ["Press the button and let it go, within 0 seconds."]


def test_a_button_that_lies_pressed_is_wrong(header: Any) -> None:
    header.pin(PIN, pin_class=StuckPin)

    button, press = check_button("gpio", PIN, Someone())

    assert (button.state, press.state) == (State.WRONG, State.SKIPPED)
    assert button.found == "gpio:17 is held down"


def test_with_nobody_there_only_the_pin_is_tried(header: Any) -> None:
    button, press = check_button("gpio", PIN, None)

    assert (button.state, press.state) == (State.OK, State.SKIPPED)


def test_the_pin_is_free_afterwards(header: Any) -> None:
    for _ in range(2):
        assert check_button("gpio", PIN, None)[0].state is State.OK
        assert check_lamp("gpio", PIN, None).state is State.OK


@pytest.mark.parametrize("source", ["keyboard", "none"])
def test_where_there_is_no_button_nothing_is_tried(source: str) -> None:
    found = [*check_button(source, PIN, Someone()), check_lamp(source, LAMP, Someone())]

    assert [finding.state for finding in found] == [State.SKIPPED] * 3


def test_a_pedal_that_is_not_there_is_told_with_its_cure(tmp_path: Path) -> None:
    button, press = check_button(f"evdev:{tmp_path}/pedal", PIN, Someone())

    assert (button.state, press.state) == (State.WRONG, State.SKIPPED)
    assert "it is not plugged in" in button.found + button.cure


def test_what_is_no_input_device_is_told(tmp_path: Path) -> None:
    fifo = tmp_path / "pedal"
    os.mkfifo(fifo)

    button, _ = check_button(f"evdev:{fifo}", PIN, None)

    assert button.state is State.WRONG
    assert button.cure == "choose one of /dev/input/by-id"


@pytest.mark.parametrize(
    ("sees", "state"),
    [(True, State.OK), (False, State.WRONG), (None, State.OK)],
)
def test_somebody_is_asked_whether_the_lamp_is_seen(
    sees: bool | None, state: State, header: Any
) -> None:
    someone = Someone(sees=sees)

    assert check_lamp("gpio", LAMP, someone).state is state
    assert someone.told == ["The lamp at GPIO 25 blinks fast: do you see it?"]
    assert not header.pin(LAMP).state


def test_it_blinks_while_somebody_is_asked(header: Any) -> None:
    lit = threading.Event()
    header.pin(LAMP)

    class Watcher(Someone):
        def confirms(self, question: str) -> bool | None:
            while not header.pin(LAMP).state:
                assert not lit.wait(0.001)
            return True

    assert check_lamp("gpio", LAMP, Watcher()).found == "gpio:25 blinks, and was seen"


def test_a_lamp_is_not_needed() -> None:
    assert check_lamp("gpio", -1, Someone()).state is State.SKIPPED


def test_a_machine_without_a_header_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(gpio.FACTORY_VARIABLE, "nonsense")
    pin_factory.cache_clear()

    button, press = check_button("gpio", PIN, None)

    assert (button.state, press.state) == (State.WRONG, State.SKIPPED)
    assert button.found == "cannot use GPIO: gpiozero has no pin factory 'nonsense'"
    assert button.cure == "install gpiozero and lgpio (extra `gpio`)"
    assert check_lamp("gpio", LAMP, None).state is State.WRONG
