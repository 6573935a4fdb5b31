"""A bell: waiting for a state without losing the wake-up.

Every task looks at the state, waits for the bell, and looks again. Between the
look and the wait there is no ``await``, so nothing can happen unseen.
"""

import asyncio
from collections.abc import Callable


class Bell:
    """Wakes every task whose state has come; loop's thread only.

    A ring asks the conditions, not the tasks: a dozen of them wait, and to wake them
    all costs fifty times what it costs to ask. They are asked once whatever rang the
    bell is through, however often it did.
    """

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], Callable[[], object]] = {}
        self._rung = False

    def ring(self) -> None:
        """The state has changed: look again."""
        if self._waiting and not self._rung:
            self._rung = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._rung = False
        for waiter, true in self._waiting.items():
            if not waiter.done() and _holds(true):
                waiter.set_result(None)

    async def until(
        self, true: Callable[[], object], timeout: float | None = None
    ) -> bool:
        """Wait until ``true()`` holds; it is asked again after every ring.

        Args:
            true: A condition on the state; asking it must not change
                what others wait for.
            timeout: Give up after this many seconds; None waits for ever.

        Returns:
            Whether it holds; False only after the timeout.
        """
        if timeout is None:
            while not true():
                await self._wait(true)
            return True
        try:
            async with asyncio.timeout(timeout):
                while not true():
                    await self._wait(true)
        except TimeoutError:
            return bool(true())
        return True

    async def _wait(self, true: Callable[[], object]) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = true
        try:
            await waiter
        finally:
            del self._waiting[waiter]


def _holds(true: Callable[[], object]) -> bool:
    try:
        return bool(true())
    except Exception:  # noqa: BLE001  (it is raised where it is waited for)
        return True
