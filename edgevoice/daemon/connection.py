"""One connection: set up, served, left when it is time; says how it ended.

What is said and heard on it goes through an uplink and a downlink of its own, which
end with it. ``link`` makes one after another.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from edgevoice.conversation import Event
from edgevoice.daemon.backoff import STABLE_S
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.calling import NO_CONNECTION, SETUP_TIMEOUT_S, call, ending_of
from edgevoice.daemon.calls import Calls
from edgevoice.daemon.downlink import Downlink, Hearer
from edgevoice.daemon.rotation import NEVER, Rotation
from edgevoice.daemon.server import Server
from edgevoice.daemon.turns import Turns
from edgevoice.daemon.uplink import Uplink
from edgevoice.errors import LinkError
from edgevoice.live.closing import Ending, Remedy, classify
from edgevoice.live.session import LiveSession, State

LEFT: Final = Ending(1000, "left before its end", Remedy.RESUME)
"""We ended it ourselves."""


class Line(Hearer, Protocol):
    """What a connection needs of the link."""

    def happened(self, event: Event) -> None:
        """Hand an event to the conversation."""

    def may_leave(self) -> bool:
        """Whether nobody would notice a change of connection now."""

    def settled(self) -> bool:
        """Whether no turn is under way and no answer is to come."""

    def came_up(self) -> None:
        """The setup is complete."""

    def leaves(self) -> None:
        """From here on nothing can be sent."""

    def note(self, text: str, *, level: int = logging.INFO, **fields: object) -> None:
        """Log it as one of the link's lines."""


class _Leave(Exception):
    """We end this connection ourselves."""


class Connection:
    """One connection, from before it is opened to its end; loop's thread only.

    Attributes:
        up_since: When its setup was complete, loop's clock; None before.
        afresh: It is to be left, and its session forgotten.
        suspect: It is to be left, since it does not answer.
    """

    def __init__(
        self,
        line: Line,
        turns: Turns,
        calls: Calls,
        bell: Bell,
        rotation: Rotation,
        clock: Callable[[], float],
    ) -> None:
        self.up_since: float | None = None
        self.afresh = self.suspect = False
        self._line = line
        self._turns = turns
        self._calls = calls
        self._bell = bell
        self._rotation = rotation
        self._clock = clock

    @property
    def must_leave(self) -> bool:
        """Whether it is to be left at once."""
        return self.afresh or self.suspect

    @property
    def lived(self) -> float:
        """Seconds since its setup was complete; 0 before."""
        return 0.0 if self.up_since is None else self._clock() - self.up_since

    async def serve(self, server: Server, handle: str | None) -> Ending:
        """Connect and serve; says how it ended.

        Args:
            server: Whom to call, and what to ask for.
            handle: Of the session to be resumed; None for a new one.
        """
        session = LiveSession(server.options, handle)
        try:
            async with call(server.address, server.headers) as socket:
                try:
                    # In a task of its own: what its TaskGroup leaves behind would
                    # break time-outs here, and hide who cancels us.
                    talk = self._converse(socket, session, resumed=bool(handle))
                    return await asyncio.create_task(talk, name="connection")
                finally:
                    # The library would say 1011 when we are cancelled. At the end of
                    # the program we are cancelled twice if the server does not hear.
                    try:
                        await socket.close(1000)
                    finally:
                        socket.transport.abort()
        except NO_CONNECTION as error:
            return ending_of(error)

    async def _converse(
        self, socket: ClientConnection, session: LiveSession, *, resumed: bool
    ) -> Ending:
        """Serve an open socket until it closes or we leave."""
        endings: list[Ending] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                downlink = Downlink(
                    session,
                    _messages(socket),
                    socket.send,
                    self._line,
                    self._calls,
                    self._clock,
                )
                tasks.create_task(downlink.run(), name="downlink")
                set_up = self._set_up(session, socket, resumed=resumed)
                tasks.create_task(set_up, name="uplink")
                tasks.create_task(self._leave_when_due(session), name="leave")
        except* _Leave:
            endings.append(LEFT)
            self._line.leaves()
        except* ConnectionClosed as group:
            # Settings and key are proven by a link that lived: then a refusal
            # means this session (its context is exhausted), as with a handle.
            lived = self.lived
            told = self._turns.tail.told or self._turns.notes.told
            doubtful = resumed or told or lived >= STABLE_S
            endings.insert(0, _closed(group, doubtful=doubtful))
            warned = session.go_away is not None
            self._rotation.ended(endings[0], lived, warned=warned)
        except* LinkError as group:
            endings.append(Ending(0, str(group.exceptions[0]), Remedy.RESUME))
        return endings[0]

    async def _set_up(
        self, session: LiveSession, socket: ClientConnection, *, resumed: bool
    ) -> None:
        """Set the session up, then send turns until cancelled."""
        await socket.send(session.setup())
        ready = await self._bell.until(
            lambda: session.state is State.READY, timeout=SETUP_TIMEOUT_S
        )
        if not ready:
            raise LinkError("the server did not complete the setup in time")
        self.up_since = self._clock()
        self._line.came_up()
        self._turns.notes.session_is_up(resumed=resumed)
        await self._tell_history(session, socket, resumed=resumed)
        uplink = Uplink(
            session,
            socket.send,
            self._turns,
            self._bell,
            lambda: self._calls.blocking,
            self._line.happened,
            self._line.settled,
            self._clock,
        )
        await uplink.run()

    async def _tell_history(
        self, session: LiveSession, socket: ClientConnection, *, resumed: bool
    ) -> None:
        """Tell a session that takes the place of a lost one what was said there."""
        said = () if resumed else self._turns.tail.tell()
        if said:
            self._line.note("the new session is told the last turns")
            await socket.send(session.history(said))

    async def _leave_when_due(self, session: LiveSession) -> None:
        """Wait for a reason to leave, and for a moment to do it."""
        await self._bell.until(lambda: self.up_since is not None or self.must_leave)
        while not self.must_leave:
            warning = session.go_away
            idle, latest = window = self._window(session)
            now = self._clock()
            if now >= latest or (now >= idle and self._line.may_leave()):
                why = "the server announced its end" if warning else "it is old"
                told = f"left for a new one: {why}"
                self._line.note(told, LIVED_S=round(self.lived))
                break
            next_look = latest if now >= idle else idle
            await self._bell.until(
                partial(self._is_time, session, window, idle=now >= idle),
                None if next_look == NEVER else next_look - now,
            )
        raise _Leave

    def _window(self, session: LiveSession) -> tuple[float, float]:
        """From when this connection is left when idle, and when in any case."""
        return self._rotation.window(self.up_since or 0.0, session.go_away)

    def _is_time(
        self, session: LiveSession, window: tuple[float, float], *, idle: bool
    ) -> bool:
        """Whether to look again: other times to leave, or a moment for it."""
        return (
            self.must_leave
            or self._window(session) != window
            or (idle and self._line.may_leave())
        )


async def _messages(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    # The library's own iterator ends silently at 1000 and 1001.
    while True:
        yield await socket.recv()


def _closed(group: BaseExceptionGroup[ConnectionClosed], *, doubtful: bool) -> Ending:
    error = group.exceptions[0]
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error.rcvd is None:  # no word from the server: the network, or ourselves
        return Ending(0, "the connection broke", Remedy.RESUME)
    return classify(error.rcvd.code, error.rcvd.reason, resumed=doubtful)
