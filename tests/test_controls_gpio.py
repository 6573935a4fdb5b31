import contextlib
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgevoice.controls import gpio
from edgevoice.controls.control import Signal
from edgevoice.controls.gpio import GpioButton, GpioLamp, give_old_names, pin_factory
from edgevoice.errors import DeviceError

PIN = 17


@pytest.fixture(autouse=True)
def header(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """gpiozero's mock pins, which are moved by hand."""
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    factory = pin_factory("mock")
    yield factory
    factory.reset()


class Edges(list[str]):
    def press(self) -> None:
        self.append("press")

    def release(self) -> None:
        self.append("release")


@contextlib.contextmanager
def button(edges: Edges) -> Iterator[GpioButton]:
    with contextlib.closing(
        GpioButton(PIN, edges.press, edges.release, factory="mock")
    ) as opened:
        yield opened


def until(state: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not state():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.001)


def test_pulling_the_pin_low_is_a_press_and_letting_go_a_release(header: Any) -> None:
    edges = Edges()
    with button(edges) as opened:
        header.pin(PIN).drive_low()
        assert edges == ["press"]
        assert opened.is_pressed()

        header.pin(PIN).drive_high()
        assert edges == ["press", "release"]
        assert not opened.is_pressed()
        assert opened.name == "gpio:17"
        assert not opened.held_at_start


def test_a_bouncing_press_is_reported_at_its_first_edge(header: Any) -> None:
    edges = Edges()
    with button(edges):
        assert header.pin(PIN).bounce is None
        header.pin(PIN).drive_low()
        header.pin(PIN).drive_high()
        header.pin(PIN).drive_low()

    assert edges == ["press", "release", "press"]


def test_a_button_that_is_held_at_the_start_is_live_after_its_first_release(
    header: Any,
) -> None:
    header.pin(PIN, pin_class=StuckPin)
    edges = Edges()
    with button(edges) as opened:
        assert opened.held_at_start
        assert not opened.is_pressed()

        header.pin(PIN).drive_high()
        assert edges == []

        header.pin(PIN).drive_low()
        assert edges == ["press"]


def test_a_held_button_whose_release_was_missed_is_live_after_a_look(
    header: Any,
) -> None:
    pin = header.pin(PIN, pin_class=StuckPin)
    edges = Edges()
    with button(edges) as opened:
        handler, pin.when_changed = pin.when_changed, None
        pin.drive_high()
        pin.when_changed = handler

        assert not opened.is_pressed()
        opened._button.pin.drive_low()

        assert opened.is_pressed()


def test_after_close_no_event_comes_and_the_pin_is_free(header: Any) -> None:
    edges = Edges()
    with button(edges) as first:
        pass
    first.close()

    header.pin(PIN).drive_low()
    assert edges == []
    assert not first.is_pressed()
    header.pin(PIN).drive_high()
    with button(edges):
        header.pin(PIN).drive_low()
    assert edges == ["press"]


def test_a_pin_that_is_in_use_is_an_error_with_a_cure() -> None:
    with (
        button(Edges()),
        pytest.raises(DeviceError, match=r"^cannot use GPIO 17: .*two pins$"),
    ):
        GpioLamp(PIN, factory="mock")


def test_a_pin_that_does_not_exist_is_an_error_with_a_cure() -> None:
    with pytest.raises(DeviceError, match=r"GPIO 99: .* from 2 to 27"):
        GpioLamp(99, factory="mock")


def test_a_pin_factory_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(DeviceError, match="no pin factory 'abacus'"):
        GpioLamp(PIN, factory="abacus")


def test_the_environment_chooses_the_pin_factory_as_in_gpiozero(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")

    with contextlib.closing(GpioLamp(PIN, factory="abacus2")) as lamp:
        lamp.show(Signal.LISTENING)


def test_the_lamp_lights_within_20_ms_of_listening_and_goes_out_at_idle(
    header: Any,
) -> None:
    with contextlib.closing(GpioLamp(PIN, factory="mock")) as lamp:
        pin = header.pin(PIN)
        assert not pin.state
        lamp.show(Signal.LISTENING)
        until(lambda: pin.state, 0.02)

        lamp.show(Signal.IDLE)
        until(lambda: not pin.state, 0.02)


def test_an_error_blinks_twice_fast(header: Any) -> None:
    with contextlib.closing(GpioLamp(PIN, factory="mock")) as lamp:
        pin = header.pin(PIN)
        pin.clear_states()
        lamp.show(Signal.ERROR)
        until(lambda: len(pin.states) > 5)

        lengths = [state.timestamp for state in pin.states[2:6]]
        assert lengths == pytest.approx([0.1, 0.1, 0.1, 0.7], abs=0.05)


def test_showing_the_same_signal_again_does_not_start_its_pattern_anew(
    header: Any,
) -> None:
    with contextlib.closing(GpioLamp(PIN, factory="mock")) as lamp:
        pin = header.pin(PIN)
        lamp.show(Signal.OFFLINE)
        until(lambda: pin.state)
        shown = time.monotonic()
        while pin.state and time.monotonic() - shown < 1:
            lamp.show(Signal.OFFLINE)

        assert time.monotonic() - shown < 1


def test_a_closed_lamp_is_dark_and_its_pin_free(header: Any) -> None:
    lamp = GpioLamp(PIN, factory="mock")
    lamp.show(Signal.LISTENING)
    pin = header.pin(PIN)
    until(lambda: pin.state)
    lamp.close()
    lamp.close()
    lamp.show(Signal.ERROR)

    assert not pin.state
    GpioLamp(PIN, factory="mock").close()


def test_a_lamp_that_fails_in_use_stays_dark_and_says_why(header: Any) -> None:
    header.pin(PIN, pin_class=BurntPin)
    with contextlib.closing(GpioLamp(PIN, factory="mock")) as lamp:
        lamp.show(Signal.LISTENING)
        until(lambda: lamp.fault is not None)

        assert lamp.fault == "smoke"
        lamp.show(Signal.IDLE)


class LgpioError(Exception):
    """As lgpio makes it: the text is in ``value``, quoted by ``str``."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __str__(self) -> str:
        return repr(self.value)


@pytest.mark.parametrize(
    ("error", "chips", "allowed", "cure"),
    [
        (LgpioError("GPIO busy"), True, True, "another program uses that pin"),
        (LgpioError("can not open gpiochip"), False, False, "no GPIO driver here"),
        (LgpioError("can not open gpiochip"), True, False, "to the group gpio"),
        (LgpioError("can not open gpiochip"), True, True, "DeviceAllow=char-gpiochip"),
        (LgpioError("bad handle"), True, True, "bad handle"),
        (FileNotFoundError(2, "No such file", "/gone"), True, True, "/gone; set LG_WD"),
        (ModuleNotFoundError("No module named 'lgpio'"), True, True, "install gpio"),
    ],
)
def test_each_fault_of_the_header_has_its_cure(
    error: Exception,
    chips: bool,
    allowed: bool,
    cure: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    if chips:
        (tmp_path / "gpiochip0").touch()
    monkeypatch.setattr(gpio, "CHIPS", str(tmp_path / "gpiochip*"))
    monkeypatch.setattr(os, "access", lambda *_: allowed)

    assert cure in gpio._cure(error)
    assert "\n" not in gpio._cure(error)


def test_importing_the_module_imports_no_hardware_library(tmp_path: Path) -> None:
    program = (
        "import sys, edgevoice.controls.gpio; "
        "print([m for m in ('gpiozero', 'lgpio') if m in sys.modules])"
    )
    assert run(program, tmp_path) == "[]\n"
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_header_the_error_says_so_in_one_line(tmp_path: Path) -> None:
    program = """if True:
        from edgevoice.controls.gpio import GpioButton
        from edgevoice.errors import DeviceError
        try:
            GpioButton(17, print, print).close()
            print("cannot use GPIO: gpiochip is there")
        except DeviceError as error:
            print(error)
    """
    said = run(program, tmp_path)

    assert said.startswith("cannot use GPIO: ")
    assert "keyboard" in said or "gpiochip" in said
    assert said.count("\n") == 1


def test_lgpio_leaves_the_working_directory_alone(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    place = tmp_path / "place"
    runtime.mkdir()
    place.mkdir()
    program = """if True:
        import os
        from edgevoice.controls import gpio
        gpio._import_lgpio()
        print(os.getcwd())
    """

    said = run(program, place, RUNTIME_DIRECTORY=f"{runtime}:/else")

    assert said == f"{place}\n"
    assert list(place.iterdir()) == []
    assert [path.name for path in runtime.iterdir()] == [".lgd-nfy0"]


def test_without_a_runtime_directory_lgpio_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    run(
        "from edgevoice.controls import gpio; gpio._import_lgpio()",
        tmp_path,
        TMPDIR=str(scratch),
    )

    assert list(scratch.iterdir()) == []
    assert list(tmp_path.iterdir()) == [scratch]


def run(program: str, cwd: Path, **variables: str) -> str:
    """Run a program in a fresh interpreter; what it printed."""
    root = Path(__file__).parent.parent
    inherited = {k: v for k, v in os.environ.items() if k not in {"LG_WD"}}
    environment = {**inherited, "PYTHONPATH": str(root), **variables}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=15,
    ).stdout


def _pins() -> tuple[type, type]:
    from gpiozero.pins.mock import MockPin

    class Stuck(MockPin):  # type: ignore[misc]
        """A contact that is closed before anyone looks."""

        def _set_pull(self, value: str) -> None:
            self._pull = value
            self._change_state(False)

    class Burnt(MockPin):  # type: ignore[misc]
        """A line that fails when it is to carry current."""

        def _set_state(self, value: bool) -> None:
            if value:
                raise OSError("smoke")

    return Stuck, Burnt


StuckPin, BurntPin = _pins()


def test_a_button_whose_thread_has_died_is_not_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """lgpio's real thread, killed as a callback that raises would do it."""
    gpio._import_lgpio()
    lgpio = sys.modules["lgpio"]
    with contextlib.chdir(os.environ["LG_WD"]):
        thread = lgpio._callback_thread()
        fifo = Path(thread._file.name).resolve()
    monkeypatch.setattr(lgpio, "_notify_thread", thread)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def fail(*_: int) -> None:
        raise RuntimeError

    thread.append(lgpio._callback_ADT(0, PIN, lgpio.BOTH_EDGES, fail))
    with button(Edges()) as opened:
        assert opened.alive()
        fifo.write_bytes(struct.pack("QBBBBI", 0, 0, PIN, 1, 0, 0))
        until(lambda: not opened.alive())
    thread._file.close()


def test_gpiozero_1_6_finds_the_names_that_lgpio_had_then() -> None:
    lgpio = SimpleNamespace(SET_PULL_UP=32, SET_PULL_DOWN=64, SET_PULL_NONE=128)
    give_old_names(lgpio)
    old = lgpio.SET_BIAS_PULL_UP, lgpio.SET_BIAS_PULL_DOWN, lgpio.SET_BIAS_DISABLE
    assert old == (32, 64, 128)
