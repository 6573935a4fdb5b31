# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""Behaviours that let the model call functions."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from edgevoice.errors import ConfigError
from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.calls import Request, parse
from edgevoice.simulator.when import Moment


class Calling(Behaviour):
    """Base of those that call: in a turn, or the response could not be read."""

    moments: ClassVar[frozenset[Moment]] = frozenset(
        {Moment.END, Moment.ANSWER, Moment.GENERATED}
    )


class Call(Calling):
    """Calls declared functions, in one message: call=NAME or call=NAME:{JSON},NAME."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._requests = _read(value)

    async def act(self, line: Line) -> None:
        await line.call(self._requests)


class CallAnyway(Call):
    """Calls functions even if nobody declared them: call_anyway=NAME:{JSON}."""

    async def act(self, line: Line) -> None:
        await line.call(self._requests, declared=False)


class CallScript(Calling):
    """Calls what the next line of a file says, as call= does: calls=FILE."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        try:
            lines = Path(value).read_text().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"calls={value} cannot be read: {error}") from None
        self._script: Iterator[tuple[Request, ...]] = iter([_read(x) for x in lines])

    async def act(self, line: Line) -> None:
        await line.call(next(self._script, ()))


def _read(value: str) -> tuple[Request, ...]:
    try:
        return parse(value)
    except ValueError as error:
        raise ConfigError(
            f"{value[:40]!r} calls nothing ({error}); write NAME or NAME:{{JSON}}"
        ) from None
