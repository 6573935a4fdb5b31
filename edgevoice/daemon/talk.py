"""The terminal of ``edgevoice talk``: space bar, status line, captions."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from edgevoice import config
from edgevoice.audio.pcm import level
from edgevoice.config import Configuration
from edgevoice.controls.control import Indicator
from edgevoice.controls.keyboard import Keyboard
from edgevoice.controls.keyevents import (
    HOW,
    Draft,
    Key,
    KeyEvent,
    Method,
    Say,
    help_lines,
)
from edgevoice.controls.terminal import StatusLine
from edgevoice.daemon import logs
from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.service import run, serve
from edgevoice.report import call_in_words

DRAW_S: Final = 0.1
"""How often the status line is drawn, seconds."""

VOLUME_STEP: Final = 10

SOURCE: Final = "keyboard"

TOOL: Final = " tool: "
"""Before what the model calls; as wide as what stands before a caption."""

ALLOW: Final = " y or n"
"""Behind the question whether it may."""

_SPEAKERS: Final = {"user": "user", "model": "assistant"}


class Terminal:
    """A face of the appliance; loop's thread, but for what the keyboard posts."""

    def __init__(self) -> None:
        self._line = StatusLine()

    @contextlib.contextmanager
    def attach(self, appliance: Appliance) -> Iterator[Indicator]:
        """Show this appliance and let the keyboard speak to it."""
        button = appliance.settings.button
        keyboard = Keyboard(
            lambda event: appliance.post(self._key, appliance, event),
            mode=button.mode,
            max_hold=float(button.max_hold_s),
        )
        self._line.update(how=HOW[keyboard.method], volume=appliance.sound.volume)
        stop_listening = appliance.news.listen(lambda item: self._news(appliance, item))
        appliance.panel.add(self._line)
        drawing = asyncio.get_running_loop().create_task(
            self._draw(appliance), name="terminal"
        )
        log_lines = _LogLines(appliance, self._line)
        logging.getLogger("edgevoice").addHandler(log_lines)
        try:
            yield self._line
        finally:
            logging.getLogger("edgevoice").removeHandler(log_lines)
            stop_listening()
            drawing.cancel()
            keyboard.close()
            self._line.close()

    async def _draw(self, appliance: Appliance) -> None:
        while True:
            loud = level(appliance.sound.last_block)
            self._line.update(level=loud if appliance.sound.recording else 0.0)
            self._line.draw()
            await asyncio.sleep(DRAW_S)

    def _news(self, appliance: Appliance, item: dict[str, Any]) -> None:
        match item["event"]:
            case "transcript":
                self._line.caption(_SPEAKERS[item["who"]], item["text"])
            case "turn" if item["outcome"] != "begun":
                self._line.end_caption()
                self._line.update(latency_ms=item["latency_ms"])
                if item["outcome"].startswith("lost"):
                    self._line.print_above(item["outcome"])
            case "question" | "tool_call":
                self._tell_call(item)
            case "volume":
                self._line.update(volume=None if item["muted"] else item["volume"])
            case "usage":
                self._line.update(money=appliance.budget.purse.words(item["today"]))
            case _:
                pass
        self._line.update(link=appliance.link.status, error=appliance.error)

    def _tell_call(self, item: dict[str, Any]) -> None:
        if item["event"] == "question" and item.get("allowed") is False:
            return  # the call fails now, and says why
        if words := call_in_words(item):
            asks = item["event"] == "question" and "allowed" not in item
            self._line.print_above(f"{TOOL}{words}{ALLOW if asks else ''}")

    def _key(self, appliance: Appliance, event: KeyEvent) -> None:
        match event:
            case Key.PRESS:
                appliance.press(SOURCE)
            case Key.RELEASE:
                appliance.release(SOURCE)
            case Key.SILENCE:
                appliance.silence()
            case Key.ALLOW:
                appliance.allow()
            case Key.NEW if appliance.asks:  # "n" is no answer to lose all for
                appliance.silence()
            case Key.NEW:
                appliance.begin_anew()
                self._line.print_above("a new conversation")
            case Key.LOUDER:
                appliance.set_volume(min(100, appliance.sound.volume + VOLUME_STEP))
            case Key.QUIETER:
                appliance.set_volume(max(0, appliance.sound.volume - VOLUME_STEP))
            case Key.MUTE:
                appliance.set_volume(muted=not appliance.sound.muted)
            case Key.HELP:
                self._line.print_above("\n".join(help_lines()))
            case Key.QUIT:
                appliance.stop()
            case Method():
                self._line.update(how=HOW[event])
            case Draft(text):
                self._line.draft(text)
            case Say(text):
                self._say(appliance, text)

    def _say(self, appliance: Appliance, text: str) -> None:
        if appliance.say(text):
            self._line.caption("user", text)
            self._line.end_caption()
        else:
            busy = "another question comes first; s forgets it"
            self._line.print_above(appliance.budget.error or busy)


class _LogLines(logging.Handler):
    """Warnings go above the status line instead of through it."""

    def __init__(self, appliance: Appliance, line: StatusLine) -> None:
        super().__init__(logging.WARNING)
        self._appliance = appliance
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record; from any thread, since some work is done in others."""
        self._appliance.post(self._line.print_above, record.getMessage())


def run_talk(
    settings: Configuration, credential: str | None, *, verbose: bool = False
) -> None:
    """Talk at a terminal until ``q``; without a credential, to the simulator.

    Raises:
        DeviceError: Standard input is no terminal.
    """
    logs.set_up_quiet(verbose=verbose)
    run(_talk(settings, credential))


async def _talk(settings: Configuration, credential: str | None) -> None:
    # The terminal brings its own keyboard.
    button = msgspec.structs.replace(settings.button, source="none")
    settings = msgspec.structs.replace(settings, button=button)
    if credential is not None:
        await serve(settings, credential, face=Terminal())
        return
    from edgevoice.simulator.server import Simulator

    async with Simulator() as simulator:
        live = msgspec.structs.replace(settings.live, endpoint=simulator.url)
        settings = msgspec.structs.replace(settings, live=live)
        state = config.state_directory() / "simulator"  # never the real handle's
        await serve(settings, "simulator", face=Terminal(), state=state)
