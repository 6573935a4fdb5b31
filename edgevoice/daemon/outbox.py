"""The turns that wait to be sent, and the one that waits for its answer.

A turn is kept until its answer has begun. If the link is lost before that, it
goes back to the front and is sent whole on the next one.
"""

from collections import deque

from edgevoice.daemon.turn import Turn


class Outbox:
    """Turns in the order in which they are to be sent; loop's thread only."""

    def __init__(self) -> None:
        self._waiting: deque[Turn] = deque()
        self._sent: Turn | None = None

    def put(self, turn: Turn) -> None:
        """Add a turn behind."""
        self._waiting.append(turn)

    @property
    def head(self) -> Turn | None:
        """The turn to send now or to go on sending."""
        return self._waiting[0] if self._waiting else None

    def sent(self) -> None:
        """The head is on its way; keep it until its answer begins."""
        turn = self._waiting.popleft()
        self._sent = None if turn.cancelled else turn

    def answered(self) -> None:
        """The answer has begun: nothing will be sent again."""
        self._sent = None

    def link_lost(self) -> None:
        """What was not answered is sent again; what nobody wants is forgotten."""
        if self._sent is not None and not self._sent.cancelled:
            self._sent.timeline.unsent()
            self._waiting.appendleft(self._sent)
        self._sent = None
        self._waiting = deque(turn for turn in self._waiting if not turn.cancelled)

    @property
    def kept_s(self) -> float:
        """Seconds of speech in all of them."""
        turns = [*self._waiting]
        if self._sent is not None:
            turns.append(self._sent)
        kept = [turn.utterance for turn in turns if turn.utterance is not None]
        return sum((utterance.duration for utterance in kept), 0.0)

    @property
    def pending(self) -> int:
        """Turns that wait for a link."""
        return sum(not turn.cancelled and turn.number > 0 for turn in self._waiting)
