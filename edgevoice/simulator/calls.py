"""Function calls of the simulated model that wait for the client's response."""

import asyncio
import itertools
from collections.abc import Iterable

from edgevoice.simulator.wire import JsonObject, invalid_argument


class Calls:
    """Calls by id: open, answered, or cancelled."""

    def __init__(self) -> None:
        self._ids = itertools.count(5831923424298605773)
        self._open: dict[str, asyncio.Event] = {}
        self._cancelled: set[str] = set()

    def open(self) -> tuple[str, asyncio.Event]:
        """A new call: its id, and the event of its response."""
        answered = asyncio.Event()
        name = f"function-call-{next(self._ids)}"
        self._open[name] = answered
        return name, answered

    def answer(self, responses: Iterable[JsonObject]) -> None:
        """Take the client's responses.

        The response to a cancelled call is dropped without a word: it may have been
        on its way. What the real server does with an unknown id is not documented
        (error or silence were both seen); here it is an error, since it is a bug.

        Raises:
            Refused: An id is missing or was never given out.
        """
        for response in responses:
            name = response.get("id", "")
            if name in self._open:
                self._open.pop(name).set()
            elif name not in self._cancelled:
                raise invalid_argument()

    def cancel(self) -> list[str]:
        """Give up all open calls; their ids."""
        ids = list(self._open)
        self._cancelled.update(ids)
        self._open.clear()
        return ids
