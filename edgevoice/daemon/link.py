"""One connection after another, for as long as the appliance runs.

Connect, set up, serve, and when it ends decide what the end meant: resume, start
afresh, or wait for a person. The old socket is always closed before the next one
is opened: the server refuses to resume a session whose socket is still open.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from edgevoice.conversation import Event
from edgevoice.daemon.backoff import NETWORK, SERVER, STABLE_S, Backoff
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.calling import NO_CONNECTION, SETUP_TIMEOUT_S, call, ending_of
from edgevoice.daemon.calls import Calls
from edgevoice.daemon.downlink import Downlink, Hearer
from edgevoice.daemon.handles import Handles
from edgevoice.daemon.rotation import NEVER, Rotation
from edgevoice.daemon.server import Server
from edgevoice.daemon.turns import Turns
from edgevoice.daemon.uplink import Uplink
from edgevoice.errors import LinkError
from edgevoice.live import incoming
from edgevoice.live.closing import Ending, Remedy, classify
from edgevoice.live.session import LiveSession, State

log = logging.getLogger(__name__)


class Owner(Hearer, Protocol):
    """What the link needs of the appliance."""

    def happened(self, event: Event) -> None:
        """Hand an event to the conversation."""

    def may_leave(self) -> bool:
        """Whether nobody would notice a change of connection now."""

    def link_changed(self) -> None:
        """``status`` or ``error`` of the link is new."""


class _Leave(Exception):
    """We end this connection ourselves."""


class Link:
    """Keeps a connection to the server; loop's thread only.

    Attributes:
        status: ``connecting``, ``up``, ``down`` or ``refused``.
        error: One line on why it is not up; None when it is.
        generation: Counts connections.
        reached_since: Since when it is up, loop's clock, or None; that a connection
            was left for a new one does not count.
    """

    def __init__(
        self,
        owner: Owner,
        server: Server,
        handles: Handles,
        turns: Turns,
        calls: Calls,
        bell: Bell,
        rotation: Rotation,
        clock: Callable[[], float],
    ) -> None:
        self.status = "connecting"
        self.error: str | None = None
        self.generation = 0
        self.reached_since: float | None = None
        self._owner = owner
        self._server = server
        self._handles = handles
        self._turns = turns
        self._calls = calls
        self._bell = bell
        self._rotation = rotation
        self._clock = clock
        self._up_since: float | None = None
        self._afresh = self._suspect = self._hurry = False

    async def keep(self) -> None:
        """Serve one connection after another until cancelled."""
        backoff = Backoff()
        while True:
            await asyncio.sleep(backoff.earliest() - self._clock())
            self._begin()
            backoff.attempt(self._clock())
            try:
                ending = await self._serve()
            finally:
                lived = self._down()
            _obey_cancellation()
            at_once = self._at_once(ending, lived)
            if ending is not _LEFT:
                self._tell(ending, lived)
            self._handles.ended(ending, lived)
            bad = ending.remedy is Remedy.FRESH and lived < STABLE_S
            self._turns.tail.link_ended(refused=bad)
            if at_once:
                continue
            if ending is _LEFT:
                self.reached_since = None
                self._is("down")
            refused = ending.remedy is Remedy.REFUSED
            whose = SERVER if ending.code else NETWORK
            pause = backoff.pause(lived=lived, whose=whose, refused=refused)
            again = max(self._clock() + pause, backoff.earliest())
            left = again - self._clock()
            log.info(
                "link %d: trying again in %.1f s",
                self.generation,
                left,
                extra=self._fields(RETRY_S=round(left, 1)),
            )
            if await self._bell.until(lambda: self._hurry, left):
                hurried = min(again, backoff.hurried())
                await asyncio.sleep(hurried - self._clock())

    def _at_once(self, ending: Ending, lived: float) -> bool:
        """Whether the next connection need not wait."""
        if ending is _LEFT:
            return lived >= STABLE_S or self._must_leave
        # Only the handle or the history was bad, and it is gone.
        bad = self._handles.resumed or self._turns.tail.told
        return ending.remedy is Remedy.FRESH and bad

    def start_afresh(self) -> None:
        """Forget the conversation: leave, drop the handle, begin a new session."""
        self._turns.tail.forget()
        self.leave_session()

    def leave_session(self) -> None:
        """Leave, drop the handle, and go on with the conversation in a new session."""
        self._handles.drop()
        self._afresh = True
        self._bell.ring()

    def use(self, server: Server, *, leave_after: float) -> None:
        """From now on call this server; called in a pause of the conversation.

        A connection is left if it will not do any more. Its session goes on in the
        next one if the handle is still good there, else a new session takes its place.

        Args:
            server: Whom to call.
            leave_after: See ``Rotation.after``.
        """
        self._rotation.after = leave_after
        if server != self._server:
            self._server = server
            log.info("link %d: left for other settings", self.generation)
            if self._handles.belong_to(server.address, server.options):
                self.reconnect()
            else:
                self.leave_session()
            self._hurry = True  # what kept it from coming up may be mended
        self._bell.ring()

    def reconnect(self) -> None:
        """Leave this connection and resume on a new one: it does not answer."""
        self._suspect = True
        self._bell.ring()

    def hurry(self) -> None:
        """Somebody waits: try again now, unless a person must mend something first."""
        self._hurry = self.status == "down"
        self._bell.ring()

    # -- the ends of a connection ----------------------------------------------------

    def _begin(self) -> None:
        self._afresh = self._suspect = self._hurry = False
        self.generation += 1
        if self.status != "refused":  # it stays so until a setup succeeds
            self._is("connecting")

    def _is(self, status: str) -> None:
        self.status = status
        self._owner.link_changed()

    def _up(self) -> None:
        self._up_since = self._clock()
        if self.reached_since is None:
            self.reached_since = self._up_since
        self.status, self.error = "up", None
        self._handles.session_is_up(self._up_since)
        how = "resumed" if self._handles.resumed else "new session"
        resumed = self._handles.resumed
        log.info(
            "link %d: up, %s",
            self.generation,
            how,
            extra=self._fields(RESUMED=int(resumed)),
        )
        self._owner.happened(Event.LINK_RESUMED if resumed else Event.LINK_UP)
        self._owner.link_changed()
        self._bell.ring()

    def _down(self) -> float:
        """Bring everything to the state without a link; returns how long it lived."""
        began, self._up_since = self._up_since, None
        self._turns.outbox.link_lost()
        self._calls.link_lost()
        if began is None:
            return 0.0
        self._owner.happened(Event.LINK_DOWN)
        self._bell.ring()
        return self._clock() - began

    def _tell(self, ending: Ending, lived: float) -> None:
        refused = ending.remedy is Remedy.REFUSED
        self.status = "refused" if refused else "down"
        self.reached_since = None
        if self.error != str(ending):
            log.log(
                logging.ERROR if refused else logging.WARNING,
                "link %d: %s",
                self.generation,
                ending,
                extra=self._fields(CLOSE_CODE=ending.code, LIVED_S=round(lived)),
            )
        self.error = str(ending)
        self._owner.link_changed()

    def _fields(self, **fields: object) -> dict[str, object]:
        """What each of the link's lines in the journal has."""
        return {"LINK": self.status, "LINK_NUMBER": self.generation, **fields}

    # -- one connection --------------------------------------------------------------

    async def _serve(self) -> Ending:
        """Connect and serve; says how it ended."""
        handle = self._handles.current()
        session = LiveSession(self._server.options, handle)
        try:
            async with call(self._server.address, self._server.headers) as socket:
                try:
                    # In a task of its own: what its TaskGroup leaves behind would
                    # break time-outs here, and hide who cancels us.
                    talk = self._converse(socket, session, resumed=bool(handle))
                    return await asyncio.create_task(talk, name="connection")
                finally:
                    # The library would say 1011 when we are cancelled.
                    await socket.close(1000)
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
                    self,
                    self._calls,
                    self._clock,
                )
                tasks.create_task(downlink.run(), name="downlink")
                tasks.create_task(self._set_up(session, socket), name="uplink")
                tasks.create_task(self._leave_when_due(session), name="leave")
        except* _Leave:
            endings.append(_LEFT)
            self._is("connecting")  # from here on nothing can be sent
        except* ConnectionClosed as group:
            # Settings and key are proven by a link that lived: then a refusal
            # means this session (its context is exhausted), as with a handle.
            lived = self._lived()
            doubtful = resumed or self._turns.tail.told or lived >= STABLE_S
            endings.insert(0, _closed(group, doubtful=doubtful))
            warned = session.go_away is not None
            self._rotation.ended(endings[0], lived, warned=warned)
        except* LinkError as group:
            endings.append(Ending(0, str(group.exceptions[0]), Remedy.RESUME))
        return endings[0]

    def _lived(self) -> float:
        return 0.0 if self._up_since is None else self._clock() - self._up_since

    async def _set_up(self, session: LiveSession, socket: ClientConnection) -> None:
        """Set the session up, then send turns until cancelled."""
        await socket.send(session.setup())
        ready = await self._bell.until(
            lambda: session.state is State.READY, timeout=SETUP_TIMEOUT_S
        )
        if not ready:
            raise LinkError("the server did not complete the setup in time")
        self._up()
        await self._tell_history(session, socket)
        uplink = Uplink(
            session,
            socket.send,
            self._turns.outbox,
            self._bell,
            lambda: self._calls.awaited,
            self._owner.happened,
            self._clock,
        )
        await uplink.run()

    async def _tell_history(
        self, session: LiveSession, socket: ClientConnection
    ) -> None:
        """Tell a session that takes the place of a lost one what was said there."""
        said = () if self._handles.resumed else self._turns.tail.tell()
        if said:
            log.info(
                "link %d: the new session is told the last turns",
                self.generation,
                extra=self._fields(),
            )
            await socket.send(session.history(said))

    @property
    def _must_leave(self) -> bool:
        return self._afresh or self._suspect

    async def _leave_when_due(self, session: LiveSession) -> None:
        """Wait for a reason to leave, and for a moment to do it."""
        await self._bell.until(lambda: self._up_since is not None or self._must_leave)
        while not self._must_leave:
            warning = session.go_away
            idle, latest = window = self._window(session)
            now = self._clock()
            if now >= latest or (now >= idle and self._owner.may_leave()):
                why = "the server announced its end" if warning else "it is old"
                log.info(
                    "link %d: left for a new one: %s",
                    self.generation,
                    why,
                    extra=self._fields(LIVED_S=round(self._lived())),
                )
                break
            next_look = latest if now >= idle else idle
            await self._bell.until(
                partial(self._is_time, session, window, idle=now >= idle),
                None if next_look == NEVER else next_look - now,
            )
        raise _Leave

    def _window(self, session: LiveSession) -> tuple[float, float]:
        """From when this connection is left when idle, and when in any case."""
        return self._rotation.window(self._up_since or 0.0, session.go_away)

    def _is_time(
        self, session: LiveSession, window: tuple[float, float], *, idle: bool
    ) -> bool:
        """Whether to look again: other times to leave, or a moment for it."""
        return (
            self._must_leave
            or self._window(session) != window
            or (idle and self._owner.may_leave())
        )

    def take(self, event: incoming.ServerEvent) -> None:
        """Act on what the server said; the appliance hears it too."""
        # When the conversation is to be forgotten, its last handle comes too late.
        if isinstance(event, incoming.ResumptionHandle) and not self._afresh:
            self._handles.take(event.handle)
        self._owner.take(event)
        self._bell.ring()


_LEFT: Final = Ending(1000, "left before its end", Remedy.RESUME)


def _obey_cancellation() -> None:
    """End this task if somebody wants it to, though what it awaited did not say so.

    Before Python 3.13 a TaskGroup swallows a cancellation that collides with an error
    of its own (CPython issue 116720): a SIGTERM as the link breaks. It also leaves its
    own request behind in ``cancelling()``, so this holds only for a task without one.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


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
