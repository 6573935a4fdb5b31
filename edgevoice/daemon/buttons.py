"""Opens the button and the lamp that the settings name, and keeps them."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edgevoice import config
from edgevoice.controls.control import TalkControl
from edgevoice.daemon.appliance import Appliance
from edgevoice.errors import DeviceError

if TYPE_CHECKING:
    from edgevoice.controls.gpio import GpioLamp

log = logging.getLogger(__name__)

CHECK_S: Final = 1.0
"""How often a missing button is looked for, and a held one asked, seconds."""


class Buttons:
    """The button and the lamp of one appliance; loop's thread only.

    One that is missing at the start (a pedal that is not plugged in) or is lost later
    is waited for, and ``status`` says so. Other settings let go of both and open what
    they name.

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
        self._lamp: GpioLamp | None = None
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
            self._keep_lamp()
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
        """Let go of what earlier settings named, if any.

        Settings change in a pause, so nobody holds the button.
        """
        self.close()
        self._named = self._wanted
        self._source = self._named[0].source
        self._report("closed", None)
        self._report_lamp("closed", None)

    def close(self) -> None:
        """Let go of the hardware."""
        if self._button is not None:
            self._button.close()
        self._button = None
        self._close_lamp()

    def _close_lamp(self) -> None:
        lamp, self._lamp = self._lamp, None
        if lamp is not None:
            self._appliance.panel.remove(lamp)
            lamp.close()

    def _open_button(self) -> None:
        try:
            self._button = self._opened()
        except DeviceError as error:
            self._report("missing", str(error))
        else:
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
        name = self._button.name if self._button else self._source
        fields = {"DEVICE": "button", "DEVICE_NAME": name, "DEVICE_STATE": state}
        if error:
            log.error("%s", error, extra=fields)
        elif self._button is not None:
            log.info("button: %s is open", name, extra=fields)
        self._appliance.news.tell(
            "device", kind="button", name=name, state=state, error=error
        )
        self._appliance.show()

    def _keep_lamp(self) -> None:
        """Open the lamp, if there is to be one; also one that failed in use."""
        if self._source != "gpio" or self._appliance.settings.indicator.pin < 0:
            return
        if self._lamp is None:
            self._open_lamp()
        elif self._lamp.fault:
            self._report_lamp("missing", self._lamp.fault)
            self._close_lamp()

    def _open_lamp(self) -> None:
        from edgevoice.controls.gpio import GpioLamp

        try:
            self._lamp = GpioLamp(self._appliance.settings.indicator.pin)
        except DeviceError as error:  # the button works without it
            self._report_lamp("missing", str(error))
        else:
            self._report_lamp("open", None)
            self._appliance.panel.add(self._lamp)

    def _report_lamp(self, state: str, error: str | None) -> None:
        """Say what is new about the lamp; a button beside it works all the same."""
        before, self._appliance.lamp_error = self._appliance.lamp_error, error
        if error == before and state != "open":
            return
        name = f"gpio:{self._appliance.settings.indicator.pin}"
        if error:
            fields = {"DEVICE": "lamp", "DEVICE_NAME": name, "DEVICE_STATE": state}
            log.error("%s", error, extra=fields)
        self._appliance.news.tell(
            "device", kind="lamp", name=name, state=state, error=error
        )
        self._appliance.show()

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
