"""What happens, told to whoever listens: ``edgevoice watch``, the terminal."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

Item: TypeAlias = dict[str, Any]
"""``{"event": name, "time": seconds since the epoch, ...}``."""


class News:
    """Hands every item to every listener, in order; loop's thread only.

    Args:
        wall_clock: Seconds since the epoch.
        soon: Calls a function when nothing more urgent is to be done.
    """

    def __init__(
        self,
        wall_clock: Callable[[], float],
        soon: Callable[[Callable[[], None]], object] = lambda hand_out: hand_out(),
    ) -> None:
        self._wall_clock = wall_clock
        self._soon = soon
        self._listeners: set[Callable[[Item], None]] = set()
        self._waiting: deque[Callable[[], None]] = deque()

    def listen(self, listener: Callable[[Item], None]) -> Callable[[], None]:
        """Call ``listener`` with every item from now on; it must not wait.

        Returns:
            Call it to stop listening.
        """
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def now(self) -> float:
        """Seconds since the epoch, to the millisecond."""
        return round(self._wall_clock(), 3)

    def tell(self, event: str, **facts: Any) -> None:
        """Something happened, now unless the facts give its ``time``."""
        self.later(self._tell, {"event": event, "time": self.now(), **facts})

    def later(self, function: Callable[..., None], *arguments: object) -> None:
        """Call a function, such as a logger's, in line with what is told."""
        self._waiting.append(partial(function, *arguments))
        if len(self._waiting) == 1:
            self._soon(self.hand_out)

    def hand_out(self) -> None:
        """Tell and do all that waits."""
        while self._waiting:
            self._waiting.popleft()()

    def _tell(self, item: Item) -> None:
        for listener in tuple(self._listeners):
            listener(item)
