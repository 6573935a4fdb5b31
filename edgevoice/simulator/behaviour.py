"""What a behaviour is: hooks into the life of a connection, each doing nothing.

A behaviour is written ``NAME``, ``NAME=VALUE``, ``NAME@WHEN`` or ``NAME=VALUE@WHEN``.
WHEN is a moment (see ``Moment``), a number N for the N-th such moment, or both:
``close=1011:Internal error encountered.@3``, ``drop@audio5``, ``delay=2@setup``. A
moment is counted over all connections; without N it strikes every time.
"""

import re
from enum import Enum
from typing import Any, ClassVar, Final, NoReturn, Protocol, TypeAlias

from edgevoice.errors import ConfigError
from edgevoice.simulator.turn import Answer, Prompt, Turn

Message: TypeAlias = dict[str, Any]
"""A server message before it is rendered; sound is bytes."""


class Moment(Enum):
    """The points in the life of a connection at which a behaviour may act."""

    CONNECT = "connect"
    """The handshake's request is there."""
    RESUME = "resume"
    """A legal setup with a handle is there; setupComplete was not sent yet."""
    SETUP = "setup"
    """A legal setup is there, with or without handle; after ``RESUME``."""
    READY = "ready"
    """setupComplete was sent."""
    START = "start"
    """An activity began."""
    AUDIO = "audio"
    """A message of sound came in an activity."""
    END = "end"
    """A turn was asked for (end of the activity, or text); nothing answered yet."""
    ANSWER = "answer"
    """The first message of an answer's sound was sent."""
    GENERATED = "generated"
    """generationComplete was sent."""
    INTERRUPTED = "interrupted"
    """The turn that was talked over has been closed."""
    IDLE = "idle"
    """turnComplete and the new handle were sent."""


class Line(Protocol):
    """What a behaviour may do with a connection."""

    number: int
    """Counts the attempts to connect, from 1."""
    resumed: bool
    """Whether this connection continues a session."""

    async def send(self, message: Message, turn: Turn | None = None) -> None:
        """Send a message after all behaviours have seen it."""

    def refuse(self, code: int, reason: str) -> NoReturn:
        """Close the socket; does not return.

        Raises:
            Refused: Always; it ends the connection's tasks.
        """

    def drop(self) -> None:
        """Cut the connection without a close handshake."""

    async def go_away(self, time_left: float) -> None:
        """Announce the end of the connection in so many seconds, and carry it out."""

    async def call(self, function: str) -> None:
        """Let the model call a declared function and wait for the response."""


class Behaviour:
    """Base of all behaviours, and the one that does nothing.

    Attributes:
        moment: When it strikes, unless WHEN names another moment.
    """

    moment: ClassVar[Moment] = Moment.END

    def __init__(self, value: str = "", when: str = "") -> None:
        """Take VALUE and WHEN as written.

        Raises:
            ConfigError: VALUE is of the wrong form.
        """
        self.value = value
        name, nth = _WHEN.fullmatch(when).groups()  # type: ignore[union-attr]
        self._at = Moment(name) if name else self.moment
        self._nth = int(nth) if nth else None
        self._count = 0

    def strikes(self, moment: Moment) -> bool:
        """Count the moment, if it is ours; True if it is our turn to act."""
        if moment is not self._at:
            return False
        self._count += 1
        return self._nth in (None, self._count)

    def handshake(self) -> int:
        """HTTP status to refuse the connection with; 0 lets it pass."""
        return 0

    async def at(self, moment: Moment, line: Line) -> None:
        """Act at any moment but ``CONNECT``."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        """Change or replace what the behaviours before this one would answer."""
        return answer

    def outgoing(self, message: Message, turn: Turn | None) -> list[Message]:
        """Change, drop or multiply a message that is about to be sent."""
        return [message]

    def render(self, rendered: bytes | str) -> bytes | str:
        """Change a rendered message: bytes go as a binary message, str as text."""
        return rendered

    def _seconds(self) -> float:
        try:
            seconds = float(self.value)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < float("inf"):
            raise ConfigError(
                f"behaviour value {self.value!r} must be seconds, as in 50"
            )
        return seconds


_WHEN: Final = re.compile(rf"({'|'.join(m.value for m in Moment)})?(\d+)?")


def is_when(text: str) -> bool:
    """Whether this can stand behind the @ of a behaviour."""
    return bool(text) and _WHEN.fullmatch(text) is not None
