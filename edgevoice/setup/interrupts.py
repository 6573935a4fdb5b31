"""What may end a setup, and when it may not."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Final

_HANGUPS: Final = (signal.SIGTERM, signal.SIGHUP)
"""SIGHUP comes when the terminal is closed, or the line to it is lost."""

_INTERRUPTS: Final = (signal.SIGINT, *_HANGUPS)


@contextlib.contextmanager
def hangups() -> Iterator[None]:
    """Take a lost terminal or a SIGTERM as Ctrl+C: a stopped daemon has to start."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _HANGUPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let nothing end the block in its middle; what comes meanwhile comes too late."""
    # Not a mask: it is the thread's, and a card's thread would take the signal.
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
