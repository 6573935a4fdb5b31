# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""What goes wrong with a connection: refused, closed, cut, late, half-open."""

from typing import ClassVar, Final

from edgevoice.errors import ConfigError
from edgevoice.simulator.behaviour import ON_A_LINK, Behaviour, Line, Message
from edgevoice.simulator.reasons import REASONS
from edgevoice.simulator.turn import Turn
from edgevoice.simulator.when import Moment


class Refuse(Behaviour):
    """Refuses the handshake with an HTTP status: refuse=503."""

    moment = Moment.CONNECT
    moments: ClassVar[frozenset[Moment]] = frozenset({Moment.CONNECT})

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "503", when)
        if not (self.value.isdecimal() and 400 <= int(self.value) <= 599):
            raise ConfigError(f"refuse={value} must be an HTTP status, 400 to 599")

    def handshake(self) -> int:
        return int(self.value)


class Close(Behaviour):
    """Closes in mid-answer, or at WHEN: close=REASON or close=CODE:TEXT."""

    moment = Moment.ANSWER
    usual: ClassVar[str] = "internal"
    """The reason if VALUE names none."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or self.usual, when)
        code, _, text = self.value.partition(":")
        if self.value in REASONS:
            self._code, self._text = REASONS[self.value]
        elif code in _CLOSE_CODES:
            self._code, self._text = int(code), text
        else:
            raise ConfigError(
                f"{value!r} must begin with a close code, as in 1011:Gone, or be one "
                f"of {', '.join(REASONS)}"
            )

    async def act(self, line: Line) -> None:
        line.refuse(self._code, self._text)


_CLOSE_CODES: Final = {str(code) for code in (*range(1000, 1004), *range(1007, 1015))}
"""Those that may be sent (RFC 6455, section 7.4.2)."""


class DeadHandle(Close):
    """Refuses every resumption; fresh sessions work: dead_handle=REASON."""

    moment = Moment.RESUME
    usual = "session_not_found"


class ResumeThenDie(Close):
    """Closes a resumed session at its next turn: resume_then_die=REASON."""

    moment = Moment.END

    async def act(self, line: Line) -> None:
        if line.resumed:
            await super().act(line)


class Drop(Behaviour):
    """Cuts the connection in mid-answer, or at WHEN, without a close handshake."""

    moment = Moment.ANSWER

    async def act(self, line: Line) -> None:
        line.drop()


class Delay(Behaviour):
    """Waits before the answer, or at WHEN: delay=SECONDS (1)."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "1", when)
        self._delay = self._number()

    async def act(self, line: Line) -> None:
        await line.socket.pause(self._delay)


class GoAway(Behaviour):
    """Says at once, or at WHEN, that the connection ends in: go_away=SECONDS (50)."""

    moment = Moment.READY
    # not at every message: what it says is one, too
    moments: ClassVar[frozenset[Moment]] = ON_A_LINK - {Moment.MESSAGE}

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "50", when)
        self._time_left = self._number()

    async def act(self, line: Line) -> None:
        await line.go_away(self._time_left)


class Lifetime(Behaviour):
    """Ends each connection so long after READY, or WHEN: lifetime=SECONDS (3480)."""

    moment = Moment.READY

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "3480", when)  # 58 minutes, as measured
        self._lifetime = self._number()

    async def act(self, line: Line) -> None:
        line.end_in(self._lifetime)


class Mute(Behaviour):
    """Says no more from mid-answer, or WHEN, on, but goAway; the socket stays open."""

    moment = Moment.ANSWER

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._muted: set[int] = set()

    async def act(self, line: Line) -> None:
        self._muted.add(line.number)

    def outgoing(
        self, line: Line, message: Message, turn: Turn | None
    ) -> list[Message]:
        silenced = line.number in self._muted and "goAway" not in message
        return [] if silenced else [message]


class Deaf(Behaviour):
    """Neither reads nor sends from mid-answer, or WHEN, on: a half-open link."""

    moment = Moment.ANSWER

    async def act(self, line: Line) -> None:
        line.socket.deafen()

    def outgoing(
        self, line: Line, message: Message, turn: Turn | None
    ) -> list[Message]:
        return [] if line.socket.is_deaf else [message]


class LatePong(Behaviour):
    """Answers pings so late: late_pong=SECONDS (25)."""

    moment = Moment.READY

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "25", when)
        self._late = self._number()

    async def act(self, line: Line) -> None:
        line.socket.delay_pongs(self._late)
