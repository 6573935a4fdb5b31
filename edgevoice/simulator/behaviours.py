# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""What the simulated server does: answers and faults, by name.

A fault of the real server that is worth a test is a class of a few lines here; its
first line is its help. How one is written stands in ``behaviour``.
"""

import asyncio
import difflib
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from edgevoice.errors import ConfigError
from edgevoice.simulator.behaviour import Behaviour, Line, Message, Moment, is_when
from edgevoice.simulator.sound import echo, murmur
from edgevoice.simulator.turn import MESSAGE_BYTES, Answer, Phase, Prompt, Turn

# --- answers -------------------------------------------------------------------


class Echo(Behaviour):
    """Says back what it heard; reads out what was typed as a murmur (default)."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        if prompt.pcm:
            text = f"You spoke for {prompt.spoken:.1f} seconds."
            return Answer(pcm=echo(prompt.pcm, prompt.hz), text=text)
        text = f"You said: {prompt.text}"
        return Answer(pcm=murmur(text), text=text)


class Say(Behaviour):
    """Answers with this text as a murmur: say=TEXT."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        if not self.strikes(Moment.END):
            return answer
        return Answer(pcm=murmur(self.value), text=self.value)


class Silent(Behaviour):
    """Never answers; the turn stays open."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return Answer(ends=False) if self.strikes(Moment.END) else answer


class Stall(Behaviour):
    """Stops in the answer after its first message of sound; the turn stays open."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        if not self.strikes(Moment.END):
            return answer
        return structs.replace(answer, pcm=answer.pcm[:MESSAGE_BYTES], ends=False)


class Empty(Behaviour):
    """Completes the turn without a sound: the model chose not to answer."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return Answer() if self.strikes(Moment.END) else answer


class Poisoned(Behaviour):
    """Hears but never answers on a resumed session; a fresh one works."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return Answer(ends=False) if line.resumed else answer


class Call(Behaviour):
    """Calls a declared function and waits for its response: call=FUNCTION."""

    async def at(self, moment: Moment, line: Line) -> None:
        if self.strikes(moment):
            await line.call(self.value)


# --- the connection --------------------------------------------------------------


class Refuse(Behaviour):
    """Refuses the handshake with an HTTP status: refuse=503."""

    moment = Moment.CONNECT

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "503", when)
        if not (self.value.isdecimal() and 400 <= int(self.value) <= 599):
            raise ConfigError(f"refuse={value} must be an HTTP status, 400 to 599")

    def handshake(self) -> int:
        return int(self.value) if self.strikes(Moment.CONNECT) else 0


class Close(Behaviour):
    """Closes in mid-answer, or at WHEN: close=CODE:REASON@WHEN."""

    moment = Moment.ANSWER

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "1011:Internal error encountered.", when)
        code, _, self._reason = self.value.partition(":")
        if code not in _CLOSE_CODES:
            raise ConfigError(f"close={value} must begin with a close code, as in 1011")
        self._code = int(code)

    async def at(self, moment: Moment, line: Line) -> None:
        if self.strikes(moment):
            line.refuse(self._code, self._reason)


_CLOSE_CODES: Final = {str(code) for code in (*range(1000, 1004), *range(1007, 1015))}
"""Those that may be sent (RFC 6455, section 7.4.2)."""


class Drop(Behaviour):
    """Cuts the connection in mid-answer, or at WHEN, without a close handshake."""

    moment = Moment.ANSWER

    async def at(self, moment: Moment, line: Line) -> None:
        if self.strikes(moment):
            line.drop()


class Delay(Behaviour):
    """Waits before the answer, or at WHEN: delay=SECONDS."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "1", when)
        self._delay = self._seconds()

    async def at(self, moment: Moment, line: Line) -> None:
        if self.strikes(moment):
            await asyncio.sleep(self._delay)


class GoAway(Behaviour):
    """Says at once, or at WHEN, that the connection ends in: go_away=SECONDS."""

    moment = Moment.READY

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "50", when)
        self._time_left = self._seconds()

    async def at(self, moment: Moment, line: Line) -> None:
        if self.strikes(moment):
            await line.go_away(self._time_left)


# --- messages --------------------------------------------------------------------


class QuietInterrupt(Behaviour):
    """Says nothing at all about a turn that is talked over before its first sound."""

    def outgoing(self, message: Message, turn: Turn | None) -> list[Message]:
        content = message.get("serverContent", {})
        unheard = turn is not None and turn.phase is Phase.THINKING
        return (
            []
            if unheard and {"interrupted", "turnComplete"} & set(content)
            else [message]
        )


