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
from edgevoice.daemon.turn import Picture, Turn
from edgevoice.daemon.turns import Turns
from edgevoice.live.outgoing import Said
from edgevoice.live.session import LiveSession

PICTURE_PATIENCE_S: Final = 2.0
"""How long a question that is complete waits for its picture, seconds."""

CALLS_S: Final = 10.0
"""What the person says waits so long for the results of function calls, seconds: some
models close the connection if anything is said before them (autonomous-os, pull request
237), others cancel the calls."""


class Uplink:
    """Sends turns and notes on one connection.

    Args:
        session: What may be sent on it.
        send: Sends one WebSocket text message; waits while the socket is full.
        turns: What is to be sent.
        bell: Rings when a turn, a message's worth of sound, a picture, a note or a
            cancellation came.
        calling: Whether the model waits for the result of a call.
        report: Takes the events ``SENT``, ``ABANDONED`` and ``PROGRESS``.
        settled: Whether no turn is under way and no answer is to come.
        clock: Seconds of the loop's clock.
    """

    def __init__(
        self,
        session: LiveSession,
        send: Callable[[str], Awaitable[None]],
        turns: Turns,
        bell: Bell,
        calling: Callable[[], bool],
        report: Callable[[Event], None],
        settled: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._send = send
        self._turns = turns
        self._bell = bell
        self._calling = calling
        self._report = report
        self._settled = settled
        self._clock = clock
        self._calling_since: float | None = None
        """Since when somebody waits for the results, loop's clock."""

    async def run(self) -> None:
        """Send turn after turn, until cancelled or the socket closes."""
        outbox = self._turns.outbox
        await self._tell_notes()  # on a new connection nothing is under way
        while True:
            await self._bell.until(lambda: outbox.head or self._may_tell_notes())
            turn = outbox.head
            if turn is None:
                await self._tell_notes()
            elif turn.cancelled:
                outbox.sent()
            elif turn.utterance is not None:
                await self._speak(turn, turn.utterance)
            else:
                await self._type(turn)

    def _may_tell_notes(self) -> bool:
        return bool(self._turns.notes.waiting) and self._settled()

    async def _tell_notes(self) -> None:
        notes = self._turns.notes.waiting
        if notes:
            message = self._session.history([Said("user", note) for note in notes])
            self._turns.notes_sent()
            await self._send(message)

    async def _type(self, turn: Turn) -> None:
        await self._until_called(turn)
        if turn.cancelled:
            self._turns.outbox.sent()
            return
        picture = turn.picture
        if picture is not None and picture.jpeg is not None:
            message = self._session.picture_turn(picture.jpeg, turn.text or "")
            self._turns.picture_sent(picture)
        else:
            message = self._session.text(turn.text or "")
        turn.timeline.sendings += 1
        turn.mark("last_audio_sent", self._clock(), again=True)
        self._turns.outbox.sent()
        self._report(Event.SENT)
        await self._send(message)

    async def _speak(self, turn: Turn, utterance: Utterance) -> None:
        # An empty activity is answered by nobody, so none is opened.
        await self._until_called(turn)
        await self._bell.until(partial(_begun, turn, utterance))
        if not _wanted(turn, utterance):
            self._turns.outbox.sent()
            return
        turn.timeline.sendings += 1
        await self._send(self._session.activity_start())
        await self._send_pieces(_Sending(turn, utterance))
        # No await from the last look to the report: a press in between would
        # add to an utterance that is already closed on the wire.
        end = self._session.activity_end()
        turn.mark("last_audio_sent", self._clock(), again=True)
        self._turns.outbox.sent()
        self._report(Event.ABANDONED if turn.cancelled else Event.SENT)
        await self._send(end)

    async def _until_called(self, turn: Turn) -> None:
        """Let the model have the results that it waits for, ``CALLS_S`` at most."""
        if not self._calling():
            self._calling_since = None
            return
        now = self._clock()
        self._calling_since = self._calling_since or now
        left = max(0.0, self._calling_since + CALLS_S - now)
        await self._bell.until(lambda: turn.cancelled or not self._calling(), left)
        if not self._calling():
            self._calling_since = None

    async def _send_pieces(self, sending: "_Sending") -> None:
        """Sound and picture as they come, until all is sent or nobody wants it."""
        turn = sending.turn
        while not turn.cancelled:
            if picture := sending.next_picture():
                await self._send_picture(picture)
            elif chunk := sending.next_chunk():
                await self._send(self._session.audio(chunk))
                turn.mark("first_audio_sent", self._clock())
                self._report(Event.PROGRESS)
            elif not sending.complete:
                await self._bell.until(sending.may_go_on)
            elif not await self._should_go_on(sending):
                return

    async def _send_picture(self, picture: Picture) -> None:
        assert picture.jpeg is not None
        await self._send(self._session.picture(picture.jpeg))
        self._turns.picture_sent(picture)
        self._report(Event.PROGRESS)

    async def _should_go_on(self, sending: "_Sending") -> bool:
        """All is sent but the picture: wait a moment; False if this is the end."""
        if not sending.picture_is_awaited:
            return False
        now = self._clock()
        if sending.give_up_at is None:
            sending.give_up_at = now + PICTURE_PATIENCE_S
        left = max(sending.give_up_at - now, 0.0)
        return await self._bell.until(sending.need_not_wait, left)


class _Sending:
    """How much of a spoken turn is on its way on this connection."""

    def __init__(self, turn: Turn, utterance: Utterance) -> None:
        self.turn = turn
        self.give_up_at: float | None = None
        """When its picture is not waited for any more, loop's clock."""
        self._utterance = utterance
        self._cursor = 0
        self._showed = False

    def next_picture(self) -> Picture | None:
        """The picture, once."""
        if not self._may_show:
            return None
        self._showed = True
        return self.turn.picture

    @property
    def _may_show(self) -> bool:
        picture = self.turn.picture
        there = picture is not None and picture.jpeg is not None
        return there and not self._showed

    def next_chunk(self) -> bytes:
        """The next piece of sound, or nothing yet."""
        chunk = self._utterance.chunk(self._cursor)
        self._cursor += len(chunk)
        return chunk

    @property
    def complete(self) -> bool:
        """Whether all that was said is sent."""
        return self._utterance.sent_whole(self._cursor)

    @property
    def picture_is_awaited(self) -> bool:
        """Whether the camera is still at it."""
        picture = self.turn.picture
        return picture is not None and picture.taking is not None

    def may_go_on(self) -> bool:
        """Whether there is sound or a picture to send, or an end to it."""
        ready = self._utterance.ready(self._cursor)
        return self.turn.cancelled or self._may_show or ready

    def need_not_wait(self) -> bool:
        """Whether the picture has come or will not, or the user speaks on."""
        more = not self.complete or not self.picture_is_awaited
        return self.turn.cancelled or self._may_show or more


def _wanted(turn: Turn, utterance: Utterance) -> bool:
    return not turn.cancelled and len(utterance) > 0


def _begun(turn: Turn, utterance: Utterance) -> bool:
    return turn.cancelled or utterance.closed or len(utterance) > 0
