"""From the edge of a pin, a pedal or a key to a whole turn."""

import asyncio
import contextlib
import fcntl
import os
import pty
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgevoice.controls import evdev, gpio
from edgevoice.controls.control import Signal
from edgevoice.controls.gpio import FACTORY_VARIABLE, pin_factory
from edgevoice.daemon import buttons, service, supervisor
from edgevoice.errors import DeviceError
from edgevoice.simulator import Simulator
from tests.evening import Evening, evening
from tests.program import Program, program

pytestmark = pytest.mark.usefixtures("own_state")

BUTTON, LAMP = 17, 25
GPIO = {"source": "gpio", "pin": BUTTON}


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


@pytest.fixture
def header(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """gpiozero's mock pins, which are moved by hand."""
    monkeypatch.setenv(FACTORY_VARIABLE, "mock")
    monkeypatch.setattr(buttons, "CHECK_S", 0.05)
    pin_factory.cache_clear()
    factory = pin_factory("lgpio")  # by the name that the appliance uses
    yield factory
    factory.reset()
    pin_factory.cache_clear()


def soon(true: Callable[[], object]) -> None:
    """Wait until something holds of which nobody is told."""
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.001)


def told(here: Evening) -> list[tuple[str, str | None]]:
    """What was told of the button: state and error."""
    return [
        (item["state"], item["error"])
        for item in here.guest.news
        if item["event"] == "device" and item["kind"] == "button"
    ]


async def is_open(here: Evening) -> None:
    await here.is_idle()
    await here.until(lambda: told(here) and told(here)[-1] == ("open", None))


async def press_of(pin: Any, seconds: float = 0.4) -> None:
    """Pull the pin down for so long: the length of the press is what is tested."""
    pin.drive_low()
    await asyncio.sleep(seconds)
    pin.drive_high()


# -- the header ------------------------------------------------------------------


async def test_the_button_makes_a_turn_and_the_lamp_shows_it(
    tmp_path: Path, header: Any
) -> None:
    button, lamp = header.pin(BUTTON), header.pin(LAMP)
    async with evening(tmp_path, pace=0, button=GPIO) as here:
        await is_open(here)
        button.drive_low()
        await here.until(lambda: here.appliance.phase == "listening")
        await asyncio.to_thread(soon, lambda: lamp.state)  # it has a thread of its own
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"])
        button.drive_high()
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"

    assert not lamp.state
    assert button.when_changed is None


