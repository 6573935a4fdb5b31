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
        self._prompt: set[Callable[[Item], None]] = set()
        self._waiting: deque[Callable[[], object]] = deque()

    def listen(
        self, listener: Callable[[Item], None], *, at_once: bool = False
    ) -> Callable[[], None]:
        """Call ``listener`` with every item from now on; it must not wait.

        Args:
            listener: Takes an item.
            at_once: It looks at the state that the item tells of, and is quick.

        Returns:
            Call it to stop listening.
        """
        listeners = self._prompt if at_once else self._listeners
        listeners.add(listener)
        return lambda: listeners.discard(listener)

    def now(self) -> float:
        """Seconds since the epoch, to the millisecond."""
        return round(self._wall_clock(), 3)

    def tell(self, event: str, **facts: Any) -> None:
        """Something happened, now unless the facts give its ``time``."""
        item = {"event": event, "time": self.now(), **facts}
        for listener in tuple(self._prompt):
            listener(item)
        self.later(self._tell, item)

    def later(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function, such as a logger's, in line with what is told."""
        self._waiting.append(partial(function, *arguments))
        if len(self._waiting) == 1:
            self._soon(self.hand_out)

    def hand_out(self) -> None:
        """Tell and do all that waits."""
        try:
            while self._waiting:
                self._waiting.popleft()()
        finally:
            if self._waiting:  # what failed keeps nothing else from being told
                self._soon(self.hand_out)

    def _tell(self, item: Item) -> None:
        for listener in tuple(self._listeners):
            listener(item)
