"""The turns of an appliance: the one under way, those to be sent, the counts."""

import logging

from edgevoice.audio.playout import Playout
from edgevoice.audio.utterance import Utterance
from edgevoice.daemon.news import News
from edgevoice.daemon.notes import Notes
from edgevoice.daemon.outbox import Outbox
from edgevoice.daemon.tail import Tail
from edgevoice.daemon.tally import Tally
from edgevoice.daemon.turn import Picture, Turn

log = logging.getLogger(__name__)


class Turns:
    """Keeps the books of every turn; loop's thread only.

    Args:
        news: Told when a turn begins and ends.

    Attributes:
        current: The turn under way; it may still be a tap.
        outbox: Turns to be sent or answered.
        tally: Counts since the start.
        tail: What was said last, for a session that replaces a lost one.
        notes: What the model is told in silence.
    """

    def __init__(self, news: News) -> None:
        self.current: Turn | None = None
        self.outbox = Outbox()
        self.tally = Tally()
        self.tail = Tail()
        self.notes = Notes()
        self._news = news

    def begin(
        self, now: float, utterance: Utterance | None = None, text: str | None = None
    ) -> None:
        """A press, or a typed turn; it counts only from ``count`` on."""
        self.current = Turn(now, utterance=utterance, text=text)

    def count(self) -> None:
        """It is no tap: number it, and let it be sent."""
        turn = self.current
        if turn is None or turn.number:  # it goes on with one that is counted
            return
        turn.number = self.tally.said()
        self.outbox.put(turn)
        self._news.tell("turn", number=turn.number, outcome="begun")

    def mark(self, moment: str, now: float, *, again: bool = False) -> None:
        """Note when a moment of the present turn came."""
        if self.current is not None:
            self.current.mark(moment, now, again=again)

    @property
    def utterance(self) -> Utterance | None:
        """What is being said, or was said, in the present turn."""
        return self.current.utterance if self.current is not None else None

    def close_utterance(self) -> Utterance | None:
        """The utterance is complete; returns it."""
        turn, utterance = self.current, self.utterance
        if turn is not None and utterance is not None:
            utterance.closed = True
            turn.spoken = utterance.duration
        return utterance

    def discard(self) -> None:
        """Forget what is being recorded."""
        self.close_utterance()
        if self.current is not None and not self.current.number:
            self.current = None

    def answer_begins(self, now: float) -> None:
        """What was said need not be kept any more."""
        self.mark("first_answer_audio", now)
        self.outbox.answered()
        for note in self.notes.answered():
            self.tail.noted(note)
        if self.current is not None:
            self.current.utterance = None

    def picture_sent(self, picture: Picture) -> None:
        """The model has been shown a picture."""
        if not picture.sent:  # or again, since a link was lost
            picture.sent = True
            self._news.tell("picture", state="sent", error=None)

    def note(self, text: str) -> None:
        """Tell the model this in silence, as soon as it can be."""
        self.notes.add(text)
        self._news.tell("note", waiting=len(self.notes.waiting))

    def notes_sent(self) -> None:
        """All notes that waited are on their way."""
        self.notes.sent()
        self._news.tell("note", waiting=0)

    def end(self, outcome: str, now: float, playout: Playout) -> bool:
        """The present turn is over; False if there was none that counts."""
        turn, self.current = self.current, None
        if turn is None or not turn.number:
            return False
        turn.outcome, turn.utterance = outcome, None  # speech is not kept for nothing
        self.tail.turn_ended()
        turn.mark("ended", now)
        self.tally.ended(turn, playout.underruns)
        self._news.tell("turn", **self.tally.last_turn())
        self._log(turn, playout.underruns)
        return True

    @staticmethod
    def _log(turn: Turn, underruns: int) -> None:
        outcome, _, reason = turn.outcome.partition(": ")
        log.info(
            "turn %d: %s; spoke %.1f s, %s, %d underruns",
            turn.number,
            turn.outcome,
            turn.spoken,
            "no sound yet"
            if turn.latency_ms is None
            else f"first sound after {turn.latency_ms} ms",
            underruns,
            extra={
                "TURN": turn.number,
                "OUTCOME": outcome,
                "REASON": reason or None,
                "SPOKEN_MS": round(turn.spoken * 1000),
                "SENT_MS": turn.sent_ms,
                "LATENCY_MS": turn.latency_ms,
                "UNDERRUNS": underruns,
            },
        )
