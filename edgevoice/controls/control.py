"""What a talk control and an indicator are.

A *talk control* is a button or key: it reports press and release, each through a
plain function that may be called from any thread and must return at once. An
*indicator* is a lamp or a status line: it shows one of a few signals.
"""

from collections.abc import Callable
from enum import Enum
from typing import Protocol


class Signal(Enum):
    """What the lamp says, one distinct pattern each."""

    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    OFFLINE = "offline"
    ERROR = "error"
    BUDGET = "budget"
    ASKING = "asking"


class TalkControl(Protocol):
    """A button or key that is open from construction to ``close``."""

    name: str
    """For logs and `status`, for example ``gpio:17``."""

    def alive(self) -> bool:
        """Whether the thread that reports press and release still runs."""

    def close(self) -> None:
        """Let go of the hardware; may be called twice; no event comes after it."""


class Indicator(Protocol):
    """A lamp, or something that stands for one."""

    def show(self, signal: Signal) -> None:
        """Show this signal until the next one; must not block."""

    def close(self) -> None:
        """Switch off and let go of the hardware; may be called twice."""


OnEdge = Callable[[], None]
"""Called in the control's own thread at a press or a release."""
