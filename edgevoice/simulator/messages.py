# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""What is wrong or unusual with single messages, and with their order.

Those that change messages do it all the time; with WHEN, in the turns that it names.
"""

from typing import Any, ClassVar

from edgevoice.simulator.behaviour import ON_A_LINK, Behaviour, Line, Message
from edgevoice.simulator.turn import Phase, Turn
from edgevoice.simulator.when import Moment


class Changing(Behaviour):
    """Base of those that change messages: all, or those of the turns of WHEN."""

    moments: ClassVar[frozenset[Moment]] = frozenset({Moment.END})

    def outgoing(
        self, line: Line, message: Message, turn: Turn | None
    ) -> list[Message]:
        ours = not self.when.written or (turn is not None and self in turn.struck)
        return self.change(line, message, turn) if ours else [message]

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        """What to send in place of the message."""
        return [message]


def content_of(message: Message) -> dict[str, Any]:
    """What is under ``serverContent``; empty for other messages."""
    content: dict[str, Any] = message.get("serverContent", {})
    return content


class QuietInterrupt(Changing):
    """Says nothing at all about a turn that is talked over before its first sound."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        unheard = turn is not None and turn.phase is Phase.THINKING
        ends = {"interrupted", "turnComplete"} & content_of(message).keys()
        return [] if unheard and ends else [message]


class NoTurnComplete(Changing):
    """Leaves out turnComplete after an answer that was played to its end."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        played = turn is not None and turn.phase is Phase.PLAYING
        return [] if played and "turnComplete" in content_of(message) else [message]


class DoubleTurnComplete(Changing):
    """Says turnComplete twice."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        again = {"serverContent": {"turnComplete": True}}
        return [message, again] if "turnComplete" in content_of(message) else [message]


class EmptyUpdate(Changing):
    """Gives no handle after a turn, but an empty sessionResumptionUpdate."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        update = "sessionResumptionUpdate"
        return [{update: {}}] if update in message else [message]


class LateTranscript(Changing):
    """Sends the transcript of the input only after turnComplete."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._held: dict[int, Message] = {}

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        if "inputTranscription" in content_of(message):
            self._held[line.number] = message
            return []
        if "turnComplete" in content_of(message) and line.number in self._held:
            return [message, self._held.pop(line.number)]
        return [message]


class LateAudio(Behaviour):
    """Sends one more message of the old answer after it was interrupted."""

    moment = Moment.INTERRUPTED
    # not at every message: what it sends is one, too
    moments: ClassVar[frozenset[Moment]] = ON_A_LINK - {Moment.MESSAGE}

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._last: dict[int, Message] = {}

    def outgoing(
        self, line: Line, message: Message, turn: Turn | None
    ) -> list[Message]:
        if "modelTurn" in content_of(message):
            self._last[line.number] = message
        return [message]

    async def act(self, line: Line) -> None:
        if line.number in self._last:
            await line.send(self._last[line.number])


class Together(Changing):
    """Puts the transcript into the messages of sound, as the newest models may."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._text = ""

    async def act(self, line: Line) -> None:
        self._text = ""  # of a turn that was cut off

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        content = content_of(message)
        if "outputTranscription" in content:
            self._text += content["outputTranscription"]["text"]
            return []
        carriers = {"modelTurn", "generationComplete", "interrupted"}
        if self._text and carriers & content.keys():
            said = {"outputTranscription": {"text": self._text}}
            self._text = ""
            return [{**message, "serverContent": {**content, **said}}]
        return [message]


class BareMime(Changing):
    """Leaves the rate out of the sound's MIME type."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        for part in content_of(message).get("modelTurn", {}).get("parts", []):
            if "inlineData" in part:  # neither a thought nor code
                part["inlineData"]["mimeType"] = "audio/pcm"
        return [message]


class Unknown(Changing):
    """Adds fields and messages that no client knows yet."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        news = {"tomorrow": {"level": 7}}
        body = {key: {**value, "novelty": [1]} for key, value in message.items()}
        return [{}, {"serverContent": {}}, news, {**body, **news}]


class TextMessages(Behaviour):
    """Sends text messages in place of binary ones, at once or from WHEN on."""

    moment = Moment.SETUP

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._links: set[int] = set()

    async def act(self, line: Line) -> None:
        self._links.add(line.number)

    def render(self, line: Line, rendered: bytes | str) -> bytes | str:
        if line.number in self._links and isinstance(rendered, bytes):
            return rendered.decode()
        return rendered


class Big(Behaviour):
    """Pads a message of an answer with an unknown field: big=BYTES (2 MiB)."""

    moment = Moment.ANSWER

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or str(2 * 1024 * 1024), when)
        self._size = int(self._number("bytes"))
        self._armed: set[int] = set()

    async def act(self, line: Line) -> None:
        self._armed.add(line.number)

    def outgoing(
        self, line: Line, message: Message, turn: Turn | None
    ) -> list[Message]:
        if line.number not in self._armed:
            return [message]
        self._armed.remove(line.number)
        padding = bytes(-(-self._size * 3 // 4))  # base64 makes four of three
        return [{**message, "padding": padding}]


class Garbage(Behaviour):
    """Sends what is not JSON in place of a message of an answer."""

    moment = Moment.ANSWER

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._armed: set[int] = set()

    async def act(self, line: Line) -> None:
        self._armed.add(line.number)

    def render(self, line: Line, rendered: bytes | str) -> bytes | str:
        if line.number not in self._armed:
            return rendered
        self._armed.remove(line.number)
        return b"\x00\xff this is no message"
