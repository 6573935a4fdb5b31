"""One socket from its handshake to its end: setup, session, sending, closing.

What the client may say once the session is set up stands in ``hearing``.
"""

import asyncio
from collections.abc import Sequence
from typing import NoReturn

from websockets.exceptions import ConnectionClosed

from edgevoice.simulator.behaviour import Message
from edgevoice.simulator.calls import Request
from edgevoice.simulator.handshake import Caller
from edgevoice.simulator.hearing import Hearing
from edgevoice.simulator.journal import Disconnected, Dropped, Received, Refusal, Sent
from edgevoice.simulator.reasons import refused
from edgevoice.simulator.responder import Responder
from edgevoice.simulator.schema import CLIENT_MESSAGE
from edgevoice.simulator.sessions import Session
from edgevoice.simulator.setup import Setup, check
from edgevoice.simulator.socket import Socket
from edgevoice.simulator.tokens import Token, utc
from edgevoice.simulator.turn import Turn
from edgevoice.simulator.when import Moment
from edgevoice.simulator.wire import (
    JsonObject,
    Refused,
    read,
    without_bytes,
    write,
)
from edgevoice.simulator.world import World


class Connection:
    """A socket after its handshake; implements ``behaviour.Line``.

    Attributes:
        number: Counts the attempts to connect, from 1.
        resumed: Whether it continues a session.
        socket: What it speaks over.
        ready: Whether setupComplete was sent.
    """

    def __init__(
        self, number: int, socket: Socket, caller: Caller, world: World
    ) -> None:
        self.number = number
        self.resumed = False
        self.socket = socket
        self.ready = False
        self._caller = caller
        self._world = world
        self._tasks = asyncio.TaskGroup()

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
            ended = Disconnected(connection=self.number, code=self.socket.close_code)
            self._world.journal.add(ended)

    async def close(self, refusal: BaseException) -> None:
        """Close the socket for this ``Refused``; waits for the client's part."""
        assert isinstance(refusal, Refused)
        code, reason = refusal.code, refusal.reason
        entry = Refusal(connection=self.number, code=code, reason=reason)
        self._world.journal.add(entry)
        await self.socket.close(code, reason)

    # --- for behaviours, see behaviour.Line

    async def send(self, message: Message, turn: Turn | None = None) -> None:
        """Send a message after all behaviours have seen it."""
        behaviours = self._world.behaviours
        messages = [message]
        for behaviour in behaviours:
            messages = [
                out for m in messages for out in behaviour.outgoing(self, m, turn)
            ]
        for one in messages:
            rendered: bytes | str = write(one)
            for behaviour in behaviours:
                rendered = behaviour.render(self, rendered)
            self._note(one, turn)
            await self.socket.send(rendered)
            if "inputTranscription" in one.get("serverContent", {}):
                await self._world.moment(Moment.HEARD, self)
            await self._world.moment(Moment.MESSAGE, self)

    def _note(self, message: Message, turn: Turn | None) -> None:
        number, shown = (turn.number if turn else 0), without_bytes(message)
        self._world.journal.add(
            Sent(connection=self.number, message=shown, turn=number)
        )

    def refuse(self, code: int, reason: str) -> NoReturn:
        """Close the socket; raises ``Refused``."""
        raise Refused(code, reason)

    def drop(self) -> None:
        """Cut the connection without a close handshake."""
        self._world.journal.add(Dropped(connection=self.number))
        self.socket.cut()

    def end_in(self, seconds: float) -> None:
        """Close the socket in so many seconds, as at the end of its life."""
        if not self.socket.is_open:  # its tasks are ending
            return
        ending = self._end_in(seconds, refused("deadline"))
        self._tasks.create_task(ending, name="end of life")

    async def go_away(self, time_left: float) -> None:
        """Announce the end of the connection in so many seconds, and carry it out."""
        self.end_in(time_left)
        await self.send({"goAway": {"timeLeft": f"{time_left:g}s"}})

    @property
    def blocked(self) -> bool:
        """Whether the model waits for the response to a call."""
        return self._responder.blocked

    async def call(self, requests: Sequence[Request], *, declared: bool = True) -> None:
        """Let the model call functions, and wait for the responses that block it."""
        known = self._responder.functions
        wanted = [r for r in requests if r.name in known or not declared]
        await self._responder.call(wanted)

    # --- the stages of a connection

    async def _accept_setup(self) -> Setup:
        key, body = await self._receive()
        if key != "setup":
            raise refused("setup_first")
        token = self._world.token(self._caller.token, utc())
        setup = Setup(token.constrain(body) if token else body)
        if token:
            self._admit(token, setup)
        check(setup, self._caller.version)
        return setup

    def _admit(self, token: Token, setup: Setup) -> None:
        """Count a use of the token; its end is the connection's, too."""
        now = utc()
        token.check(now)
        token.use(resuming=bool(setup.handle))
        left = (token.expires - now).total_seconds()
        ending = self._end_in(left, refused("token_ended"))
        self._tasks.create_task(ending, name="end of token")

    def _open_session(self, setup: Setup) -> Session:
        session: Session | None = Session(setup.model)
        if setup.handle:
            now = asyncio.get_running_loop().time()
            session = self._world.sessions.find(setup.handle, setup.model, now)
            self.resumed = True
        if session is None:
            raise refused("invalid_handle")
        if session.occupied():
            raise refused("internal")
        # the other end of a deaf socket has been given up: its session is free
        session.occupied = lambda: self.socket.is_open and not self.socket.is_deaf
        return session

    async def _greet(self, setup: Setup, session: Session) -> None:
        self._responder = Responder(self, session, setup, self._world, self._tasks)
        moment = self._responder.moment
        if self.resumed:
            await moment(Moment.RESUME)
        await moment(Moment.SETUP)
        await self.send({"setupComplete": {}})
        self.ready = True
        await moment(Moment.READY)

    async def _converse(self, setup: Setup, session: Session) -> NoReturn:
        hearing = Hearing(setup, session, self._responder)
        while True:
            key, body = await self._receive()
            for behaviour in self._world.behaviours:
                behaviour.incoming(self, key, body)
            await hearing.take(key, body)

    async def _receive(self) -> tuple[str, JsonObject]:
        text = await self.socket.receive()
        key, body = read(text, CLIENT_MESSAGE[self._caller.version])
        message = {key: without_bytes(body)}
        self._world.journal.add(Received(connection=self.number, message=message))
        return key, body

    async def _end_in(self, seconds: float, refusal: Refused) -> NoReturn:
        await asyncio.sleep(seconds)
        raise refusal
