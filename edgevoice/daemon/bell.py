"""A bell: waiting for a state without losing the wake-up.

Every task looks at the state, waits for the bell, and looks again. Between the
look and the wait there is no ``await``, so nothing can happen unseen.
"""

import asyncio
from collections.abc import Callable


class Bell:
    """Wakes every task that waits; loop's thread only."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """The state has changed: look again."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(
        self, true: Callable[[], object], timeout: float | None = None
    ) -> bool:
        """Wait until ``true()`` holds; it is asked again at every ring.

        Args:
            true: A condition on the state.
            timeout: Give up after this many seconds; None waits for ever.

        Returns:
            Whether it holds; False only after the timeout.
        """
        try:
            async with asyncio.timeout(timeout):
                while not true():
                    await self._rung.wait()
        except TimeoutError:
            return bool(true())
        return True
