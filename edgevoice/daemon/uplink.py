"""From the outbox to the socket: one task for each connection.

It follows the utterance with a cursor of its own, so a new connection begins
again at the first block. It opens no activity that it does not close.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from edgevoice.audio.utterance import Utterance
from edgevoice.conversation import Event
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.outbox import Outbox
from edgevoice.daemon.turn import Turn
from edgevoice.live.session import LiveSession

CALLS_S: Final = 10.0
"""What the person says waits so long for the results of function calls, seconds: some
models close the connection if anything is said before them (autonomous-os, pull request
237), others cancel the calls."""


class Uplink:
    """Sends turns on one connection.

    Args:
        session: What may be sent on it.
        send: Sends one WebSocket text message; waits while the socket is full.
        outbox: Where the turns are.
        bell: Rings when a turn, a block or a cancellation came.
        calling: Whether the model waits for the result of a call.
        report: Takes the events ``SENT``, ``ABANDONED`` and ``PROGRESS``.
        clock: Seconds of the loop's clock.
    """

    def __init__(
        self,
        session: LiveSession,
        send: Callable[[str], Awaitable[None]],
        outbox: Outbox,
        bell: Bell,
        calling: Callable[[], bool],
        report: Callable[[Event], None],
        clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._send = send
        self._outbox = outbox
        self._bell = bell
        self._calling = calling
        self._report = report
        self._clock = clock

    async def run(self) -> None:
        """Send turn after turn, until cancelled or the socket closes."""
        while True:
            await self._bell.until(lambda: self._outbox.head)
            turn = self._outbox.head
            assert turn is not None
            if turn.cancelled:
                self._outbox.sent()
            elif turn.utterance is not None:
                await self._speak(turn, turn.utterance)
            else:
                await self._type(turn)

    async def _type(self, turn: Turn) -> None:
        await self._until_called()
        if turn.cancelled:
            self._outbox.sent()
            return
        message = self._session.text(turn.text or "")
        turn.mark("last_audio_sent", self._clock(), again=True)
        self._outbox.sent()
        self._report(Event.SENT)
        await self._send(message)

    async def _speak(self, turn: Turn, utterance: Utterance) -> None:
        # An empty activity is answered by nobody, so none is opened.
        await self._until_called()
        await self._bell.until(partial(_begun, turn, utterance))
        if not _wanted(turn, utterance):
            self._outbox.sent()
            return
        cursor = 0
        await self._send(self._session.activity_start())
        while not turn.cancelled and not utterance.sent_whole(cursor):
            chunk = utterance.chunk(cursor)
            if not chunk:
                await self._bell.until(partial(_ready, turn, utterance, cursor))
                continue
            cursor += len(chunk)
            await self._send(self._session.audio(chunk))
            turn.mark("first_audio_sent", self._clock())
            self._report(Event.PROGRESS)
        # No await from the last look to the report: a press in between would
        # add to an utterance that is already closed on the wire.
        end = self._session.activity_end()
        turn.mark("last_audio_sent", self._clock(), again=True)
        self._outbox.sent()
        self._report(Event.ABANDONED if turn.cancelled else Event.SENT)
        await self._send(end)

    async def _until_called(self) -> None:
        """Let the model have the results that it waits for."""
        await self._bell.until(lambda: not self._calling(), CALLS_S)


def _wanted(turn: Turn, utterance: Utterance) -> bool:
    return not turn.cancelled and len(utterance) > 0


def _begun(turn: Turn, utterance: Utterance) -> bool:
    return turn.cancelled or utterance.closed or len(utterance) > 0


def _ready(turn: Turn, utterance: Utterance, cursor: int) -> bool:
    return turn.cancelled or utterance.ready(cursor)
