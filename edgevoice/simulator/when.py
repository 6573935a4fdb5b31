"""When a behaviour acts: what stands behind its @.

Written ``[LINKn.][MOMENT][N][~CHANCE]``, each part alone or with others: ``@3``,
``@setup``, ``@audio5``, ``@link2``, ``@link2.audio5``, ``@answer~0.05``. Link n is the
n-th attempt to connect, refused ones included. N is the N-th such moment, counted
within the link if one is given, else over all connections; without N every one
counts. CHANCE is the probability with which it then acts.
"""

import random
import re
from enum import Enum
from typing import Final, Self


class Moment(Enum):
    """The points in the life of a connection at which a behaviour may act.

    Attributes:
        told: What happens at it, for the manual.
    """

    told: str

    def __new__(cls, word: str, told: str) -> Self:
        """Make a member of its word and what is told of it."""
        moment = object.__new__(cls)
        moment._value_ = word
        moment.told = told
        return moment

    CONNECT = "connect", "the handshake's request is there"
    RESUME = "resume", "a legal setup with a handle is there; before setup"
    SETUP = "setup", "a legal setup is there; setupComplete was not sent yet"
    READY = "ready", "setupComplete was sent"
    START = "start", "an activity began"
    AUDIO = "audio", "a message of sound came in an activity"
    END = "end", "a turn was asked for, spoken or typed; nothing answered yet"
    HEARD = "heard", "the transcript of the input was sent"
    ANSWER = "answer", "the first message of an answer's sound was sent"
    GENERATED = "generated", "generationComplete was sent"
    INTERRUPTED = "interrupted", "the turn that was talked over has been closed"
    IDLE = "idle", "turnComplete and the new handle were sent"
    MESSAGE = "message", "any message was sent, setupComplete included"


_WHEN: Final = re.compile(
    r"(?:link(?P<link>[1-9]\d*)(?:\.(?=[a-z\d])|(?=~|\Z)))?"
    rf"(?P<moment>{'|'.join(moment.value for moment in Moment)})?"
    r"(?P<nth>[1-9]\d*)?"
    r"(?:~(?P<chance>0?\.\d+|1))?"
)


def is_when(text: str) -> bool:
    """Whether this can stand behind the @ of a behaviour."""
    return bool(text) and _WHEN.fullmatch(text) is not None


class When:
    """Counts moments and says which of them are the behaviour's.

    Args:
        text: WHEN as written, empty for every moment of the default kind.
        default: The moment that is meant if the text names none.

    Attributes:
        written: Whether there was a text.
        moment: The kind of moment.
    """

    def __init__(self, text: str, default: Moment) -> None:
        parts = _WHEN.fullmatch(text)
        assert parts is not None, text
        self.written = bool(text)
        word = parts["moment"]
        self.moment = Moment[word.upper()] if word else default
        self._link = int(parts["link"] or 0)
        self._nth = int(parts["nth"] or 0)
        self._chance = float(parts["chance"] or 1)
        self._count = 0

    def strikes(self, moment: Moment, link: int, chance: random.Random) -> bool:
        """Count the moment, if it is ours; True if it is our turn to act.

        Args:
            moment: What happened.
            link: Number of the attempt to connect, from 1.
            chance: Asked only where a probability was given.
        """
        if moment is not self.moment or self._link not in {0, link}:
            return False
        self._count += 1
        if self._nth not in {0, self._count}:
            return False
        return self._chance >= 1 or chance.random() < self._chance
