"""An event loop whose clock jumps: hours of an appliance's life in seconds.

Real sockets, real code; only waiting costs nothing. When no socket has news, the
clock is put forward to the next timer. Worker threads would finish too late for
such a clock, so their calls are made at once, in place.
"""

import asyncio
import io
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

GRACE_S = 0.001
"""Real time given to the kernel before the clock jumps by more than a block."""

SMALL_S = 0.05
"""Jumps up to here need no grace: what is under way is only a little late."""

LONGEST_S = 5 * 86400.0
"""A life that is longer hangs, seconds of its own clock."""

P = ParamSpec("P")
T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Waits for sockets, but never for time."""

    now = 0.0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer at all: only a socket can wake us
            return super().select(None)
        news = super().select(0 if timeout <= SMALL_S else GRACE_S)
        if not news:
            self.now += max(0.0, timeout)
        if self.now > LONGEST_S:
            raise TimeoutError(f"this life never ends:\n{_waiting()}")
        return news


class _InPlace(ThreadPoolExecutor):
    """Makes every call at once, in the caller's thread."""

    def submit(
        self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> "Future[T]":
        future: Future[T] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  for whoever awaits it
            future.set_exception(error)
        return future


def _waiting() -> str:
    """Where each task stands."""
    text = io.StringIO()
    for task in asyncio.all_tasks(asyncio.get_running_loop()):
        task.print_stack(file=text)
    return text.getvalue()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own; begins at 0."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)
        self.set_default_executor(_InPlace())

    def time(self) -> float:
        """Seconds of the loop's own clock."""
        return self._jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` in virtual time."""
    # Debugging would take most of the time of hours in which everything is quick.
    with asyncio.Runner(debug=False, loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
