"""A server's socket, and what can go wrong with it below the messages.

A thin layer over ``websockets``; all methods belong to the loop's thread.
"""

import asyncio
from contextlib import suppress
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode
from websockets.protocol import State

_PONG: Final = b"\x8a"
"""First byte of a pong (RFC 6455, section 5.2): final frame, opcode 10."""


class Socket:
    """One socket after its handshake."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._deaf = False

    @property
    def is_open(self) -> bool:
        """Whether it is open in both directions."""
        return self._socket.protocol.state is State.OPEN

    @property
    def is_deaf(self) -> bool:
        """Whether it neither reads nor sends any more."""
        return self._deaf

    @property
    def close_code(self) -> int:
        """How it was closed; 1006 without a close handshake, or while it is open."""
        return self._socket.protocol.close_code or CloseCode.ABNORMAL_CLOSURE

    async def receive(self) -> str | bytes:
        """The next message.

        Raises:
            ConnectionClosed: The socket was closed or cut.
        """
        message = await self._socket.recv()
        while self._deaf:  # what had been read already is never looked at
            self._socket.transport.pause_reading()
            await self._socket.wait_closed()
            message = await self._socket.recv()
        return message

    async def send(self, rendered: bytes | str) -> None:
        """Send bytes as a binary message, text as text.

        Raises:
            ConnectionClosed: The socket was closed or cut.
        """
        await self._socket.send(rendered)

    async def close(self, code: int, reason: str) -> None:
        """Close it; waits for the client's part of the close handshake."""
        await self._socket.close(code, reason)

    def cut(self) -> None:
        """Cut the connection without a close handshake."""
        self._socket.transport.abort()

    async def closed(self) -> None:
        """Return as soon as the socket is gone."""
        await self._socket.wait_closed()

    async def pause(self, seconds: float) -> None:
        """Wait so many seconds, but not longer than the socket is open."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._socket.wait_closed()

    def deafen(self) -> None:
        """Read nothing from now on: TCP acknowledges until its buffers are full.

        Pings stay without a pong, and the client's end of the connection is not seen.
        Sending has to be stopped by who sends.
        """
        self._deaf = True
        self._socket.transport.pause_reading()

    def delay_pongs(self, seconds: float) -> None:
        """Send the pongs from now on so many seconds late, and all else in time.

        The protocol answers a ping itself while it reads, one piece of data for each
        frame; where the pieces go out, the pongs among them are put aside.
        """
        protocol, transport = self._socket.protocol, self._socket.transport
        take = protocol.data_to_send
        loop = asyncio.get_running_loop()

        def send_late(pong: bytes) -> None:
            if not transport.is_closing():
                transport.write(pong)

        def without_pongs() -> list[bytes]:
            pieces = take()
            for pong in (piece for piece in pieces if piece[:1] == _PONG):
                loop.call_later(seconds, send_late, pong)
            return [piece for piece in pieces if piece[:1] != _PONG]

        # websockets has no other place where a pong can be held back
        protocol.data_to_send = without_pongs  # type: ignore[method-assign]
