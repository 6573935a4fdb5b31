"""From the socket to the conversation and the playout: one task for each connection.

Receiving never waits: neither for playing nor for anything else, so that
``interrupted`` is read at once.
"""

import logging
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Protocol, TypeAlias

from edgevoice.errors import RemoteProtocolError
from edgevoice.live import incoming
from edgevoice.live.outgoing import FunctionResponse
from edgevoice.live.session import LiveSession, State

log = logging.getLogger(__name__)

Respond: TypeAlias = Callable[[FunctionResponse], Awaitable[None]]
"""Sends a result on the connection on which the call came."""


class Hearer(Protocol):
    """Takes what the server said; see ``appliance.Appliance``."""

    def take(self, event: incoming.ServerEvent) -> None:
        """Act on one event; must not wait."""


class Callee(Protocol):
    """Carries out what the model calls; see ``calls.Calls``."""

    def take(
        self, asked: incoming.ToolCall, respond: Respond, *, crossing: bool
    ) -> None:
        """Begin a call; must not wait."""


class Downlink:
    """Receives on one connection.

    Args:
        session: Knows what messages mean.
        messages: The socket: text or binary messages until it closes.
        send: Sends one text message.
        hearer: Takes the events.
        callee: Takes the calls, after that.
        clock: Seconds of the loop's clock.
    """

    def __init__(
        self,
        session: LiveSession,
        messages: AsyncIterable[str | bytes],
        send: Callable[[str], Awaitable[None]],
        hearer: Hearer,
        callee: Callee,
        clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._messages = messages
        self._send = send
        self._hearer = hearer
        self._callee = callee
        self._clock = clock
        self._warned: set[str] = set()

    async def run(self) -> None:
        """Receive until the socket closes."""
        async for message in self._messages:
            for event in self._decode(message):
                self._hearer.take(event)
                if isinstance(event, incoming.ToolCall):
                    crossing = self._session.state is State.IN_ACTIVITY
                    self._callee.take(event, self._respond, crossing=crossing)

    def _decode(self, message: str | bytes) -> list[incoming.ServerEvent]:
        try:
            events = self._session.receive(message, self._clock())
        except RemoteProtocolError as error:
            self._warn("a message", f"{error}; ignored")
            return []
        for event in events:
            if isinstance(event, incoming.Unreadable):
                what = f"the server's {event.what}"
                self._warn(what, f"{what} is of an unknown form; left out")
        return events

    def _warn(self, what: str, text: str) -> None:
        if what not in self._warned:  # once: it may come by the hundred
            self._warned.add(what)
            log.warning("%s", text)

    async def _respond(self, response: FunctionResponse) -> None:
        await self._send(self._session.tool_response(response))
