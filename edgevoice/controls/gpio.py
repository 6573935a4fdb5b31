"""The button and the lamp on the header of a Raspberry Pi.

The only file that imports gpiozero, and only when a device is opened: importing
this module costs nothing on a machine without a header.

There is no ``bounce_time``: under lgpio it waits for a stable line, so that the
press itself comes late by that much. The press counts at its first edge; a release
that bounces is a matter for whoever decides when the talk has ended.
"""

import atexit
import contextlib
import functools
import glob
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any, Final

from edgevoice.controls.control import OnEdge, Signal
from edgevoice.controls.patterns import PATTERNS, lamp
from edgevoice.errors import DeviceError

FACTORY_VARIABLE: Final = "GPIOZERO_PIN_FACTORY"
"""gpiozero's own environment variable; it goes before the ``factory`` argument."""

CHIPS: Final = "/dev/gpiochip*"


_RENAMED: Final = {
    "SET_BIAS_PULL_UP": "SET_PULL_UP",
    "SET_BIAS_PULL_DOWN": "SET_PULL_DOWN",
    "SET_BIAS_DISABLE": "SET_PULL_NONE",
}


@functools.cache
def pin_factory(name: str = "lgpio") -> Any:
    """The pin factory of this name, made once.

    gpiozero left to itself tries four of them and falls back with a warning; a
    daemon that ends up with the wrong one loses edges. So it is named.

    Args:
        name: One of gpiozero's: ``lgpio`` is the header, ``mock`` is for tests.

    Raises:
        DeviceError: It is not installed, or this machine has no header.
    """
    name = os.environ.get(FACTORY_VARIABLE) or name
    with _errors("GPIO"):
        if name == "lgpio":
            _import_lgpio()
        for entry in entry_points(group="gpiozero_pin_factories", name=name):
            return entry.load()()
        raise ImportError(f"gpiozero has no pin factory {name!r}")


def _import_lgpio() -> None:
    """Import lgpio without its marks on the working directory.

    At import it makes ``$LG_WD`` (else the working directory) the current directory
    and creates a FIFO ``.lgd-nfy0`` there, which fails in ``/`` or a read-only
    folder. Give it a place of our own, and go back afterwards.
    """
    place = os.environ.get("LG_WD")
    if not place:
        place = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if not place:
        place = tempfile.mkdtemp(prefix="edgevoice-lgpio-")
        atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.environ["LG_WD"] = place
    with contextlib.chdir(place):
        import lgpio  # type: ignore[import-untyped,unused-ignore]
    give_old_names(lgpio)


def give_old_names(lgpio: Any) -> None:
    """Let gpiozero 1.6 (Debian 13) find what lgpio has called otherwise since 0.2."""
    for old, new in _RENAMED.items():
        if not hasattr(lgpio, old):
            setattr(lgpio, old, getattr(lgpio, new))


def _foreign() -> tuple[type[BaseException], ...]:
    """What gpiozero and lgpio raise; lgpio's error is known once it is imported."""
    from gpiozero import GPIOZeroError

    lgpio = sys.modules.get("lgpio")
    own = (lgpio.error,) if lgpio is not None and hasattr(lgpio, "error") else ()
    return (GPIOZeroError, OSError, ImportError, *own)


@contextlib.contextmanager
def _errors(what: str) -> Iterator[None]:
    """Turn the libraries' exceptions into one line that says the cure."""
    try:
        import gpiozero  # noqa: F401
    except ImportError as error:
        raise DeviceError(f"cannot use {what}: {_cure(error)}") from error
    try:
        yield
    except DeviceError:
        raise
    except _foreign() as error:
        raise DeviceError(f"cannot use {what}: {_cure(error)}") from error


def _cure(error: BaseException) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    text = str(getattr(error, "value", error))  # str() of lgpio's error has quotes
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}; set LG_WD to a writable folder"
    if "ImportError" in kinds:
        return f"{text}; install gpiozero and lgpio (extra `gpio`)"
    if "GPIOPinInUse" in kinds:
        return "edgevoice uses that pin already; give button and indicator two pins"
    if "PinInvalidPin" in kinds:
        return "there is no such pin; use a GPIO number from 2 to 27"
    if "PinUnknownPi" in kinds:
        return 'this is no Raspberry Pi; set button.source to "keyboard" or "none"'
    if "busy" in text:
        return "another program uses that pin; `gpioinfo` says which"
    chips = glob.glob(CHIPS)
    if not chips:
        return f"there is no {CHIPS}; the kernel has no GPIO driver here"
    if not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        return f"no permission for {chips[0]}; add the user to the group gpio"
    if "open gpiochip" in text:
        return f"{text}; a unit must allow it: DeviceAllow=char-gpiochip rw"
    return text


