"""What happens, told to whoever listens: ``edgevoice watch``, the terminal."""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

Item: TypeAlias = dict[str, Any]
"""``{"event": name, "time": seconds since the epoch, ...}``."""


class News:
    """Hands every item to every listener, in order; loop's thread only.

    Args:
        wall_clock: Seconds since the epoch.
        later: Calls ``hand_out`` when nothing more urgent is to be done.
    """

    def __init__(
        self,
        wall_clock: Callable[[], float],
        later: Callable[[Callable[[], None]], object] = lambda hand_out: hand_out(),
    ) -> None:
        self._wall_clock = wall_clock
        self._later = later
        self._listeners: set[Callable[[Item], None]] = set()
        self._waiting: deque[Item] = deque()

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
        item = {"event": event, "time": self.now(), **facts}
        self._waiting.append(item)
        if len(self._waiting) == 1:
            self._later(self.hand_out)

    def hand_out(self) -> None:
        """Hand out what was told until now."""
        while self._waiting:
            item = self._waiting.popleft()
            for listener in tuple(self._listeners):
                listener(item)