class NoTurnComplete(Behaviour):
    """Leaves out turnComplete after an answer that was played to its end."""

    def outgoing(self, message: Message, turn: Turn | None) -> list[Message]:
        content = message.get("serverContent", {})
        if "turnComplete" in content and turn and turn.phase is Phase.PLAYING:
            return [] if self.strikes(Moment.END) else [message]
        return [message]


class LateAudio(Behaviour):
    """Sends one more message of the old answer after it was interrupted."""

    moment = Moment.INTERRUPTED

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._last: Message | None = None

    def outgoing(self, message: Message, turn: Turn | None) -> list[Message]:
        if "modelTurn" in message.get("serverContent", {}):
            self._last = message
        return [message]

    async def at(self, moment: Moment, line: Line) -> None:
        if self.strikes(moment) and self._last:
            await line.send(self._last)


class Together(Behaviour):
    """Puts the transcript into the messages of sound, as the newest models may."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._text = ""

    def outgoing(self, message: Message, turn: Turn | None) -> list[Message]:
        content = message.get("serverContent", {})
        if "outputTranscription" in content:
            self._text += content["outputTranscription"]["text"]
            return []
        if self._text and {"modelTurn", "generationComplete", "interrupted"} & set(
            content
        ):
            said = {"outputTranscription": {"text": self._text}}
            self._text = ""
            return [{**message, "serverContent": {**content, **said}}]
        return [message]


class BareMime(Behaviour):
    """Leaves the rate out of the sound's MIME type."""

    def outgoing(self, message: Message, turn: Turn | None) -> list[Message]:
        for part in (
            message.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
        ):
            part["inlineData"]["mimeType"] = "audio/pcm"
        return [message]


class Unknown(Behaviour):
    """Adds fields and messages that no client knows yet."""

    def outgoing(self, message: Message, turn: Turn | None) -> list[Message]:
        news = {"tomorrow": {"level": 7}}
        body = {key: {**value, "novelty": [1]} for key, value in message.items()}
        return [{}, {"serverContent": {}}, news, {**body, **news}]


class TextMessages(Behaviour):
    """Sends text messages in place of binary ones."""

    def render(self, rendered: bytes | str) -> bytes | str:
        return rendered.decode() if isinstance(rendered, bytes) else rendered


class Garbage(Behaviour):
    """Sends what is not JSON in place of a message of an answer."""

    moment = Moment.ANSWER
    _armed = False

    async def at(self, moment: Moment, line: Line) -> None:
        self._armed = self._armed or self.strikes(moment)

    def render(self, rendered: bytes | str) -> bytes | str:
        if not self._armed:
            return rendered
        self._armed = False
        return b"\x00\xff this is no message"


BEHAVIOURS: Final[dict[str, type[Behaviour]]] = {
    "echo": Echo,
    "say": Say,
    "silent": Silent,
    "stall": Stall,
    "empty": Empty,
    "poisoned": Poisoned,
    "call": Call,
    "refuse": Refuse,
    "close": Close,
    "drop": Drop,
    "delay": Delay,
    "go_away": GoAway,
    "quiet_interrupt": QuietInterrupt,
    "no_turn_complete": NoTurnComplete,
    "late_audio": LateAudio,
    "together": Together,
    "bare_mime": BareMime,
    "unknown": Unknown,
    "text_messages": TextMessages,
    "garbage": Garbage,
}
"""What can stand before the = of a behaviour."""


def describe() -> list[tuple[str, str]]:
    """Name and one line of help of each behaviour."""
    return [(name, (b.__doc__ or "").split("\n")[0]) for name, b in BEHAVIOURS.items()]


def build(names: Sequence[str]) -> list[Behaviour]:
    """The behaviours that these strings ask for; an echo comes first in any case.

    Raises:
        ConfigError: A name is unknown or a value is of the wrong form.
    """
    return [Echo(), *(_build(name) for name in names if name != "echo")]


def _build(text: str) -> Behaviour:
    rest, _, when = text.rpartition("@")
    if not is_when(when):  # an @ that belongs to the value
        rest, when = text, ""
    name, _, value = rest.partition("=")
    if name not in BEHAVIOURS:
        near = difflib.get_close_matches(name, BEHAVIOURS, 1) or [", ".join(BEHAVIOURS)]
        raise ConfigError(f"unknown behaviour {name!r}; there is {near[0]}")
    return BEHAVIOURS[name](value, when)
