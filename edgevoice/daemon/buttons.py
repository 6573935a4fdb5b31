"""Opens the button and the lamp that the settings name, and keeps them."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from edgevoice.controls.control import Indicator, TalkControl
from edgevoice.daemon.appliance import Appliance
from edgevoice.errors import DeviceError

log = logging.getLogger(__name__)

RETRY_S: Final = 2.0
"""Pause between two attempts to open a button, seconds."""


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
        if source in {"none", "keyboard"}:  # the terminal brings its own keyboard
            return
        while True:
            if self._button is None:
                self._open_all(source)
            await asyncio.sleep(RETRY_S)

    def close(self) -> None:
        """Let go of the hardware."""
        for part in (self._button, self._lamp):
            if part is not None:
                part.close()
        self._button = self._lamp = None

    def _open_all(self, source: str) -> None:
        try:
            if source == "gpio":
                self._open_lamp()
            self._button = self._open_button(source)
        except DeviceError as error:
            self._complain(str(error))
        else:
            log.info("button: %s", self._button.name)
            self._complain(None)

    def _complain(self, error: str | None) -> None:
        if error and error != self._appliance.control_error:
            log.error("%s", error)
        self._appliance.control_error = error
        self._appliance.show()

    def _open_lamp(self) -> None:
        pin = self._appliance.settings.indicator.pin
        if self._lamp is None and pin >= 0:
            from edgevoice.controls.gpio import GpioLamp

            self._lamp = GpioLamp(pin)
            self._appliance.panel.add(self._lamp)

    def _open_button(self, source: str) -> TalkControl:
        press, release = self._edges(source)
        if source == "gpio":
            from edgevoice.controls.gpio import GpioButton

            button = GpioButton(self._appliance.settings.button.pin, press, release)
            if button.held_at_start:
                log.warning("the button is held down since the start: let it go")
            return button
        from edgevoice.controls.evdev import EvdevButton

        path = source.removeprefix("evdev:")
        return EvdevButton(path, press, release, on_lost=self._lost_soon)

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
