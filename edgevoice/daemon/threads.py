"""Threads for calls that may hang: a sound card, a name server, a disk."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

PATIENCE_S: Final = 1.0
"""How long the end of the program waits for calls that still run, seconds."""

P = ParamSpec("P")
T = TypeVar("T")


class LooseThreads(ThreadPoolExecutor):
    """A thread for each call, for an event loop that must be able to end.

    The library's own pool is waited for at the end, however long that takes: a name
    server that does not answer would hold up a SIGTERM for half a minute, a stuck
    sound card for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loose: set[threading.Thread] = set()

    def submit(
        self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> "Future[T]":
        """Run ``call`` in a thread of its own."""
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001  for whoever awaits it
                    future.set_exception(error)
            self._loose.discard(thread)

        thread = threading.Thread(target=run, name="call", daemon=True)
        self._loose.add(thread)
        thread.start()
        return future

    def shutdown(self, wait: bool = True, **_: Any) -> None:
        """Wait a moment for what still runs, and leave it."""
        deadline = time.monotonic() + PATIENCE_S * wait
        for thread in tuple(self._loose):
            thread.join(max(0.0, deadline - time.monotonic()))
