"""What one turn is made of: the prompt, the answer, and how far it has come."""

from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, structs

from edgevoice.audio.pcm import BYTES_PER_FRAME, DOWNLINK_HZ, UPLINK_HZ, seconds
from edgevoice.simulator.pictures import Picture
from edgevoice.simulator.sessions import Context
from edgevoice.simulator.wire import JsonObject

if TYPE_CHECKING:
    from edgevoice.simulator.behaviour import Behaviour

SPEED: Final = 1.25
"""Seconds of sound sent per second: a bit faster than it is played."""
MESSAGE_SECONDS: Final = 0.2
"""Sound in one message: about 13 kB of JSON, as seen from the server."""
MESSAGE_BYTES: Final = round(MESSAGE_SECONDS * DOWNLINK_HZ) * BYTES_PER_FRAME


class Prompt(Struct, frozen=True, kw_only=True):
    """What the user said or typed."""

    pcm: bytes = b""
    """16 bit mono at ``hz``; empty when it was typed."""
    hz: int = UPLINK_HZ
    text: str = ""
    pictures: tuple[Picture, ...] = ()
    """What was shown since the last turn."""
    result: bool = False
    """Whether nobody asked: the model takes up the response to a call."""

    @property
    def spoken(self) -> float:
        """Seconds of speech."""
        return seconds(self.pcm, self.hz)


class Extras(Struct, frozen=True, kw_only=True):
    """What an answer has beside its sound and its transcript."""

    contents: tuple[JsonObject, ...] = ()
    """Each a ``serverContent`` of its own, before the sound."""
    closing: JsonObject = {}
    """Fields that stand beside turnComplete."""
    fillers: tuple[str, ...] = ()
    """Said before, each closed by a turnComplete that is not the last one."""


class Answer(Struct, frozen=True, kw_only=True):
    """What the simulated model says to it."""

    pcm: bytes = b""
    """16 bit mono, 24 kHz."""
    text: str = ""
    """Its transcript."""
    ends: bool = True
    """False: nothing follows the sound, the turn stays open until interrupted."""
    speed: float = SPEED
    """Seconds of sound sent per second."""
    gap: float = 0.0
    """Seconds for which the sound stands still now and then."""
    extras: Extras = Extras()

    def beside(self, *contents: JsonObject, **closing: Any) -> "Answer":
        """The answer with more contents before its sound, and fields at its end."""
        extras = structs.replace(
            self.extras,
            contents=self.extras.contents + contents,
            closing=self.extras.closing | closing,
        )
        return structs.replace(self, extras=extras)


class Phase(Enum):
    """How far a turn has come."""

    THINKING = "thinking"
    """Nothing of the answer was sent yet."""
    GENERATING = "generating"
    PLAYING = "playing"
    """generationComplete was sent; the server lets the client play to the end."""


class Turn(Struct, kw_only=True):
    """One turn that was asked for."""

    prompt: Prompt
    answer: Answer
    struck: "tuple[Behaviour, ...]" = ()
    """The behaviours that act on this turn: whose moment its ``END`` was."""
    number: int = 0
    """Counts the turns of the session, from 1; goes on after a resumption. 0 while
    the turn waits in line."""
    shown: Context = Context()
    """What the model is shown, the prompt included: what is billed."""
    phase: Phase = Phase.THINKING
    sent: int = 0
    """Bytes of the answer's sound sent so far."""

    @property
    def answered(self) -> float:
        """Seconds of the answer's sound sent so far."""
        return self.sent / (BYTES_PER_FRAME * DOWNLINK_HZ)
