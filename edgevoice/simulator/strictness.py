# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""Rules of which it is not known whether the real server keeps them."""

import asyncio
from typing import ClassVar, Final

from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.reasons import REASONS
from edgevoice.simulator.when import Moment
from edgevoice.simulator.wire import JsonObject

_SECONDS_A_PICTURE: Final = 1.0
"""Live API, "Sending video": at most one frame a second."""


class Rule(Behaviour):
    """Base of those that refuse what other servers take."""

    moment = Moment.SETUP
    moments: ClassVar[frozenset[Moment]] = frozenset({Moment.SETUP})


class StrictCalls(Rule):
    """Closes with 1008 if sound or a press comes while a blocking call waits."""

    def incoming(self, line: Line, key: str, body: JsonObject) -> None:
        pressed = body.keys() & {"audio", "activityStart"}
        if key == "realtimeInput" and pressed and line.blocked:
            line.refuse(*REASONS["not_implemented"])


class SeedOnly(Rule):
    """Closes with 1007 if clientContent comes after the first realtimeInput."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._begun: set[int] = set()

    def incoming(self, line: Line, key: str, body: JsonObject) -> None:
        if key == "realtimeInput":
            self._begun.add(line.number)
        elif key == "clientContent" and (line.resumed or line.number in self._begun):
            line.refuse(*REASONS["invalid_argument"])


class OnePictureASecond(Rule):
    """Closes with 1007 if a picture comes within a second of the one before."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._last: dict[int, float] = {}

    def incoming(self, line: Line, key: str, body: JsonObject) -> None:
        if key != "realtimeInput" or "video" not in body:
            return
        now = asyncio.get_running_loop().time()
        if now - self._last.get(line.number, -_SECONDS_A_PICTURE) < _SECONDS_A_PICTURE:
            line.refuse(*REASONS["invalid_argument"])
        self._last[line.number] = now
