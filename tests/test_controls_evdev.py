import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.controls.evdev import EVENT, EvdevButton, open_device
from edgevoice.errors import DeviceError

SYN, KEY, RELATIVE = 0, 1, 2
UP, DOWN, REPEAT = 0, 1, 2
PEDAL, OTHER = 30, 48


class Pedal:
    """A pipe that carries what the device file would, and what came of it."""

    def __init__(self) -> None:
        self.readable, self.writable = os.pipe()
        os.set_blocking(self.readable, False)
        self.heard: list[str] = []
        self._changed = threading.Condition()
        self.button = EvdevButton(
            "/dev/input/by-id/pedal",
            lambda: self._hear("press"),
            lambda: self._hear("release"),
            lambda: self._hear("lost"),
            opener=lambda _path: self.readable,
        )

    def _hear(self, what: str) -> None:
        with self._changed:
            self.heard.append(what)
            self._changed.notify()

    def wait_for(self, *heard: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self.heard) >= len(heard), 5)
            assert self.heard == list(heard)

    def emit(self, kind: int, code: int, value: int) -> None:
        os.write(self.writable, EVENT.pack(1, 2, kind, code, value))

    def unplug(self) -> None:
        os.close(self.writable)
        self.writable = -1

    def close(self) -> None:
        self.button.close()
        if self.writable >= 0:
            os.close(self.writable)


@pytest.fixture
def pedal() -> Iterator[Pedal]:
    with contextlib.closing(Pedal()) as opened:
        yield opened


def test_down_and_up_are_press_and_release_and_repeats_mean_nothing(
    pedal: Pedal,
) -> None:
    pedal.emit(KEY, PEDAL, DOWN)
    pedal.emit(SYN, 0, 0)
    pedal.emit(KEY, PEDAL, REPEAT)
    pedal.wait_for("press")

    pedal.emit(KEY, PEDAL, UP)
    pedal.wait_for("press", "release")
    assert pedal.button.name == "evdev:/dev/input/by-id/pedal"


def test_with_two_keys_down_the_last_one_up_is_the_release(pedal: Pedal) -> None:
    for key, value in ((PEDAL, DOWN), (OTHER, DOWN), (PEDAL, UP), (OTHER, UP)):
        pedal.emit(KEY, key, value)
    pedal.emit(KEY, PEDAL, DOWN)

    pedal.wait_for("press", "release", "press")


def test_a_key_that_was_down_at_the_start_means_nothing_until_pressed_again(
    pedal: Pedal,
) -> None:
    pedal.emit(KEY, PEDAL, REPEAT)
    pedal.emit(KEY, PEDAL, UP)
    pedal.emit(RELATIVE, PEDAL, DOWN)
    pedal.emit(KEY, PEDAL, DOWN)
    pedal.emit(KEY, PEDAL, UP)

    pedal.wait_for("press", "release")


def test_events_may_arrive_in_pieces(pedal: Pedal) -> None:
    both = EVENT.pack(1, 2, KEY, PEDAL, DOWN) + EVENT.pack(1, 2, KEY, PEDAL, UP)
    for at in range(len(both)):
        os.write(pedal.writable, both[at : at + 1])

    pedal.wait_for("press", "release")


def test_lost_events_let_go_of_the_button(pedal: Pedal) -> None:
    pedal.emit(KEY, PEDAL, DOWN)
    pedal.emit(SYN, 3, 0)  # SYN_DROPPED

    pedal.wait_for("press", "release")


def test_unplugging_a_held_pedal_releases_and_reports_the_loss(pedal: Pedal) -> None:
    pedal.emit(KEY, PEDAL, DOWN)
    pedal.wait_for("press")

    pedal.unplug()

    pedal.wait_for("press", "release", "lost")


def test_it_is_alive_until_its_thread_ends(pedal: Pedal) -> None:
    assert pedal.button.alive()

    pedal.unplug()

    pedal.wait_for("lost")
    pedal.button.close()
    assert not pedal.button.alive()


def test_close_ends_the_thread_and_may_be_called_twice(pedal: Pedal) -> None:
    pedal.button.close()
    pedal.button.close()

    assert "evdev" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(pedal.readable)


def test_the_button_may_be_closed_from_its_own_callback() -> None:
    readable, writable = os.pipe()
    opened: list[EvdevButton] = []
    closed = threading.Event()

    def close() -> None:
        opened[0].close()
        closed.set()

    opened.append(
        EvdevButton("pedal", close, lambda: None, lambda: None, lambda _: readable)
    )
    os.write(writable, EVENT.pack(1, 2, KEY, PEDAL, DOWN))

    assert closed.wait(5)
    until_no_thread_is_called("evdev")
    os.close(writable)


def test_a_fifo_serves_as_the_device_file(tmp_path: Path) -> None:
    path = tmp_path / "pedal"
    os.mkfifo(path)
    pressed = threading.Event()

    def opener(name: str) -> int:
        return os.open(name, os.O_RDWR | os.O_NONBLOCK)

    button = EvdevButton(
        str(path), pressed.set, lambda: None, lambda: None, opener=opener
    )
    with contextlib.closing(button), open(path, "wb", buffering=0) as device:
        device.write(EVENT.pack(1, 2, KEY, PEDAL, DOWN))
        assert pressed.wait(5)


@pytest.mark.parametrize(
    ("path", "cure"),
    [
        ("/dev/input/by-id/nothing", "it is not plugged in"),
        ("/dev/null", "it is no input device"),
    ],
)
def test_what_cannot_be_opened_is_an_error_with_a_cure(path: str, cure: str) -> None:
    with pytest.raises(DeviceError, match=f"{path}: {cure}"):
        open_device(path)


def test_no_permission_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("edgevoice.controls.evdev.os.open", refuse)

    with pytest.raises(DeviceError, match="add the user to the group input"):
        open_device("/dev/input/event0")


def until_no_thread_is_called(name: str) -> None:
    deadline = time.monotonic() + 5
    while name in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < deadline
        time.sleep(0.001)
