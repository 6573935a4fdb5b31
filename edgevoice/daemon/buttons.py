"""Opens the button and the lamp that the settings name, and keeps them."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from edgevoice.controls.control import Indicator, TalkControl
from edgevoice.daemon.appliance import Appliance
from edgevoice.errors import DeviceError

log = logging.getLogger(__name__)

CHECK_S: Final = 1.0
"""How often a missing button is looked for, and a held one asked, seconds."""


class Buttons:
    """The button and the lamp of one appliance; loop's thread only.

    A button that is missing at the start (a pedal that is not plugged in) or is
    lost later is waited for; ``status`` and the lamp say so.
    """

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._button: TalkControl | None = None
        self._lamp: Indicator | None = None

    async def keep(self) -> None:
        """Open what the settings name, until cancelled."""
        source = self._appliance.settings.button.source
        if source == "none":
            return
        if source == "gpio":
            self._open_lamp()
        while True:
            if self._button is None:
                self._open_button(source)
            else:
                self._check_level(self._button, source)
            await asyncio.sleep(CHECK_S)

    def close(self) -> None:
        """Let go of the hardware."""
        for part in (self._button, self._lamp):
            if part is not None:
                part.close()
        self._button = self._lamp = None

    def _open_button(self, source: str) -> None:
        try:
            self._button = self._opened(source)
        except DeviceError as error:
            self._complain(str(error))
        else:
            log.info("button: %s", self._button.name)
            self._complain(None)

    def _check_level(self, button: TalkControl, source: str) -> None:
        """A release whose edge was lost must not leave the microphone on."""
        is_pressed = getattr(button, "is_pressed", None)
        if is_pressed is not None and self._appliance.settings.button.mode == "hold":
            try:
                pressed = is_pressed()
            except DeviceError as error:
                self._complain(str(error))
                return
            if not pressed:
                self._appliance.release(source)

    def _complain(self, error: str | None) -> None:
        if error and error != self._appliance.control_error:
            log.error("%s", error)
        self._appliance.control_error = error
        self._appliance.show()

    def _open_lamp(self) -> None:
        pin = self._appliance.settings.indicator.pin
        if pin < 0:
            return
        from edgevoice.controls.gpio import GpioLamp

        try:
            self._lamp = GpioLamp(pin)
        except DeviceError as error:  # the button matters more
            log.error("%s", error)
        else:
            self._appliance.panel.add(self._lamp)

    def _opened(self, source: str) -> TalkControl:
        press, release = self._edges(source)
        if source == "keyboard":
            from edgevoice.controls.keyboard import Keyboard

            return Keyboard(
                lambda event: self._appliance.post(self._key, event),
                mode=self._appliance.settings.button.mode,
            )
        if source == "gpio":
            from edgevoice.controls.gpio import GpioButton

            button = GpioButton(self._appliance.settings.button.pin, press, release)
            if button.held_at_start:
                log.warning("the button is held down since the start: let it go")
            return button
        from edgevoice.controls.evdev import EvdevButton

        path = source.removeprefix("evdev:")
        return EvdevButton(path, press, release, on_lost=self._lost_soon)

    def _key(self, event: object) -> None:
        """What the keyboard of ``edgevoice run`` says; `talk` understands more."""
        from edgevoice.controls.keyevents import Key

        match event:
            case Key.PRESS:
                self._appliance.press("keyboard")
            case Key.RELEASE:
                self._appliance.release("keyboard")
            case Key.SILENCE:
                self._appliance.silence()
            case Key.QUIT:
                self._appliance.stop()
            case _:
                pass

    def _edges(self, source: str) -> tuple[Callable[[], None], Callable[[], None]]:
        """What a press and a release do, called in the button's own thread."""
        appliance = self._appliance
        if appliance.settings.button.mode == "toggle":
            return (lambda: appliance.post(appliance.toggle, source)), (lambda: None)
        return (
            lambda: appliance.post(appliance.press, source),
            lambda: appliance.post(appliance.release, source),
        )

    def _lost_soon(self) -> None:
        self._appliance.post(self._lost)

    def _lost(self) -> None:
        button, self._button = self._button, None
        if button is not None:
            button.close()
            self._appliance.release(self._appliance.settings.button.source)
            self._complain(f"button {button.name} is gone: plug it in again")
