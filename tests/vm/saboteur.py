"""`edgevoice run` with a traitor inside: on SIGUSR2 one of its threads fails.

The unit starts it by a drop-in, in the place of edgevoice itself:
    saboteur.py loop|microphone|button run
It stands in for faults that nothing outside the process can make.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from edgevoice.audio.stream import Stream
from edgevoice.cli import main

armed = threading.Event()


def block_loop() -> None:
    """A signal's handler runs in the main thread, which is the loop's."""
    time.sleep(3600)


def freeze_microphone() -> None:
    """The next callback of a recording stream does not return."""
    armed.set()


def kill_button() -> None:
    """lgpio's thread ends at the next edge, as it would by an exception."""
    import lgpio  # type: ignore[import-untyped,unused-ignore]

    lgpio._notify_thread.stop()


callback = Stream._callback


def frozen(self: Stream, running: Any, data: bytes | None, *rest: Any) -> Any:
    if data and armed.is_set():
        time.sleep(3600)
    return callback(self, running, data, *rest)


FAULTS: dict[str, Callable[[], None]] = {
    "loop": block_loop,
    "microphone": freeze_microphone,
    "button": kill_button,
}


def strike(_number: int, _frame: FrameType | None) -> None:
    FAULTS[fault]()


if __name__ == "__main__":
    fault = sys.argv.pop(1)
    setattr(Stream, "_callback", frozen)  # noqa: B010 - not what its type allows
    signal.signal(signal.SIGUSR2, strike)
    sys.exit(main())
