"""Function calls of the simulated model: as asked for, and by id until answered."""

import asyncio
import itertools
import json
import re
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from edgevoice.simulator.wire import JsonObject, invalid_argument

_NAME: Final = re.compile(r"[\w.-]+(?::[\w.-]+)*")
"""What a function may be called (FunctionDeclaration.name)."""
_WORDS: Final = 120
"""Letters of a response that the model says: about six seconds."""


class Request(Struct, frozen=True):
    """A function that the model is to call."""

    name: str
    args: JsonObject


class Call(Struct, frozen=True, kw_only=True):
    """A call that was sent."""

    id: str
    request: Request
    turn: int
    """Number of the turn in which it was made."""
    blocking: bool
    """Whether the model waits for the response."""
    done: asyncio.Event
    """Set by the response to a blocking call."""


class Response(Struct, frozen=True, rename="camel", kw_only=True):
    """What the client answers; more may follow if it says so."""

    id: str = ""
    name: str = ""
    response: JsonObject = {}
    scheduling: str = "SCHEDULING_UNSPECIFIED"
    will_continue: bool = False

    @property
    def words(self) -> str:
        """What the model says about it: the JSON, shortened."""
        text = msgspec.json.encode(self.response).decode()
        cut = text if len(text) <= _WORDS else text[:_WORDS] + "..."
        return f"{self.name} answered {cut}"


def parse(text: str) -> tuple[Request, ...]:
    """Read calls as a person writes them: ``NAME``, ``NAME {JSON}``, several by comma.

    A colon may stand before the JSON.

    Raises:
        ValueError: It is nothing of the kind.
    """
    requests: list[Request] = []
    rest = text.strip()
    while rest:
        name = _NAME.match(rest)
        if name is None:
            raise ValueError(f"{rest[:20]!r} is no name of a function")
        rest = rest[name.end() :].lstrip(": ")
        args, rest = _arguments(rest)
        requests.append(Request(name[0], args))
        if rest and not rest.startswith(","):
            raise ValueError(f"{rest[:20]!r} follows a call; expected a comma")
        rest = rest[1:].strip()
    return tuple(requests)


def _arguments(text: str) -> tuple[JsonObject, str]:
    """The JSON object that the text begins with, and what is behind it."""
    if not text.startswith("{"):
        return {}, text
    args, end = json.JSONDecoder().raw_decode(text)
    msgspec.json.encode(args)  # half a surrogate pair cannot be sent
    return args, text[end:].lstrip()


class Calls:
    """Calls by id: open, answered, or cancelled."""

    def __init__(self) -> None:
        self._ids = itertools.count(5831923424298605773)
        self._open: dict[str, Call] = {}
        self._cancelled: set[str] = set()

    @property
    def pending(self) -> tuple[Call, ...]:
        """Those that wait for a response."""
        return tuple(self._open.values())

    def open(self, request: Request, turn: int, *, blocking: bool) -> Call:
        """A new call."""
        call = Call(
            id=f"function-call-{next(self._ids)}",
            request=request,
            turn=turn,
            blocking=blocking,
            done=asyncio.Event(),
        )
        self._open[call.id] = call
        return call

    def answer(self, response: Response) -> Call | None:
        """Take a response; the call it belongs to, None if that was cancelled.

        The response to a cancelled call is dropped without a word: it may have been
        on its way. What the real server does with an unknown id is not documented
        (error or silence were both seen); here it is an error, since it is a bug.
        ``willContinue`` keeps a call open that does not block; for one that does it is
        ignored (FunctionResponse.will_continue).

        Raises:
            Refused: The id is missing, was never given out or has been answered, or
                the name is not that of the function.
        """
        if response.id in self._cancelled:
            return None
        call = self._open.get(response.id)
        if call is None or response.name != call.request.name:
            raise invalid_argument()
        if call.blocking or not response.will_continue:
            del self._open[call.id]
        return call

    def cancel(self, turn: int) -> tuple[Call, ...]:
        """Give up the open calls of a turn; which they were."""
        calls = tuple(call for call in self.pending if call.turn == turn)
        for call in calls:
            self._cancelled.add(call.id)
            del self._open[call.id]
        return calls


def responses(fields: Iterable[JsonObject]) -> list[Response]:
    """The ``functionResponses`` of a client message; their parts are not looked at."""
    return [msgspec.convert(one, Response) for one in fields]
