"""What all connections of one simulator share."""

import random
from datetime import datetime

from msgspec import Struct

from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.journal import Journal
from edgevoice.simulator.reasons import refused
from edgevoice.simulator.sessions import Sessions
from edgevoice.simulator.tokens import Token, Tokens, within
from edgevoice.simulator.when import Moment


class World(Struct, frozen=True):
    """Shared by all connections.

    Attributes:
        journal: What happened.
        sessions: What can be resumed.
        tokens: What was issued.
        behaviours: Asked in this order.
        pace: Factor on the server's own waiting: 1.0 as the real one, 0 none.
        chance: Where all probabilities come from.
    """

    journal: Journal
    sessions: Sessions
    tokens: Tokens
    behaviours: tuple[Behaviour, ...]
    pace: float
    chance: random.Random

    def struck(self, moment: Moment, link: int) -> tuple[Behaviour, ...]:
        """Let all count the moment; those that it makes act.

        Args:
            moment: What happened.
            link: Number of the attempt to connect, from 1.
        """
        return tuple(
            behaviour
            for behaviour in self.behaviours
            if behaviour.when.strikes(moment, link, self.chance)
        )

    async def moment(self, moment: Moment, line: Line) -> None:
        """Let the behaviours act at a moment, any but ``CONNECT`` and ``END``."""
        for behaviour in self.struck(moment, line.number):
            await behaviour.act(line)

    def token(self, name: str, now: datetime) -> Token | None:
        """The token of this name; None if it is not to be checked.

        Raises:
            Refused: It is not taken.
        """
        token = self.tokens.find(name)
        if token is not None or not name:
            return token
        for behaviour in self.behaviours:
            terms = behaviour.terms()
            if terms is None:
                raise refused("key_invalid")
            if terms:
                self.tokens.issue(within(terms, now), now, name)
        return self.tokens.find(name)
