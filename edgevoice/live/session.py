"""One connection: what may be said on it now, and what the server said.

No I/O: text to send comes out of the methods, bytes received go into
``receive``. The rules it keeps (Live API reference, BidiGenerateContentSetup and
BidiGenerateContentRealtimeInput): nothing but setup before ``setupComplete``;
sound and pictures only inside an activity; every activity closed before the next;
text only outside. Breaking one closes the real server's connection with 1007.
"""

from collections.abc import Sequence
from enum import Enum, auto

from edgevoice.errors import LocalProtocolError
from edgevoice.live import decoding, incoming, outgoing, setup_message


class State(Enum):
    """Where the connection stands."""

    NEW = auto()
    SETTING_UP = auto()
    READY = auto()
    IN_ACTIVITY = auto()


class LiveSession:
    """The rules of one connection; a new one for each. Loop's thread only.

    Attributes:
        state: Where the connection stands.
        go_away: When the server said that it will end it, and when that is, in
            seconds of the clock given as ``now``; None while it has not said so.
    """

    def __init__(self, options: outgoing.SessionOptions, handle: str | None) -> None:
        self.state = State.NEW
        self.go_away: tuple[float, float] | None = None
        self._options = options
        self._handle = handle

    def setup(self) -> str:
        """The first message."""
        self._require(State.NEW, "setup")
        self.state = State.SETTING_UP
        return setup_message.setup(self._options, self._handle)

    def activity_start(self) -> str:
        """The user begins to speak."""
        self._require(State.READY, "activityStart")
        self.state = State.IN_ACTIVITY
        return outgoing.ACTIVITY_START

    def audio(self, pcm: bytes) -> str:
        """A piece of what the user says: 16 kHz mono PCM, at least one frame."""
        self._require(State.IN_ACTIVITY, "audio")
        return outgoing.audio(pcm)

    def activity_end(self) -> str:
        """The user has spoken; the server answers now."""
        self._require(State.IN_ACTIVITY, "activityEnd")
        self.state = State.READY
        return outgoing.ACTIVITY_END

    def text(self, words: str) -> str:
        """A typed turn."""
        self._require(State.READY, "text")
        return outgoing.text(words)

    def picture(self, jpeg: bytes) -> str:
        """A picture of what the user speaks of."""
        self._require(State.IN_ACTIVITY, "video")
        return outgoing.picture(jpeg)

    def picture_turn(self, jpeg: bytes, words: str) -> str:
        """A typed turn with a picture."""
        self._require(State.READY, "clientContent")
        return outgoing.picture_turn(jpeg, words)

    def history(self, said: Sequence[outgoing.Said]) -> str:
        """What was said in an earlier session, or is to be known without an answer."""
        self._require(State.READY, "clientContent")
        return outgoing.history(said)

    def tool_response(self, response: outgoing.FunctionResponse) -> str:
        """A result of a function call; legal at any time after the setup."""
        if self.state not in {State.READY, State.IN_ACTIVITY}:
            self._require(State.READY, "toolResponse")
        return outgoing.tool_response(response)

    def receive(self, data: bytes | str, now: float) -> list[incoming.ServerEvent]:
        """What a message from the server means.

        Raises:
            RemoteProtocolError: It is no message of the Live API.
        """
        events = decoding.decode(data)
        if self.state is State.SETTING_UP:  # nothing else can be meant for us yet
            events = [e for e in events if isinstance(e, incoming.SetupComplete)]
        for event in events:
            match event:
                case incoming.SetupComplete() if self.state is State.SETTING_UP:
                    self.state = State.READY
                case incoming.GoAway(time_left):
                    self.go_away = (now, now + time_left)
        return events

    def _require(self, state: State, what: str) -> None:
        if self.state is not state:
            raise LocalProtocolError(
                f"{what} while the session is {self.state.name}, not {state.name}"
            )
