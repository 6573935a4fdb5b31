"""When to leave a connection, so that the server never has to end it.

The server ends each connection after some minutes, with or without a warning. One
that ends by itself cuts whatever goes on; one that is left in a pause is missed by
nobody. Nothing here reads a clock.
"""

from typing import Final

from edgevoice.daemon.backoff import STABLE_S
from edgevoice.live.closing import Ending

LEAVE_EARLY_S: Final = 10.0
"""How long before the expected end a busy connection is left, seconds."""

LEAVE_IDLE_S: Final = 60.0
"""How long before the expected end an idle connection is left, seconds. Some
models announce the end 300 s ahead, one second after setup; leaving at once
would reconnect once a second for ever (livekit/agents-js pull request 2507)."""

SHORTEST_LIMIT_S: Final = 120.0
"""A connection that ended sooner says nothing about how long they may live, seconds."""

ALIKE: Final = 0.1
"""Two ages that differ by less than this share of one are the same limit."""

NEVER: Final = float("inf")


class Rotation:
    """Knows how long connections may live; one for all connections.

    Args:
        after: See the attribute.

    Attributes:
        after: Leave an idle connection after so many seconds; 0: only when its end
            is near.
        limit: After so many seconds the server has ended two in a row without a
            warning; it will end the next one too. ``NEVER`` until then.
        credential_ends: When the present connection's token ends, on the clock of
            ``window``: no message is taken after that. ``NEVER`` for a key.
    """

    def __init__(self, after: float) -> None:
        self.limit = NEVER
        self.credential_ends = NEVER
        self._seen = 0.0
        self.after = after

    def ended(self, ending: Ending, lived: float, *, warned: bool) -> None:
        """Learn from how a connection ended.

        Args:
            ending: How.
            lived: Seconds from setupComplete to its end.
            warned: The server had announced it.
        """
        if ending.timed_out and not warned and lived >= SHORTEST_LIMIT_S:
            if abs(lived - self._seen) < ALIKE * lived:
                self.limit = min(lived, self._seen)
            self._seen = lived

    def window(
        self, up_since: float, go_away: tuple[float, float] | None
    ) -> tuple[float, float]:
        """From when an idle connection is left, and when any is, on the same clock.

        A young connection is left only if it must be: see ``LEAVE_IDLE_S``.

        Args:
            up_since: When its setup was complete.
            go_away: When the server said that it will end, and when that is.
        """
        told, end = go_away or (up_since, up_since + self.limit)
        end = min(end, self.credential_ends)
        latest = end - min(LEAVE_EARLY_S, (end - told) / 2)
        idle = max(min(end - LEAVE_IDLE_S, latest), up_since + STABLE_S)
        old = up_since + (self.after or NEVER)
        return min(idle, old, latest), latest
