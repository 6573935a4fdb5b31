"""One turn: an utterance or typed text, the response to it, and when what happened."""

import asyncio
from dataclasses import dataclass

from edgevoice.audio.utterance import Utterance
from edgevoice.daemon.timeline import Timeline


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
        timeline: When what happened.
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
        self.timeline = Timeline(pressed)

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants it to be sent any more."""
        return bool(self.outcome)

    def mark(self, moment: str, now: float, *, again: bool = False) -> None:
        """Note when a moment came; only its first time counts unless ``again``."""
        self.timeline.mark(moment, now, again=again)
