"""The model's side of function calls: sends them, waits, and takes the responses."""

import asyncio
from collections.abc import Iterable, Sequence

from edgevoice.simulator.behaviour import Line
from edgevoice.simulator.calls import Call, Calls, Request, Response, responses
from edgevoice.simulator.journal import CallCancelled, Called, Journal, Responded
from edgevoice.simulator.setup import Setup
from edgevoice.simulator.turn import Turn
from edgevoice.simulator.wire import JsonObject


class Calling:
    """The calls of one connection.

    Attributes:
        results: Words for the responses to blocking calls, not said yet.
    """

    def __init__(self, line: Line, setup: Setup, journal: Journal) -> None:
        self.results: list[str] = []
        self._line = line
        self._setup = setup
        self._journal = journal
        self._calls = Calls()

    @property
    def pending(self) -> bool:
        """Whether any call waits for a response."""
        return bool(self._calls.pending)

    @property
    def blocked(self) -> bool:
        """Whether the model itself waits for a response."""
        return any(call.blocking for call in self._calls.pending)

    async def send(self, requests: Sequence[Request], turn: Turn) -> list[Call]:
        """Send calls in one message; none if there are no requests."""
        calls = [
            self._calls.open(
                request, turn.number, blocking=self._setup.blocks(request.name)
            )
            for request in requests
        ]
        for call in calls:
            self._journal.add(
                Called(
                    connection=self._line.number,
                    id=call.id,
                    name=call.request.name,
                    args=call.request.args,
                    blocking=call.blocking,
                    when=_now(),
                )
            )
        functions = [
            {"id": call.id, "name": call.request.name, "args": call.request.args}
            for call in calls
        ]
        if functions:
            await self._line.send({"toolCall": {"functionCalls": functions}}, turn)
        return calls

    async def wait(self, calls: Iterable[Call]) -> list[str]:
        """Return when those that block have been answered; the words for it."""
        said = len(self.results)
        for call in calls:
            if call.blocking:
                await call.done.wait()
        return self.results[said:]

    def take(self, fields: Iterable[JsonObject]) -> list[Response]:
        """Take the client's responses; those to calls that did not block.

        Raises:
            Refused: See ``Calls.answer``.
        """
        free: list[Response] = []
        for response in responses(fields):
            call = self._calls.answer(response)
            self._note(response, taken=call is not None)
            if call is not None and call.blocking:
                self.results.append(response.words)
                call.done.set()
            elif call is not None:
                free.append(response)
        return free

    def _note(self, response: Response, *, taken: bool) -> None:
        self._journal.add(
            Responded(
                connection=self._line.number,
                id=response.id,
                name=response.name,
                response=response.response,
                scheduling=response.scheduling,
                will_continue=response.will_continue,
                taken=taken,
                when=_now(),
            )
        )

    async def cancel(self, turn: Turn) -> None:
        """Give up the calls of a turn that is talked over, and say so."""
        self.results.clear()
        calls = self._calls.cancel(turn.number)
        for call in calls:
            name, number = call.request.name, self._line.number
            entry = CallCancelled(connection=number, id=call.id, name=name, when=_now())
            self._journal.add(entry)
        if calls:
            ids = [call.id for call in calls]
            await self._line.send({"toolCallCancellation": {"ids": ids}}, turn)


def _now() -> float:
    return asyncio.get_running_loop().time()
