"""The turns of an appliance: the one under way, those to be sent, the counts."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from edgevoice.audio.playout import Playout
from edgevoice.audio.utterance import Utterance
from edgevoice.daemon.news import News
from edgevoice.daemon.notes import Notes
from edgevoice.daemon.outbox import Outbox
from edgevoice.daemon.tail import Tail
from edgevoice.daemon.tally import Tally
from edgevoice.daemon.timeline import MARKS
from edgevoice.daemon.turn import Picture, Turn

log = logging.getLogger(__name__)

TIMELINE_FIELDS: Final = {
    **{f"{mark}_ms": f"{mark.upper()}_MS" for mark in MARKS[1:]},
    "gate_ms": "GATE_MS",
    "asked_ms": "ASKED_MS",
    "sendings": "SENDINGS",
}
"""A fact of the timeline -> its field in the journal, see ``logs.FIELDS``."""


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

    def transcribed(self, now: float) -> None:
        """The server has written down some of what was said."""
        turn = self.current
        if turn is not None and "first_audio_sent" in turn.timeline:
            turn.mark("first_transcript", now)  # else it is of an older one

    def answer_begins(self, now: float) -> None:
        """What was said need not be kept any more."""
        self.mark("first_answer_audio", now)
        self.outbox.answered()
        for note in self.notes.answered():
            self.tail.noted(note)
        if self.current is not None:
            self.current.utterance = None

    def heard(self, now: float) -> None:
        """The first sound of an answer is on its way to the ear."""
        turn = self.current
        if turn is not None and "first_answer_audio" in turn.timeline:
            turn.mark("first_sound", now)  # else a press came as an older one began

    def asks(self, now: float, *, asks: bool) -> None:
        """The person is asked to allow something, or is asked no more."""
        if self.current is None:
            return
        if asks:
            self.current.timeline.ask(now)
        else:
            self.current.timeline.decided(now)

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
        turn.timeline.decided(now)
        turn.mark("ended", now)
        if "first_answer_audio" in turn.timeline:  # else they are of an older answer
            turn.timeline.underruns = playout.underruns
            turn.timeline.gate = playout.prefill
        facts = self.tally.ended(turn, self._news.now())
        self._news.tell("turn", **facts)
        self._news.later(_log, turn, facts)
        return True


def _log(turn: Turn, facts: Mapping[str, Any]) -> None:
    outcome, _, reason = turn.outcome.partition(": ")
    latency = facts["latency_ms"]
    log.info(
        "turn %d: %s; spoke %.1f s, %s, %d underruns",
        turn.number,
        turn.outcome,
        turn.spoken,
        "no sound yet" if latency is None else f"first sound after {latency} ms",
        facts["underruns"],
        extra={
            "TURN": turn.number,
            "OUTCOME": outcome,
            "REASON": reason or None,
            "SPOKEN_MS": facts["spoken_ms"],
            "SENT_MS": turn.timeline.sent_ms,
            "LATENCY_MS": latency,
            "UNDERRUNS": facts["underruns"],
            **{name: facts.get(key) for key, name in TIMELINE_FIELDS.items()},
        },
    )
