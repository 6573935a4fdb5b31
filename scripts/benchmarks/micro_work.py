"""The work whose instructions ``micro`` counts: each a function that does it once.

What each stands for happens several times a second, or once in each turn. Run as a
program, it does one of them so many times: ``NAME COUNT``.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from edgevoice.audio.capture import Capture
from edgevoice.audio.playout import Playout
from edgevoice.audio.resample import Resampler
from edgevoice.audio.utterance import CHUNK_BYTES, Utterance
from edgevoice.conversation import Conversation, Event, Timing
from edgevoice.live.outgoing import SessionOptions
from edgevoice.live.session import LiveSession

YARDSTICK: Final = "yardstick"

_SPOKEN: Final = bytes(range(256)) * (CHUNK_BYTES // 256) + bytes(CHUNK_BYTES % 256)
"""100 ms at 16 kHz."""

_ANSWER: Final = bytes(range(240)) * 8
"""40 ms at 24 kHz."""

_BLOCK: Final = bytes(640)
"""20 ms at 16 kHz."""

_CARD_BLOCK: Final = bytes(1920)
"""20 ms at 48 kHz."""


def _message() -> bytes:
    blob = {"mimeType": "audio/pcm;rate=24000", "data": _base64(_ANSWER)}
    turn = {"parts": [{"inlineData": blob}]}
    return json.dumps({"serverContent": {"modelTurn": turn}}).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _yardstick() -> Callable[[], object]:
    """The message of a chunk as Google's guide makes it: plain json and base64."""

    def work() -> object:
        blob = {"mimeType": "audio/pcm;rate=16000", "data": _base64(_SPOKEN)}
        return json.dumps({"realtimeInput": {"audio": blob}})

    return work


def _session() -> LiveSession:
    session = LiveSession(SessionOptions(model="m"), None)
    session.setup()
    session.receive(b'{"setupComplete": {}}', 0.0)
    return session


def _encode() -> Callable[[], object]:
    """100 ms of what is said, as a message."""
    session = _session()
    session.activity_start()
    return lambda: session.audio(_SPOKEN)


def _decode() -> Callable[[], object]:
    """A message with 40 ms of the answer, to events."""
    session, message = _session(), _message()
    return lambda: session.receive(message, 1.0)


def _capture() -> Callable[[], object]:
    """Five blocks of 20 ms from the microphone, to a chunk for the uplink."""
    capture = Capture(0.4, lambda: False, lambda: None)
    capture.record()

    def work() -> object:
        for _ in range(5):
            capture.add(_BLOCK)
        utterance = Utterance()
        utterance.add(capture.take())
        return utterance.chunk(0)

    return work


def _listen() -> Callable[[], object]:
    """A block of 20 ms while nobody speaks."""
    capture = Capture(0.4, lambda: False, lambda: None)
    return lambda: capture.add(_BLOCK)


def _playout() -> Callable[[], object]:
    """40 ms of an answer in, four blocks of 10 ms out, at a volume of 80."""
    playout = Playout()
    playout.set_volume(80)
    times = _times(0.04)
    for _ in range(10):
        playout.push(_ANSWER, next(times))

    def work() -> object:
        playout.push(_ANSWER, next(times))
        return [playout.pull(240) for _ in range(4)]

    return work


def _times(step: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += step


def _quiet() -> Callable[[], object]:
    """A block of 10 ms for a card while there is nothing to be heard."""
    playout = Playout()
    return lambda: playout.pull(240)


def _resample() -> Callable[[], object]:
    """20 ms of a card at 48 kHz, to 16 kHz."""
    resampler = Resampler(48_000, 16_000)
    return lambda: resampler.process(_CARD_BLOCK)


def _turn() -> Callable[[], object]:
    """A whole turn of the conversation, with 100 pieces of sound each way."""
    conversation = Conversation(Timing())
    conversation.handle(Event.LINK_UP, 0.0)
    times = _times(60.0)

    def work() -> object:
        now = next(times)
        conversation.handle(Event.PRESSED, now)
        conversation.handle(Event.TIMEOUT, now + 0.2)
        for piece in range(100):
            conversation.handle(Event.PROGRESS, now + 0.2 + piece / 100)
        conversation.handle(Event.RELEASED, now + 1.3)
        conversation.handle(Event.TIMEOUT, now + 1.5)
        conversation.handle(Event.SENT, now + 1.5)
        for piece in range(100):
            conversation.handle(Event.AUDIO, now + 2.0 + piece / 100)
        conversation.handle(Event.TURN_COMPLETE, now + 4.0)
        conversation.handle(Event.DRAINED, now + 5.0)
        assert conversation.settled
        return conversation

    return work


WORKS: Final[Mapping[str, Callable[[], Callable[[], object]]]] = {
    YARDSTICK: _yardstick,
    "encode": _encode,
    "decode": _decode,
    "capture": _capture,
    "listen": _listen,
    "playout": _playout,
    "quiet": _quiet,
    "resample": _resample,
    "turn": _turn,
}
"""By name, what prepares a work and returns it."""


def main() -> None:
    """Do what the command line names."""
    name, count = sys.argv[1:]
    work = WORKS[name]()
    for _ in range(WARM_UP + int(count)):
        work()


WARM_UP: Final = 20
"""Times before anything is counted: caches fill, and Python specialises its code."""

if __name__ == "__main__":
    main()