async def test_a_button_that_is_held_at_the_start_is_live_once_it_was_let_go(
    tmp_path: Path, header: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pin = held_pin(header)
    async with evening(tmp_path, pace=0, button=GPIO) as here:
        await is_open(here)
        assert "the button is held down since the start: let it go" in caplog.text
        assert here.appliance.phase == "idle"
        pin.drive_high()
        assert here.appliance.phase == "idle"

        await press_of(pin)
        await here.until(here.outcomes)

        assert here.outcomes()[0]["outcome"] == "answered"
        assert here.appliance.turns.tally.turns(0)["said"] == 1


@pytest.mark.parametrize("mode", ["hold", "toggle"])
async def test_of_a_button_held_at_the_start_even_a_lost_release_makes_it_live(
    mode: str, tmp_path: Path, header: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []

    class Watched(gpio.GpioButton):
        def is_pressed(self) -> bool:
            looks.append(super().is_pressed())
            return looks[-1]

    monkeypatch.setattr(gpio, "GpioButton", Watched)
    pin = held_pin(header)
    async with evening(tmp_path, pace=0, button={**GPIO, "mode": mode}) as here:
        await is_open(here)
        lose_the_release(pin)
        looks.clear()
        await asyncio.to_thread(soon, lambda: len(looks) > 1)

        pin.drive_low()
        await here.until(lambda: here.appliance.phase == "listening")


async def test_a_release_whose_edge_is_lost_ends_the_turn_all_the_same(
    tmp_path: Path, header: Any
) -> None:
    pin = header.pin(BUTTON)
    async with evening(tmp_path, pace=0, button=GPIO) as here:
        await is_open(here)
        pin.drive_low()
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"])
        lose_the_release(pin)
        await here.until(here.outcomes)

        assert here.outcomes()[0]["outcome"] == "answered"


def held_pin(header: Any) -> Any:
    """A pin that something holds down while it is opened."""
    from gpiozero.pins.mock import MockPin

    class HeldPin(MockPin):  # type: ignore[misc]
        def _set_pull(self, value: str) -> None:
            self._pull = value
            self._state = False

    return header.pin(BUTTON, pin_class=HeldPin)


def lose_the_release(pin: Any) -> None:
    """The level changes, and no edge is seen."""
    handler, pin.when_changed = pin.when_changed, None
    pin.drive_high()
    pin.when_changed = handler


async def test_in_toggle_mode_one_press_begins_and_the_next_ends(
    tmp_path: Path, header: Any
) -> None:
    pin = header.pin(BUTTON)
    async with evening(tmp_path, pace=0, button={**GPIO, "mode": "toggle"}) as here:
        await is_open(here)
        await press_of(pin, 0.05)
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"])
        assert here.appliance.phase == "listening"
        await press_of(pin, 0.05)
        await here.until(here.outcomes)

        assert here.outcomes()[0]["outcome"] == "answered"


async def test_a_lamp_that_cannot_be_used_leaves_the_button_working(
    tmp_path: Path, header: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from gpiozero import LED

    with contextlib.closing(LED(LAMP, pin_factory=header)):
        async with evening(tmp_path, pace=0, button=GPIO) as here:
            await is_open(here)
            assert "cannot use GPIO 25: edgevoice uses that pin already" in caplog.text
            assert here.appliance.error is None

            await press_of(header.pin(BUTTON))
            await here.until(here.outcomes)

            assert here.outcomes()[0]["outcome"] == "answered"


async def test_a_pin_that_cannot_be_read_is_told_and_opened_again(
    tmp_path: Path, header: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [True]

    class Failing(gpio.GpioButton):
        def is_pressed(self) -> bool:
            if broken and broken.pop():
                raise DeviceError("cannot use gpio:17: the chip is gone")
            return super().is_pressed()

    monkeypatch.setattr(gpio, "GpioButton", Failing)
    async with evening(tmp_path, button=GPIO) as here:
        await here.until(lambda: len(told(here)) == 3)
        assert told(here) == [
            ("open", None),
            ("missing", "cannot use gpio:17: the chip is gone"),
            ("open", None),
        ]
        assert here.appliance.error is None


# -- new settings ----------------------------------------------------------------


async def test_another_pin_is_opened_and_the_old_one_let_go(
    tmp_path: Path, header: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WatchedLamp(gpio.GpioLamp):
        def close(self) -> None:
            closed.append(self)
            super().close()

        def show(self, signal: Signal) -> None:
            assert self not in closed
            super().show(signal)

    closed: list[WatchedLamp] = []
    monkeypatch.setattr(gpio, "GpioLamp", WatchedLamp)
    async with evening(tmp_path, pace=0, button=GPIO) as here:
        await is_open(here)
        here.reload(button={"pin": 5}, indicator={"pin": 6})
        await here.until(lambda: header.pin(5).when_changed)
        assert header.pin(BUTTON).when_changed is None

        await press_of(header.pin(5))
        await here.until(here.outcomes)

        assert here.outcomes()[0]["outcome"] == "answered"
        here.appliance.press("test")
        await asyncio.to_thread(soon, lambda: header.pin(6).state)  # it is lit
        here.appliance.silence()
        assert not header.pin(LAMP).state


async def test_another_mode_counts_from_the_next_press_on(
    tmp_path: Path, header: Any
) -> None:
    pin = header.pin(BUTTON)
    async with evening(tmp_path, pace=0, button=GPIO) as here:
        await is_open(here)
        pin.drive_low()
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"])
        here.reload(button={"mode": "toggle"})
        assert here.appliance.phase == "listening"
        pin.drive_high()
        await here.until(here.outcomes)
        await here.until(lambda: here.appliance.settings.button.mode == "toggle")
        await here.until(lambda: told(here)[-2:] == [("closed", None), ("open", None)])

        await press_of(pin, 0.05)
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"] == 2)
        assert here.appliance.phase == "listening"


async def test_a_button_that_is_missing_no_longer_counts_once_none_is_wanted(
    tmp_path: Path,
) -> None:
    nowhere = {"source": f"evdev:{tmp_path / 'pedal'}"}
    async with evening(tmp_path, button=nowhere) as here:
        await here.is_idle()
        await here.until(lambda: here.appliance.control_error)

        here.reload(button={"source": "none"})

        await here.until(lambda: here.appliance.error is None)


# -- signs of life ---------------------------------------------------------------


class Deaf:
    """A button whose thread may be dead."""

    name = "deaf"
    lives = True

    def alive(self) -> bool:
        return self.lives

    def close(self) -> None:
        pass


async def test_systemd_is_told_ready_once_the_button_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices: list[dict[str, str]] = []
    async with evening(tmp_path) as here:
        await here.is_idle()
        one = buttons.Buttons(here.appliance)
        monkeypatch.setattr(supervisor, "notify", lambda **f: notices.append(f))
        telling = asyncio.create_task(service._tell_ready(here.appliance, one))
        await asyncio.sleep(0)
        assert notices == []

        looking = asyncio.create_task(one.keep())

        await asyncio.wait_for(telling, 5)
        looking.cancel()
        assert {"READY": "1"} in notices


async def test_a_button_that_cannot_report_is_no_sign_of_life_a_missing_one_is(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path) as here:
        one = buttons.Buttons(here.appliance)
        assert one.alive()  # missing
        one._button = button = Deaf()
        assert one.alive()
        button.lives = False
        assert not one.alive()


DYING_BUTTON = """if True:
    import os, sys, threading
    from edgevoice.controls import evdev, reader
    evdev.fcntl.ioctl = lambda *_: 0

    def fail(self, data):
        raise SystemExit  # ends the thread, and nobody is told

    evdev.EvdevButton._receive = fail
    from edgevoice.cli import main
    sys.exit(main())
"""


def test_a_button_whose_thread_dies_ends_the_feeding_of_the_watchdog(
    tmp_path: Path,
) -> None:
    pedal = tmp_path / "pedal"
    os.mkfifo(pedal)
    plugged = os.open(pedal, os.O_RDWR | os.O_NONBLOCK)
    with program(
        tmp_path,
        "ws://127.0.0.1:1",
        button=f"evdev:{pedal}",
        start=("-c", DYING_BUTTON),
        environ={"WATCHDOG_USEC": "100000"},
    ) as daemon:
        daemon.is_ready()
        assert "button: evdev:" in daemon.stderr, "ready means that it is open"
        daemon.until_told(lambda told: told.count("WATCHDOG=1") > 2)
        os.write(plugged, key(1))

        daemon.is_not_fed(0.5)

        assert daemon.ask("status")["phase"] == "idle"
    os.close(plugged)


# -- a pedal ---------------------------------------------------------------------


@pytest.fixture
def any_file_is_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """A FIFO takes the place of /dev/input; only the grab needs a real one."""
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: 0)
    monkeypatch.setattr(buttons, "CHECK_S", 0.02)


def key(value: int) -> bytes:
    return evdev.EVENT.pack(0, 0, evdev.EV_KEY, 30, value)


@pytest.mark.usefixtures("any_file_is_a_device")
async def test_a_pedal_is_waited_for_used_and_waited_for_again(tmp_path: Path) -> None:
    path = tmp_path / "pedal"
    source = f"evdev:{path}"
    async with evening(tmp_path, pace=0, button={"source": source}) as here:
        await here.is_idle()
        await here.until(lambda: here.appliance.control_error)
        missing = f"cannot open {path}: it is not plugged in; "
        assert str(here.appliance.error).startswith(missing)
        assert [state for state, _ in told(here)] == ["missing"]  # told once

        os.mkfifo(path)
        plugged = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        await is_open(here)
        assert here.appliance.error is None
        os.write(plugged, key(1))
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"])
        path.unlink()
        os.close(plugged)  # pulled out in mid-press

        await here.until(lambda: here.appliance.phase != "listening")
        await here.until(lambda: told(here)[-1][0] == "missing")
        assert f"button {source} is gone: plug it in again" in str(told(here))


# -- the keyboard of `edgevoice run` ---------------------------------------------


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a pseudo-terminal: ours, and the program's."""
    ours, its = pty.openpty()
    yield ours, its
    os.close(ours)
    os.close(its)


async def test_the_space_bar_of_a_terminal_makes_a_turn_and_q_ends(
    tmp_path: Path, terminal: tuple[int, int]
) -> None:
    ours, its = terminal
    before = termios.tcgetattr(its)

    def talk(daemon: Program) -> None:
        daemon.status_says("ready: link up")
        hold_space(ours, lambda: "STATUS=listening: link up" in heard(daemon))
        daemon.status_says("speaking: link up")
        os.write(ours, b"q")
        daemon.process.wait(10)

    async with Simulator(pace=0) as simulator:
        with program(
            tmp_path, simulator.url, button="keyboard", terminal=its
        ) as daemon:
            await asyncio.to_thread(talk, daemon)
            assert daemon.process.returncode == 0
            assert "Traceback" not in daemon.stderr

    assert termios.tcgetattr(its) == before


def heard(daemon: Program) -> list[str]:
    daemon.hear()
    return daemon.notices


def hold_space(ours: int, until: Callable[[], object]) -> None:
    """Repeat it as a keyboard does, some time longer than it takes to be heard."""
    deadline, rest = time.monotonic() + 5, 15
    while rest:
        assert time.monotonic() < deadline
        os.write(ours, b" ")
        time.sleep(0.03)
        rest -= bool(until())


def test_without_a_terminal_the_keyboard_is_told_to_be_missing(tmp_path: Path) -> None:
    with program(tmp_path, "ws://127.0.0.1:1", button="keyboard") as daemon:
        daemon.is_ready()
        daemon.status_says(
            "no terminal here; run it in a terminal, or set button.source"
        )
        assert daemon.end() < 5
        assert daemon.process.returncode == 0
