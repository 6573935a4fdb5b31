"""One socket from its handshake to its end: setup, session, sending, closing.

What the client may say once the session is set up stands in ``hearing``.
"""

import asyncio
from typing import Final, NoReturn

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from edgevoice.simulator.behaviour import Message, Moment
from edgevoice.simulator.hearing import SETUP_FIRST, Hearing
from edgevoice.simulator.journal import Disconnected, Dropped, Received, Refusal, Sent
from edgevoice.simulator.responder import Responder
from edgevoice.simulator.schema import CLIENT_MESSAGE
from edgevoice.simulator.sessions import Session
from edgevoice.simulator.setup import Setup, check
from edgevoice.simulator.turn import Turn
from edgevoice.simulator.wire import (
    JsonObject,
    Refused,
    read,
    without_bytes,
    write,
)
from edgevoice.simulator.world import World

_END_OF_CONNECTION: Final = "Deadline expired before operation could complete."


class Connection:
    """A socket after its handshake; implements ``behaviour.Line``.

    Attributes:
        number: Counts the attempts to connect, from 1.
        resumed: Whether it continues a session.
        ready: Whether setupComplete was sent.
    """

    def __init__(
        self, number: int, socket: ServerConnection, version: str, world: World
    ) -> None:
        self.number = number
        self.resumed = False
        self.ready = False
        self._socket = socket
        self._version = version
        self._world = world
        self._tasks = asyncio.TaskGroup()

    @property
    def is_open(self) -> bool:
        """Whether the socket is open in both directions."""
        return self._socket.protocol.state is State.OPEN

    async def run(self) -> None:
        """Serve the client until the socket is closed by either side."""
        try:
            async with self._tasks:
                setup = await self._accept_setup()
                session = self._open_session(setup)
                await self._greet(setup, session)
                await self._converse(setup, session)
        except* Refused as refusals:
            await self.close(refusals.exceptions[0])
        except* ConnectionClosed:
            pass  # the usual end
        finally:
            code = self._socket.protocol.close_code or 1006
            self._world.journal.add(Disconnected(connection=self.number, code=code))

    async def close(self, refusal: BaseException) -> None:
        """Close the socket for this ``Refused``; waits for the client's part."""
        assert isinstance(refusal, Refused)
        code, reason = refusal.code, refusal.reason
        entry = Refusal(connection=self.number, code=code, reason=reason)
        self._world.journal.add(entry)
        await self._socket.close(code, reason)

    # --- for behaviours, see behaviour.Line

    async def send(self, message: Message, turn: Turn | None = None) -> None:
        """Send a message after all behaviours have seen it."""
        messages = [message]
        for behaviour in self._world.behaviours:
            messages = [out for m in messages for out in behaviour.outgoing(m, turn)]
        number = turn.number if turn else 0
        for one in messages:
            entry = Sent(
                connection=self.number, message=without_bytes(one), turn=number
            )
            rendered: bytes | str = write(one)
            for behaviour in self._world.behaviours:
                rendered = behaviour.render(rendered)
            self._world.journal.add(entry)
            await self._socket.send(rendered)

    def refuse(self, code: int, reason: str) -> NoReturn:
        """Close the socket; raises ``Refused``."""
        raise Refused(code, reason)

    def drop(self) -> None:
        """Cut the connection without a close handshake."""
        self._world.journal.add(Dropped(connection=self.number))
        self._socket.transport.abort()

    async def go_away(self, time_left: float) -> None:
        """Announce the end of the connection in so many seconds, and carry it out."""
        if not self.is_open:
            return
        self._tasks.create_task(self._end_in(time_left), name="go away")
        await self.send({"goAway": {"timeLeft": f"{time_left:g}s"}})

    async def call(self, function: str) -> None:
        """Let the model call a function and wait for the response."""
        await self._responder.call(function)

    # --- the stages of a connection

    async def _accept_setup(self) -> Setup:
        key, body = await self._receive()
        if key != "setup":
            raise Refused(1007, SETUP_FIRST)
        setup = Setup(body)
        check(setup, self._version)
        return setup

    def _open_session(self, setup: Setup) -> Session:
        session: Session | None = Session(setup.model)
        if setup.handle:
            now = asyncio.get_running_loop().time()
            session = self._world.sessions.find(setup.handle, setup.model, now)
            self.resumed = True
        if session is None:
            raise Refused(1007, "Invalid session handle")
        if session.occupied():
            raise Refused(1011, "Internal error encountered.")
        session.occupied = lambda: self.is_open
        return session

    async def _greet(self, setup: Setup, session: Session) -> None:
        self._responder = Responder(self, session, setup, self._world, self._tasks)
        if self.resumed:
            await self._moment(Moment.RESUME)
        await self._moment(Moment.SETUP)
        await self.send({"setupComplete": {}})
        self.ready = True
        await self._moment(Moment.READY)

    async def _converse(self, setup: Setup, session: Session) -> NoReturn:
        hearing = Hearing(setup, session, self._responder)
        while True:
            await hearing.take(*await self._receive())

    async def _receive(self) -> tuple[str, JsonObject]:
        text = await self._socket.recv()
        key, body = read(text, CLIENT_MESSAGE[self._version])
        message = {key: without_bytes(body)}
        self._world.journal.add(Received(connection=self.number, message=message))
        return key, body

    async def _moment(self, moment: Moment) -> None:
        for behaviour in self._world.behaviours:
            await behaviour.at(moment, self)

    async def _end_in(self, seconds: float) -> NoReturn:
        await asyncio.sleep(seconds)
        raise Refused(1011, _END_OF_CONNECTION)
