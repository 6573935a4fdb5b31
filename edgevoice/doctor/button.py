"""The button and the lamp: opened, pressed and seen.

Only while no daemon runs, which holds the pins.
"""

import contextlib
import threading
from typing import Final

from edgevoice.controls.control import OnEdge, Signal, TalkControl
from edgevoice.controls.evdev import EvdevButton
from edgevoice.controls.gpio import GpioButton, GpioLamp
from edgevoice.doctor.finding import Finding, failed, ok, skipped, warning, wrong
from edgevoice.doctor.person import Asked
from edgevoice.errors import DeviceError

PRESS_S: Final = 10.0
"""How long is waited for a press, seconds."""

EVDEV: Final = "evdev:"

NOBODY: Final = "nobody at a terminal to ask"


def check_button(
    source: str, pin: int, person: Asked | None, *, patience: float = PRESS_S
) -> list[Finding]:
    """Open the button and wait for a press.

    Args:
        source: ``button.source`` of the settings.
        pin: Its BCM number, if the source is ``gpio``.
        person: Who is asked to press; None asks nobody.
        patience: How long to wait for the press, seconds.

    Returns:
        ``button`` and ``press``.
    """
    if source != "gpio" and not source.startswith(EVDEV):
        why = f'there is none: button.source is "{source}"'
        return [skipped("button", why), skipped("press", why)]
    edges = _Edges()
    try:
        opened = _opened(source, pin, edges)
    except DeviceError as error:
        return [failed("button", error), skipped("press", "no button")]
    with contextlib.closing(opened):
        if isinstance(opened, GpioButton) and opened.held_at_start:
            return [_stuck(opened.name), skipped("press", "it is down already")]
        found = ok("button", f"{opened.name} can be used")
        return [found, _pressed(opened.name, edges, person, patience)]


def check_lamp(source: str, pin: int, person: Asked | None) -> Finding:
    """Let the lamp blink, and ask whether it is seen.

    Args:
        source: ``button.source`` of the settings: without the header there is no lamp.
        pin: Its BCM number; -1: there is none.
        person: Who is asked; None asks nobody.

    Returns:
        ``lamp``.
    """
    if source != "gpio" or pin < 0:
        return skipped("lamp", "there is none in the settings")
    try:
        lamp = GpioLamp(pin)
    except DeviceError as error:
        return failed("lamp", error)
    with contextlib.closing(lamp):
        lamp.show(Signal.ERROR)
        if person is None:
            return ok("lamp", f"gpio:{pin} can be used; {NOBODY}")
        seen = person.confirms(f"The lamp at GPIO {pin} blinks fast: do you see it?")
    if lamp.fault:
        return wrong("lamp", f"gpio:{pin} failed: {lamp.fault}", "check its wires")
    if seen is None:
        return ok("lamp", f"gpio:{pin} can be used; nobody said whether it was seen")
    if not seen:
        return wrong("lamp", f"gpio:{pin} blinks, and nobody sees it", _LAMP_WIRES)
    return ok("lamp", f"gpio:{pin} blinks, and was seen")


class _Edges:
    """What the button does; called in its own thread."""

    def __init__(self) -> None:
        self.pressed, self.released = threading.Event(), threading.Event()
        self.lost = threading.Event()

    def release(self) -> None:
        if self.pressed.is_set():
            self.released.set()


def _opened(source: str, pin: int, edges: _Edges) -> TalkControl:
    press: OnEdge = edges.pressed.set
    if source == "gpio":
        return GpioButton(pin, press, edges.release)
    path = source.removeprefix(EVDEV)
    return EvdevButton(path, press, edges.release, on_lost=edges.lost.set)


def _pressed(
    name: str, edges: _Edges, person: Asked | None, patience: float
) -> Finding:
    if person is None:
        return skipped("press", NOBODY)
    person.tell(f"Press the button and let it go, within {patience:.0f} seconds.")
    wires = _BUTTON_WIRES if name.startswith("gpio") else "is it the right device?"
    if not edges.pressed.wait(patience):
        return wrong("press", f"no press was seen in {patience:.0f} s", wires)
    if not edges.released.wait(patience):
        found = "it was pressed, but its release was not seen"
        return warning("press", found, wires)
    return ok("press", "press and release were seen")


def _stuck(name: str) -> Finding:
    return wrong("button", f"{name} is held down", _BUTTON_WIRES)


_BUTTON_WIRES: Final = (
    "it belongs between the pin of `button.pin` (a BCM number) and ground"
)
_LAMP_WIRES: Final = (
    "pin of `indicator.pin`, resistor, long leg of the LED, short leg, ground"
)
