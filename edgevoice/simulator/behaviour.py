"""What a behaviour is: hooks into the life of a connection, each doing nothing.

A behaviour is written ``NAME``, ``NAME=VALUE``, ``NAME@WHEN`` or ``NAME=VALUE@WHEN``;
what WHEN can be stands in ``when``. Several are asked in the order in which they are
given.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Final, NoReturn, Protocol, TypeAlias

from edgevoice.errors import ConfigError
from edgevoice.simulator.calls import Request
from edgevoice.simulator.socket import Socket
from edgevoice.simulator.turn import Answer, Prompt, Turn
from edgevoice.simulator.when import Moment, When
from edgevoice.simulator.wire import JsonObject

Message: TypeAlias = dict[str, Any]
"""A server message before it is rendered; bytes are rendered as base64."""

ON_A_LINK: Final = frozenset(Moment) - {Moment.CONNECT}
"""The moments at which there is a connection."""


class Line(Protocol):
    """What a behaviour may do with a connection."""

    number: int
    """Counts the attempts to connect, from 1."""
    resumed: bool
    """Whether this connection continues a session."""
    socket: Socket
    """The connection's socket, for what goes wrong below the messages."""

    async def send(self, message: Message, turn: Turn | None = None) -> None:
        """Send a message after all behaviours have seen it."""

    def refuse(self, code: int, reason: str) -> NoReturn:
        """Close the socket; does not return.

        Raises:
            Refused: Always; it ends the connection's tasks.
        """

    def drop(self) -> None:
        """Cut the connection without a close handshake."""

    def end_in(self, seconds: float) -> None:
        """Close the socket in so many seconds, as at the end of its life."""

    async def go_away(self, time_left: float) -> None:
        """Announce the end of the connection in so many seconds, and carry it out."""

    @property
    def blocked(self) -> bool:
        """Whether the model waits for the response to a call."""

    async def call(self, requests: Sequence[Request], *, declared: bool = True) -> None:
        """Let the model call functions, and wait for the responses that block it.

        Args:
            requests: What to call, in one message.
            declared: Leave out those that were not declared.
        """


class Behaviour:
    """Base of all behaviours, and the one that does nothing.

    Attributes:
        moment: When it acts, unless WHEN names another moment.
        moments: Those that WHEN may name.
    """

    moment: ClassVar[Moment] = Moment.END
    moments: ClassVar[frozenset[Moment]] = ON_A_LINK

    def __init__(self, value: str = "", when: str = "") -> None:
        """Take VALUE and WHEN as written.

        Raises:
            ConfigError: VALUE is of the wrong form.
        """
        self.value = value
        self.when = When(when, self.moment)

    def handshake(self) -> int:
        """HTTP status to refuse the connection with, at ``CONNECT``; 0 lets it pass."""
        return 0

    def terms(self) -> JsonObject | None:
        """Terms for a token that was not issued here: see ``tokens.within``.

        None refuses it. Without terms, which is the rule, it is taken and not checked.
        """
        return {}

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        """At ``END``: change or replace what those before this one would answer."""
        return answer

    async def act(self, line: Line) -> None:
        """Do what it does at its moment, any but ``CONNECT``."""

    def incoming(self, line: Line, key: str, body: JsonObject) -> None:
        """Look at a legal client message before it is acted on; may refuse it.

        Args:
            line: Where it came.
            key: The message's top-level key.
            body: What is under it.
        """

    def outgoing(
        self, line: Line, message: Message, turn: Turn | None
    ) -> list[Message]:
        """Change, drop or multiply a message that is about to be sent, at any time."""
        return [message]

    def render(self, line: Line, rendered: bytes | str) -> bytes | str:
        """Change a rendered message: bytes go as a binary message, str as text."""
        return rendered

    def _number(self, unit: str = "seconds") -> float:
        """VALUE as a number from 0 of this unit."""
        try:
            number = float(self.value)
        except ValueError:
            number = -1.0
        if not (number >= 0 and math.isfinite(number)):
            raise ConfigError(
                f"behaviour value {self.value!r} must be a number of {unit}, as in 50"
            )
        return number
