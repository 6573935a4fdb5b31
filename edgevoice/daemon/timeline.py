"""When what happened in a turn."""

from typing import Any, Final

MARKS: Final = (
    "pressed",
    "first_audio_sent",
    "released",
    "last_audio_sent",
    "first_transcript",
    "first_answer_audio",
    "first_sound",
    "ended",
)
"""The moments of a turn, in their usual order."""


class Timeline:
    """The moments of one turn, seconds of the loop's clock; loop's thread only.

    Args:
        pressed: When it began.

    Attributes:
        sendings: How often it was sent, or begun to be: again after a lost link.
        gate: Seconds of sound that its answer had to gather before it was heard; None
            if no answer came.
        underruns: How often its answer ran dry.
    """

    def __init__(self, pressed: float) -> None:
        self.sendings = 0
        self.gate: float | None = None
        self.underruns = 0
        self._marks = {"pressed": pressed}
        self._questions: list[tuple[float, float]] = []
        self._asking: float | None = None

    def mark(self, moment: str, now: float, *, again: bool = False) -> None:
        """Note when a moment came; only its first time counts unless ``again``."""
        if again or moment not in self._marks:
            self._marks[moment] = now

    def unsent(self) -> None:
        """The link that it was sent on was lost before the answer: it is sent again."""
        for moment in ("last_audio_sent", "first_transcript"):
            self._marks.pop(moment, None)

    def __contains__(self, moment: str) -> bool:
        """Whether this moment has come."""
        return moment in self._marks

    def ask(self, now: float) -> None:
        """The person is asked to allow something."""
        self._asking = now

    def decided(self, now: float) -> None:
        """They have decided, or need not any more; nothing if they were not asked."""
        if self._asking is not None:
            self._questions.append((self._asking, now))
        self._asking = None

    def facts(self) -> dict[str, Any]:
        """All of it as plain JSON, in whole milliseconds from the press."""
        moments = {name: self._ms(name) for name in MARKS if name in self._marks}
        return {
            "latency_ms": self.latency_ms,
            "asked_ms": self.asked_ms,
            "gate_ms": None if self.gate is None else round(self.gate * 1000),
            "underruns": self.underruns,
            "sendings": self.sendings,
            "questions_ms": [
                [self._since_press(begin), self._since_press(end)]
                for begin, end in self._questions
            ],
            **{_KEYS[name]: at for name, at in moments.items()},
        }

    @property
    def latency_ms(self) -> int | None:
        """From the release (or the text) to the first sound of the answer.

        Without the time that the person took to allow something; None if there was no
        sound.
        """
        if "first_sound" not in self._marks:
            return None
        begin = self._ms("released") if "released" in self._marks else 0
        return self._ms("first_sound") - begin - self.asked_ms

    @property
    def asked_ms(self) -> int:
        """How long the person was asked before the first sound."""
        heard = self._marks.get("first_sound", float("inf"))
        spans = [min(end, heard) - begin for begin, end in self._questions]
        return round(sum(span for span in spans if span > 0) * 1000)

    @property
    def sent_ms(self) -> int | None:
        """From the release to the end of what was sent, the tail included."""
        if "released" not in self._marks or "last_audio_sent" not in self._marks:
            return None
        return self._ms("last_audio_sent") - self._ms("released")

    def _ms(self, moment: str) -> int:
        return self._since_press(self._marks[moment])

    def _since_press(self, now: float) -> int:
        return round((now - self._marks["pressed"]) * 1000)


_KEYS: Final = {name: f"{name}_ms" for name in MARKS}
"""One string for all turns that are kept."""
