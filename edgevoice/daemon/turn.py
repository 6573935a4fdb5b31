"""One turn: an utterance or typed text, the response to it, and when what happened."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edgevoice.audio.utterance import Utterance

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


@dataclass(slots=True)
class Picture:
    """What the model is shown with a turn."""

    jpeg: bytes | None
    """None: it is being taken, or could not be."""
    shown: bool
    """A person showed it; else the camera takes it."""
    taking: asyncio.Task[bytes] | None = None
    """The camera is at it."""
    sent: bool = False
    """It went out, on whichever link."""


class Turn:
    """What is known of one turn; loop's thread only.

    Attributes:
        number: Counts up from 1; 0 while it may still be a tap.
        utterance: What was said; None for a typed turn.
        text: What was typed; None for a spoken turn.
        picture: What the model is shown with it, or None.
        outcome: ``answered``, ``talked over``, ``cancelled`` or ``lost: why``;
            empty while it is under way.
    """

    def __init__(
        self,
        pressed: float,
        *,
        utterance: Utterance | None = None,
        text: str | None = None,
    ) -> None:
        self.number = 0
        self.utterance = utterance
        self.text = text
        self.picture: Picture | None = None
        self.outcome = ""
        self.spoken = 0.0
        """Seconds that the user spoke, pre-roll and tail included."""
        self._marks = {"pressed": pressed}

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants it to be sent any more."""
        return bool(self.outcome)

    def mark(self, moment: str, now: float, *, again: bool = False) -> None:
        """Note when a moment came; only its first time counts unless ``again``."""
        if again or moment not in self._marks:
            self._marks[moment] = now

    def marks(self) -> Mapping[str, float]:
        """The moments so far, seconds of the loop's clock."""
        return self._marks

    def timeline(self) -> dict[str, int]:
        """Milliseconds from the press to every moment that came."""
        begin = self._marks["pressed"]
        return {
            f"{name}_ms": round((self._marks[name] - begin) * 1000)
            for name in MARKS
            if name in self._marks
        }

    @property
    def latency_ms(self) -> int | None:
        """From the release (or the text) to the first sound of the answer."""
        line = self.timeline()
        if "first_sound_ms" not in line:
            return None
        return line["first_sound_ms"] - line.get("released_ms", 0)

    @property
    def sent_ms(self) -> int | None:
        """From the release to the end of what was sent, the tail included."""
        line = self.timeline()
        if "released_ms" not in line or "last_audio_sent_ms" not in line:
            return None
        return line["last_audio_sent_ms"] - line["released_ms"]
