"""The simulator as a thing that is started and stopped."""

import logging
import random
import ssl
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from weakref import WeakKeyDictionary

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from edgevoice.errors import EdgeVoiceError
from edgevoice.simulator.behaviour import Behaviour
from edgevoice.simulator.behaviours import build
from edgevoice.simulator.connection import Connection
from edgevoice.simulator.handshake import Denied, admit
from edgevoice.simulator.journal import Connected, Entry, Journal, Refusal
from edgevoice.simulator.sessions import Sessions
from edgevoice.simulator.socket import Socket
from edgevoice.simulator.tokens import Tokens, utc
from edgevoice.simulator.when import Moment
from edgevoice.simulator.wire import JsonObject, Refused
from edgevoice.simulator.world import World

_MAX_MESSAGE: Final = 32 * 1024 * 1024
"""Bytes of a client message: room for any picture."""
_CLOSE_TIMEOUT: Final = 1.0
"""Seconds to wait for the client's part of the close handshake."""


class Simulator:
    """A local server that speaks the Live API; an async context manager.

    It may be stopped and started again: the port and the sessions stay, so a server
    that goes away and comes back can be played.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        behaviours: What it does beyond the rules, see ``behaviours``.
        pace: Factor on the time it takes. 1.0 is like the real server: the first
            sound 0.3 s after the end of the activity, then 1.25 s of sound per second,
            turnComplete when the sound has been played. 0 is as fast as possible.
        journal: Where to write what happens; by default one that keeps everything.
        seed: Of the chances that behaviours take; the same gives the same ones.
        tls: Certificate and key, to speak TLS; None speaks in the clear.

    Raises:
        ConfigError: A behaviour is unknown or of the wrong form.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        behaviours: Sequence[str] = ("echo",),
        pace: float = 1.0,
        journal: Journal | None = None,
        seed: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._address = host, port
        self._tls = tls
        self._world = World(
            journal=journal or Journal(),
            sessions=Sessions(),
            tokens=Tokens(),
            behaviours=tuple(build(behaviours)),
            pace=pace,
            chance=random.Random(seed),
        )
        self._numbers: WeakKeyDictionary[ServerConnection, int] = WeakKeyDictionary()
        self._attempts = 0
        self._lines: set[Connection] = set()
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        """Start to listen; see ``start``."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Listen no more; see ``stop``."""
        await self.stop()

    async def start(self) -> None:
        """Listen, again at the same port if it has been stopped.

        Raises:
            EdgeVoiceError: The address cannot be listened on.
        """
        try:
            self._server = await listen(
                self._serve,
                *self._address,
                ssl=self._tls,
                process_request=self._admit,
                compression=None,
                ping_interval=None,
                close_timeout=_CLOSE_TIMEOUT,
                max_size=_MAX_MESSAGE,
                logger=logging.getLogger("edgevoice.simulator"),
            )
        except OSError as error:
            host, port = self._address
            raise EdgeVoiceError(
                f"cannot listen on {host}:{port}: {error.strerror}; "
                "choose another --port, or 0 for a free one"
            ) from error
        self._address = self._address[0], self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close all sockets with 1001, wait for their ends, and listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def url(self) -> str:
        """``ws://HOST:PORT``, with TLS ``wss://``: the endpoint; known once entered."""
        host, port = self._address
        host = f"[{host}]" if ":" in host else host
        return f"{'wss' if self._tls else 'ws'}://{host}:{port}"

    @property
    def journal(self) -> list[Entry]:
        """What happened, in order."""
        return self._world.journal.entries

    @property
    def behaviours(self) -> tuple[Behaviour, ...]:
        """Asked in this order; a test may speak to its own."""
        return self._world.behaviours

    @property
    def connections(self) -> int:
        """Number of open sockets; a deaf one does not notice when it is closed."""
        sockets = [line.socket for line in self._lines]
        return sum(socket.is_open and not socket.is_deaf for socket in sockets)

    async def wait_for(
        self, predicate: Callable[[list[Entry]], bool], timeout: float = 5.0
    ) -> None:
        """Return as soon as the predicate holds for the journal.

        It is asked now and after each entry. A count of ``connections`` may be asked
        for, too: an entry follows each change.

        Raises:
            TimeoutError: It did not hold within ``timeout`` seconds.
        """
        await self._world.journal.wait_for(predicate, timeout)

    def issue_token(self, request: JsonObject | None = None) -> str:
        """The name of a new ephemeral token.

        Args:
            request: As in ``POST auth_tokens``: ``uses``, ``expireTime``,
                ``newSessionExpireTime``, ``bidiGenerateContentSetup``, ``fieldMask``.

        Raises:
            ConfigError: It is of the wrong form, or asks for too long a life.
        """
        return self._world.tokens.issue(request or {}, utc())

    async def drop(self) -> None:
        """Cut all connections without a close handshake; they are gone on return."""
        lines = list(self._lines)
        for line in lines:
            line.drop()
        for line in lines:
            await line.socket.closed()

    async def go_away(self, time_left: float) -> None:
        """Tell every client that its connection ends, and end it then with 1011.

        Args:
            time_left: Seconds of real time, whatever the pace.
        """
        for line in [line for line in self._lines if line.ready]:
            try:
                await line.go_away(time_left)
            except ConnectionClosed:  # it was quicker
                continue
            except Refused as refusal:  # a behaviour closes at this very message
                await line.close(refusal)

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        self._attempts += 1
        self._numbers[socket] = self._attempts
        try:
            admit(request.path, request.headers)
            for behaviour in self._world.struck(Moment.CONNECT, self._attempts):
                if status := behaviour.handshake():
                    raise Denied(HTTPStatus(status), "Refused by a behaviour.")
        except Denied as denied:
            self._world.journal.add(
                Refusal(
                    connection=self._attempts, code=denied.status, reason=denied.text
                )
            )
            return socket.respond(denied.status, denied.text + "\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        caller = admit(socket.request.path, socket.request.headers)
        number = self._numbers[socket]
        line = Connection(number, Socket(socket), caller, self._world)
        self._lines.add(line)
        try:
            self._world.journal.add(
                Connected(connection=number, version=caller.version, auth=caller.auth)
            )
            if caller.bad_key:
                await line.close(Refused(1007, caller.bad_key))
            else:
                await line.run()
        finally:
            self._lines.discard(line)
