"""Who has the floor: the state machine and its words.

Rule 1: every decision about the dialogue is made in ``machine.py``, and nowhere else.
The other files here hold what it speaks of, and decide nothing.
"""

from edgevoice.conversation.machine import Conversation
from edgevoice.conversation.timing import (
    ASK_HEARD,
    ASK_LIMIT,
    ASK_TAP,
    BOUNCE,
    CALL_LIMIT,
    HOLD_LIMIT,
    HOLD_LIMIT_BEGUN,
    MOST_SENDINGS,
    Timing,
)
from edgevoice.conversation.vocabulary import Command, Event, Gate, Phase

__all__ = [
    "ASK_HEARD",
    "ASK_LIMIT",
    "ASK_TAP",
    "BOUNCE",
    "CALL_LIMIT",
    "HOLD_LIMIT",
    "HOLD_LIMIT_BEGUN",
    "MOST_SENDINGS",
    "Command",
    "Conversation",
    "Event",
    "Gate",
    "Phase",
    "Timing",
]
