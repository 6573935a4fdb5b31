"""How a turn may end, and which signal sound tells it."""

from typing import Final

from edgevoice.audio.earcons import Earcon
from edgevoice.conversation import Command

EARCONS: Final[dict[Command, Earcon | None]] = {
    Command.TURN_ANSWERED: None,
    Command.TURN_TALKED_OVER: None,
    Command.TURN_CANCELLED: None,
    Command.TURN_UNHEARD: None,  # there is no speaker
    Command.TURN_CUT: Earcon.CUT,
    Command.TURN_STALLED: Earcon.CUT,
    Command.TURN_REFUSED: Earcon.FAILED,
    Command.TURN_EMPTY: Earcon.FAILED,
    Command.TURN_UNANSWERED: Earcon.FAILED,
    Command.TURN_EXPIRED: Earcon.FAILED,
    Command.TURN_BROKEN: Earcon.FAILED,
    Command.TURN_SPEECHLESS: Earcon.FAILED,
}
"""Every outcome; None: it needs no sound."""
