"""After a long pause the next turn begins a new conversation."""

import logging
from collections.abc import Callable
from functools import partial

from edgevoice.daemon.bell import Bell

log = logging.getLogger(__name__)


class IdleReset:
    """Knows when the pause is long enough; loop's thread only.

    Args:
        pause: See the attribute.
        bell: Rung at every change of the state.
        clock: The loop's, seconds.

    Attributes:
        pause: How long a pause ends the conversation, seconds; 0 never does.
    """

    def __init__(self, pause: float, bell: Bell, clock: Callable[[], float]) -> None:
        self.pause = pause
        self._bell = bell
        self._clock = clock
        self._talked_at: float | None = None

    def talked(self, now: float) -> None:
        """A turn of this conversation ended; ``now`` in the loop's clock."""
        self._talked_at = now

    async def run(
        self, is_idle: Callable[[], bool], forget: Callable[[], None]
    ) -> None:
        """Have the conversation forgotten after every long pause, until cancelled.

        Args:
            is_idle: Whether nobody speaks or is waited for.
            forget: Forgets the conversation.
        """
        while True:
            await self._bell.until(lambda: self._due is not None)
            due, now = self._due or 0.0, self._clock()
            if now < due:
                await self._bell.until(partial(self._is_not, due), due - now)
            elif not is_idle():
                await self._bell.until(is_idle)
            else:
                log.info("a long pause: the next turn begins a new conversation")
                self._talked_at = None
                forget()

    def _is_not(self, due: float) -> bool:
        return self._due != due

    @property
    def _due(self) -> float | None:
        """When the conversation is to be forgotten, loop's clock; None: never."""
        if self._talked_at is None or not self.pause:
            return None
        return self._talked_at + self.pause
