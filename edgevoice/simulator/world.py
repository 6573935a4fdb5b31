"""What all connections of one simulator share."""

from msgspec import Struct

from edgevoice.simulator.behaviour import Behaviour
from edgevoice.simulator.journal import Journal
from edgevoice.simulator.sessions import Sessions


class World(Struct, frozen=True):
    """Shared by all connections.

    Attributes:
        journal: What happened.
        sessions: What can be resumed.
        behaviours: Asked in this order.
        pace: Factor on the server's own waiting: 1.0 as the real one, 0 none.
    """

    journal: Journal
    sessions: Sessions
    behaviours: tuple[Behaviour, ...]
    pace: float
