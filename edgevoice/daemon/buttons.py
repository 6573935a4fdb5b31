"""Opens the button and the lamp that the settings name, and keeps them."""

import logging
from collections.abc import Callable
from typing import Final

from edgevoice import config
from edgevoice.controls.control import Indicator, TalkControl
from edgevoice.daemon.appliance import Appliance
from edgevoice.errors import DeviceError

log = logging.getLogger(__name__)

CHECK_S: Final = 1.0
"""How often a missing button is looked for, and a held one asked, seconds."""


class Buttons:
    """The button and the lamp of one appliance; loop's thread only.

    A button that is missing at the start (a pedal that is not plugged in) or is
    lost later is waited for; ``status`` and the lamp say so. Other settings let go of
    both and open what they name.

    Attributes:
        looked: The button was looked for at least once: it works, or is waited for.
    """

    def __init__(self, appliance: Appliance) -> None:
        self.looked = False
        self._appliance = appliance
        self._source = "none"
        self._named: tuple[config.Button, config.Indicator] | None = None
        """The settings that button and lamp are opened by."""
        self._button: TalkControl | None = None
        self._lamp: Indicator | None = None
        self._state = "closed"

    async def keep(self) -> None:
        """Open what the settings name, until cancelled."""
        while True:
            if self._is_new():
                self._begin()
            if self._button is not None:
                self._check_level(self._button)
            elif self._source != "none":
                self._open_button()
            if not self.looked:
                self.looked = True
                self._appliance.bell.ring()
            await self._appliance.bell.until(self._is_new, CHECK_S)

    def alive(self) -> bool:
        """Whether an open button would still report a press; for the watchdog.

        One that is missing is waited for: a restart would not bring it.
        """
        return self._button is None or self._button.alive()

    @property
    def _wanted(self) -> tuple[config.Button, config.Indicator]:
        settings = self._appliance.settings
        return settings.button, settings.indicator

    def _is_new(self) -> bool:
        return self._wanted != self._named

    def _begin(self) -> None:
        """Let go of what earlier settings named, if any; then the lamp.

        Settings change in a pause, so nobody holds the button.
        """
        self.close()
        self._named = self._wanted
        self._source = self._named[0].source
        self._report("closed", None)
        if self._source == "gpio":
            self._open_lamp()

    def close(self) -> None:
        """Let go of the hardware."""
        if self._button is not None:
            self._button.close()
        if self._lamp is not None:
            self._appliance.panel.remove(self._lamp)
            self._lamp.close()
        self._button = self._lamp = None

    def _open_button(self) -> None:
        try:
            self._button = self._opened()
        except DeviceError as error:
            self._report("missing", str(error))
        else:
            log.info("button: %s", self._button.name)
            self._report("open", None)

    def _check_level(self, button: TalkControl) -> None:
        """A release whose edge was lost must not leave the microphone on."""
        is_pressed = getattr(button, "is_pressed", None)
        if is_pressed is None:
            return
        try:
            pressed = is_pressed()
        except DeviceError as error:
            self._give_up(str(error))
            return
        if not pressed and self._appliance.settings.button.mode == "hold":
            self._appliance.release(self._source)

    def _give_up(self, error: str) -> None:
        """The button does not work any more: let go of it, and look for it anew."""
        button, self._button = self._button, None
        if button is not None:
            button.close()
            self._appliance.release(self._source)
            self._report("missing", error)

    def _report(self, state: str, error: str | None) -> None:
        """Say what is new about the button; nothing if nothing is."""
        if (state, error) == (self._state, self._appliance.control_error):
            return
        self._state, self._appliance.control_error = state, error
        if error:
            log.error("%s", error)
        name = self._button.name if self._button else self._source
        self._appliance.news.tell(
            "device", kind="button", name=name, state=state, error=error
        )
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

    def _opened(self) -> TalkControl:
        source = self._source
        press, release = self._edges()
        if source == "keyboard":
            from edgevoice.controls.keyboard import Keyboard

            return Keyboard(
                lambda event: self._appliance.post(self._key, event),
                mode=self._appliance.settings.button.mode,
                max_hold=float(self._appliance.settings.button.max_hold_s),
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

    def _edges(self) -> tuple[Callable[[], None], Callable[[], None]]:
        """What a press and a release do, called in the button's own thread."""
        appliance, source = self._appliance, self._source
        if appliance.settings.button.mode == "toggle":
            return (lambda: appliance.post(appliance.toggle, source)), (lambda: None)
        return (
            lambda: appliance.post(appliance.press, source),
            lambda: appliance.post(appliance.release, source),
        )

    def _lost_soon(self) -> None:
        self._appliance.post(self._lost)

    def _lost(self) -> None:
        if self._button is not None:
            self._give_up(f"button {self._button.name} is gone: plug it in again")