class GpioButton:
    """A button from a GPIO pin to ground, with the Pi's own pull-up (a talk control).

    Callbacks run in lgpio's thread: hand over and return.

    Attributes:
        name: ``gpio:17``.
        held_at_start: The button was down when it was opened (a stuck button, or a
            thing lying on it). That press is not reported, nor its release; the
            button is live from then on.
    """

    def __init__(
        self, pin: int, on_press: OnEdge, on_release: OnEdge, factory: str = "lgpio"
    ) -> None:
        """Open the pin.

        Args:
            pin: BCM number, 2 to 27.
            on_press: The button went down.
            on_release: The button came up.
            factory: See ``pin_factory``.

        Raises:
            DeviceError: The pin cannot be used; the text says the cure.
        """
        self.name = f"gpio:{pin}"
        self._on_press = on_press
        self._on_release = on_release
        self._live = False
        with _errors(f"GPIO {pin}"):
            from gpiozero import Button

            self._button = Button(pin, pull_up=True, pin_factory=pin_factory(factory))
            # The handlers first, then the level: an edge in between is seen by one.
            self._button.when_pressed = self._pressed
            self._button.when_released = self._released
            self.held_at_start = bool(self._button.is_pressed)
            self._live = not self.held_at_start

    def alive(self) -> bool:
        """Whether the thread that reports edges still runs.

        It is lgpio's own: one for all pins, started at import; a callback that raises
        ends it. It has no public name (lgpio.py 0.2.2: ``_notify_thread``).
        """
        thread = getattr(sys.modules.get("lgpio"), "_notify_thread", None)
        return thread is None or bool(thread.is_alive())

    def is_pressed(self) -> bool:
        """The level of the pin now, for a slow look in case an edge got lost.

        A button that has been down since the start reads as not pressed, and so
        does a closed one.

        Raises:
            DeviceError: The pin cannot be read any more.
        """
        if self._button.closed:
            return False
        with _errors(self.name):
            pressed = bool(self._button.is_pressed)
            if not pressed:
                # gpiozero reports changes only: after a release whose edge got lost
                # it would swallow the next press. It has no public way to be told.
                ticks = self._button.pin_factory.ticks()
                self._button._fire_events(ticks, new_active=False)
        if not self._live:
            self._live = not pressed  # also if the edge of its release got lost
            return False
        return pressed

    def close(self) -> None:
        """Let go of the pin; may be called twice; no event comes after it."""
        self._live = False
        self._button.close()

    def _pressed(self) -> None:
        if self._live:
            self._on_press()

    def _released(self) -> None:
        if self._live:
            self._on_release()
        elif not self._button.closed:
            self._live = True


class GpioLamp:
    """A lamp (LED with resistor) from a GPIO pin to ground (an indicator).

    One thread of its own plays the pattern. ``show`` only wakes it.

    Attributes:
        fault: None, or why the lamp stays dark since it failed in use.
    """

    def __init__(self, pin: int, factory: str = "lgpio") -> None:
        """Open the pin; the lamp is off.

        Raises:
            DeviceError: The pin cannot be used; the text says the cure.
        """
        self.fault: str | None = None
        with _errors(f"GPIO {pin}"):
            from gpiozero import LED

            self._led = LED(pin, pin_factory=pin_factory(factory))
        self._changed = threading.Condition()
        self._signal: Signal | None = Signal.IDLE
        self._since = time.monotonic()
        self._thread = threading.Thread(target=self._play, name="lamp", daemon=True)
        self._thread.start()

    def show(self, signal: Signal) -> None:
        """Start this signal's pattern, unless it is the one being shown."""
        with self._changed:
            if self._signal not in {signal, None}:
                self._signal, self._since = signal, time.monotonic()
                self._changed.notify()

    def close(self) -> None:
        """Switch off and let go of the pin; may be called twice."""
        with self._changed:
            self._signal = None
            self._changed.notify()
        self._thread.join()
        self._led.close()

    def _play(self) -> None:
        try:
            with self._changed:
                while self._signal is not None:
                    elapsed = time.monotonic() - self._since
                    lit, wait = lamp(PATTERNS[self._signal], elapsed)
                    self._led.value = lit
                    self._changed.wait(wait)
                self._led.off()
        except _foreign() as error:  # the chip is gone; the voice must go on
            self.fault = str(error)
