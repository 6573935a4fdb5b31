"""What happened, as a list that tests read and wait on."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from edgevoice.simulator.wire import JsonObject


class Entry(Struct, frozen=True, kw_only=True):
    """Something that happened on one connection.

    Attributes:
        connection: Counts the attempts to connect, from 1.
    """

    connection: int


class Connected(Entry, frozen=True):
    """The handshake was accepted."""

    version: str
    """``v1beta``, ``v1alpha`` or ``v1``."""
    auth: str
    """How the credential came: ``key header``, ``key query``, ``token header`` or
    ``token query``; never the credential itself."""


class Received(Entry, frozen=True):
    """A client message that could be parsed, legal or not.

    Attributes:
        message: In camelCase; a bytes field, such as sound, is its length in bytes.
    """

    message: JsonObject


class Sent(Entry, frozen=True):
    """A server message.

    Attributes:
        message: As for ``Received``; sound is its length in bytes after decoding.
        turn: Number of the turn that it belongs to; 0 if to none.
    """

    message: JsonObject
    turn: int = 0


class Answered(Entry, frozen=True):
    """A turn is over.

    Attributes:
        turn: Its number within the session.
        spoken: Seconds of the user's speech; 0 for a typed turn.
        audio: Bytes of sound sent (24 kHz, 16 bit).
        interrupted: Whether the user cut it short.
    """

    turn: int
    spoken: float
    audio: int
    interrupted: bool


class Called(Entry, frozen=True):
    """The model called a function.

    Attributes:
        id: Of the call.
        name: Of the function.
        args: Its arguments.
        blocking: Whether the model waits for the response.
        when: Seconds of the loop's clock.
    """

    id: str
    name: str
    args: JsonObject
    blocking: bool
    when: float


class Responded(Entry, frozen=True):
    """The client answered a call.

    Attributes:
        id: Of the call.
        name: Of the function.
        response: What it answered.
        scheduling: As in the message; ``SCHEDULING_UNSPECIFIED`` if not set.
        will_continue: Whether more is to follow.
        taken: False if the call had been cancelled.
        when: Seconds of the loop's clock.
    """

    id: str
    name: str
    response: JsonObject
    scheduling: str
    will_continue: bool
    taken: bool
    when: float


class CallCancelled(Entry, frozen=True):
    """The server gave up a call, and said so.

    Attributes:
        id: Of the call.
        name: Of the function.
        when: Seconds of the loop's clock.
    """

    id: str
    name: str
    when: float


class Refusal(Entry, frozen=True):
    """The server closed the socket for a reason of its own, or refused to open it.

    Attributes:
        code: WebSocket close code, or HTTP status of a refused handshake.
        reason: What the client is told.
    """

    code: int
    reason: str


class Dropped(Entry, frozen=True):
    """The server cut the connection without a close handshake."""


class Disconnected(Entry, frozen=True):
    """The socket is gone.

    Attributes:
        code: Close code as the server saw it; 1006 without a close handshake.
    """

    code: int


class Journal:
    """Entries in order, with waiting.

    Args:
        keep: Entries to keep at most; None keeps all.
        on_entry: Told of each entry as it comes.
    """

    def __init__(
        self,
        keep: int | None = None,
        on_entry: Callable[[Entry], None] | None = None,
    ) -> None:
        self.entries: list[Entry] = []
        self._keep = keep
        self._on_entry = on_entry
        self._changed = asyncio.Event()

    def add(self, entry: Entry) -> None:
        """Write it down and wake whoever waits."""
        self.entries.append(entry)
        if self._keep is not None:
            del self.entries[: -self._keep]
        if self._on_entry:
            self._on_entry(entry)
        self._changed.set()

    async def wait_for(
        self, predicate: Callable[[list[Entry]], bool], timeout: float
    ) -> None:
        """Return as soon as the predicate holds, at once if it does already.

        Raises:
            TimeoutError: It did not within ``timeout`` seconds; the text tells the
                end of the journal.
        """
        try:
            async with asyncio.timeout(timeout):
                while not predicate(self.entries):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            tail = "\n  ".join(str(entry) for entry in self.entries[-12:])
            raise TimeoutError(f"not within {timeout} s; latest:\n  {tail}") from None
