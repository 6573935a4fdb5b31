"""One connection after another, for as long as the appliance runs.

Connect, set up, serve, and when it ends decide what the end meant: resume, start
afresh, or wait for a person. The old socket is always closed before the next one
is opened: the server refuses to resume a session whose socket is still open.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from msgspec import structs

from edgevoice.conversation import Event
from edgevoice.daemon.backoff import NETWORK, SERVER, STABLE_S, Backoff
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.calls import Calls
from edgevoice.daemon.connection import LEFT, Connection
from edgevoice.daemon.credentials import Credentials
from edgevoice.daemon.downlink import Hearer
from edgevoice.daemon.fallback import Fallback
from edgevoice.daemon.handles import Handles
from edgevoice.daemon.rotation import Rotation
from edgevoice.daemon.server import Server
from edgevoice.daemon.token_url import NoToken
from edgevoice.daemon.turns import Turns
from edgevoice.live import incoming
from edgevoice.live.closing import Ending, Remedy

log = logging.getLogger(__name__)


class Owner(Hearer, Protocol):
    """What the link needs of the appliance."""

    def happened(self, event: Event) -> None:
        """Hand an event to the conversation."""

    def may_leave(self) -> bool:
        """Whether nobody would notice a change of connection now."""

    def settled(self) -> bool:
        """Whether no turn is under way and no answer is to come."""

    def link_changed(self) -> None:
        """``status`` or ``error`` of the link is new."""


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
        self._hurry = False
        self._connection = self._new_connection()
        self._credentials = Credentials(clock)
        self._fallback = Fallback(server.models, handles.model, clock())

    @property
    def model(self) -> str:
        """The model that is asked for, of those in the settings."""
        return self._fallback.model

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
            ending, another = self._judge(ending, lived)
            at_once = another or self._at_once(ending, lived)
            fresh = ending.remedy is Remedy.FRESH
            if ending is not LEFT:
                self._tell(ending, lived)
            self._handles.ended(ending, lived)
            self._turns.tail.link_ended(refused=fresh and lived < STABLE_S)
            self._turns.notes.link_ended(refused=fresh)
            if at_once:
                continue
            if ending is LEFT:
                self.reached_since = None
                self._is("down")
            refused = ending.remedy is Remedy.REFUSED
            whose = SERVER if ending.code else NETWORK
            pause = backoff.pause(lived=lived, whose=whose, refused=refused)
            again = max(self._clock() + pause, backoff.earliest())
            left = again - self._clock()
            self.note(f"trying again in {left:.1f} s", RETRY_S=round(left, 1))
            if await self._bell.until(lambda: self._hurry, left):
                hurried = min(again, backoff.hurried())
                await asyncio.sleep(hurried - self._clock())

    async def _serve(self) -> Ending:
        """Get what the next connection needs, and serve it; says how it ended."""
        server = self._server
        resuming = self._handles.kept
        if self._fallback.begin(self._clock(), resuming=resuming):
            self.note(f"trying the first model again: {self.model}")
        if server.source is not None:
            try:
                credential = await self._credentials.credential(
                    server.source, resuming=resuming, connection=self._rotation.after
                )
            except NoToken as error:
                return error.ending
            server = replace(server, credential=credential)
        self._rotation.credential_ends = self._credentials.ends
        options = structs.replace(server.options, model=self._fallback.model)
        server = replace(server, options=options)
        return await self._connection.serve(server, self._handles.current())

    def _judge(self, ending: Ending, lived: float) -> tuple[Ending, bool]:
        """Whether a token or a model was at fault and another one may do.

        Returns:
            The ending as it is to be taken, and whether to try again at once.
        """
        dead = ending.token_is_dead
        ending, another = self._credentials.judge(ending, lived)
        if another or dead:
            return ending, another
        resumed, before = self._handles.resumed, self._fallback.model
        model = self._fallback.ended(ending, lived, self._clock(), resumed=resumed)
        if model is None:
            return ending, False
        self._handles.drop()  # it belongs to the model before
        cure = f"falling back from {before} to {model}"
        return Ending(ending.code, ending.reason, Remedy.RESUME, cure), True

    def _at_once(self, ending: Ending, lived: float) -> bool:
        """Whether the next connection need not wait."""
        if ending is LEFT:
            return lived >= STABLE_S or self._connection.must_leave
        # Only the handle or the history was bad, and it is gone.
        told = self._turns.tail.told or self._turns.notes.told
        bad = self._handles.resumed or told
        return ending.remedy is Remedy.FRESH and bad

    def start_afresh(self) -> None:
        """Forget the conversation: leave, drop the handle, begin a new session."""
        self._turns.tail.forget()
        self.leave_session()

    def leave_session(self) -> None:
        """Leave, drop the handle, and go on with the conversation in a new session."""
        self._handles.drop()
        self._connection.afresh = True
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
            belongs = self._handles.belong_to(
                server.address, server.options, server.fallbacks
            )
            self._credentials.forget()
            if not belongs:
                self._fallback = Fallback(server.models)
            if not self.generation:  # nothing was begun yet
                return
            self.note("left for other settings")
            if belongs:
                self.reconnect()
            else:
                self.leave_session()
            self._hurry = True  # what kept it from coming up may be mended
        self._bell.ring()

    def reconnect(self) -> None:
        """Leave this connection and resume on a new one: it does not answer."""
        self._connection.suspect = True
        self._bell.ring()

    def hurry(self) -> None:
        """Somebody waits: try again now, unless a person must mend something first."""
        self._hurry = self.status == "down"
        self._bell.ring()

    # -- the ends of a connection ----------------------------------------------------

    def _begin(self) -> None:
        self._hurry = False
        self._connection = self._new_connection()
        self.generation += 1
        if self.status != "refused":  # it stays so until a setup succeeds
            self._is("connecting")

    def _is(self, status: str) -> None:
        self.status = status
        self._owner.link_changed()

    def _new_connection(self) -> Connection:
        return Connection(
            self, self._turns, self._calls, self._bell, self._rotation, self._clock
        )

    def _down(self) -> float:
        """Bring everything to the state without a link; returns how long it lived."""
        lived = self._connection.lived
        self._turns.outbox.link_lost()
        self._calls.link_lost()
        if self._connection.up_since is not None:
            self._owner.happened(Event.LINK_DOWN)
            self._bell.ring()
        return lived

    def _tell(self, ending: Ending, lived: float) -> None:
        refused = ending.remedy is Remedy.REFUSED
        self.status = "refused" if refused else "down"
        self.reached_since = None
        if self.error != str(ending):
            level = logging.ERROR if refused else logging.WARNING
            fields = {"CLOSE_CODE": ending.code, "LIVED_S": round(lived)}
            self.note(str(ending), level=level, **fields)
        self.error = str(ending)
        self._owner.link_changed()

    # -- what a connection tells -----------------------------------------------------

    def came_up(self) -> None:
        """The setup is complete."""
        now = self._clock()
        if self.reached_since is None:
            self.reached_since = now
        self.status, self.error = "up", None
        self._handles.session_is_up(now)
        resumed = self._handles.resumed
        how = "resumed" if resumed else "new session"
        self.note(f"up, {how}", RESUMED=int(resumed))
        self._owner.happened(Event.LINK_RESUMED if resumed else Event.LINK_UP)
        self._owner.link_changed()
        self._bell.ring()

    def leaves(self) -> None:
        """From here on nothing can be sent."""
        self._is("connecting")

    def happened(self, event: Event) -> None:
        """Hand an event to the conversation."""
        self._owner.happened(event)

    def may_leave(self) -> bool:
        """Whether nobody would notice a change of connection now."""
        return self._owner.may_leave()

    def settled(self) -> bool:
        """Whether no turn is under way and no answer is to come."""
        return self._owner.settled()

    def note(self, text: str, *, level: int = logging.INFO, **fields: object) -> None:
        """Log it as one of the link's lines.

        Args:
            text: What there is to say.
            level: As ``logging`` has it.
            fields: What the line has in the journal, beside the link's own.
        """
        own = {"LINK": self.status, "LINK_NUMBER": self.generation}
        log.log(level, "link %d: %s", self.generation, text, extra=own | fields)

    def take(self, event: incoming.ServerEvent) -> None:
        """Act on what the server said; the appliance hears it too."""
        # When the conversation is to be forgotten, its last handle comes too late.
        if isinstance(event, incoming.ResumptionHandle) and not self._connection.afresh:
            self._handles.take(event.handle, self._fallback.model)
            self._turns.notes.handle_came()
        self._owner.take(event)
        self._bell.ring()


def _obey_cancellation() -> None:
    """End this task if somebody wants it to, though what it awaited did not say so.

    Before Python 3.13 a TaskGroup swallows a cancellation that collides with an error
    of its own (CPython issue 116720): a SIGTERM as the link breaks. It also leaves its
    own request behind in ``cancelling()``, so this holds only for a task without one.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
