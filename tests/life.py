"""The life of a whole appliance in virtual time: hours of presses and faults.

Real code and real sockets on both ends; the clock jumps (virtual_time), and ears and
mouth belong to the loop. What is said carries a label, and so does the answer to it,
so that whatever was said can be followed to the loudspeaker.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from edgevoice.audio import devices
from edgevoice.audio.devices import OnBlock, Pull
from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ, frames
from edgevoice.audio.samples import to_samples
from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.service import serve
from edgevoice.simulator import Simulator
from edgevoice.simulator.behaviour import Behaviour, Line, Message
from edgevoice.simulator.behaviours import BEHAVIOURS, build
from edgevoice.simulator.journal import (
    CallCancelled,
    Called,
    Connected,
    Disconnected,
    Entry,
    Journal,
    Received,
    Refusal,
    Responded,
)
from edgevoice.simulator.turn import Answer, Prompt, Turn
from edgevoice.simulator.when import When
from tests.evening import Guest, Paper, settings_for

T = TypeVar("T")

BLOCK_S = 0.04
STEP = 30
"""Utterance n is the constant value n * STEP, and so is its answer."""

RUN = 24
"""Frames of one value that are more than a step of a fade."""


class Ear:
    """A microphone that hears one number; 0 is silence."""

    rate = UPLINK_HZ
    overflows = 0
    last_callback = 0.0

    def __init__(self, name: str, on_block: OnBlock) -> None:
        self.name = name
        self.saying = 0
        self._on_block = on_block
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(BLOCK_S, self._hear)

    def _hear(self) -> None:
        self._timer = self._loop.call_later(BLOCK_S, self._hear)
        block = np.full(frames(BLOCK_S, UPLINK_HZ), self.saying * STEP, np.int16)
        self._on_block(block.tobytes())

    def alive(self, now: float) -> bool:
        return True

    def wake(self) -> None:
        pass

    def close(self) -> None:
        self._timer.cancel()

    def rewind(self) -> None:
        pass

    def flush(self) -> None:
        pass

    def hurry(self) -> None:
        pass


class Mouth:
    """A loudspeaker that notes which answers are heard, each as one run."""

    rate = DOWNLINK_HZ
    underflows = 0
    last_callback = 0.0

    def __init__(self, name: str, pull: Pull) -> None:
        self.name = name
        self.runs: list[int] = []
        """May be another one's, whose place it takes."""
        self.played = 0.0
        """Seconds of all answers."""
        self._pull = pull
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(BLOCK_S, self._play)

    def _play(self) -> None:
        self._timer = self._loop.call_later(BLOCK_S, self._play)
        pcm = self._pull(frames(BLOCK_S, DOWNLINK_HZ))
        for label in labels(to_samples(pcm)):
            self.played += BLOCK_S
            if self.runs[-1:] != [label]:
                self.runs.append(label)

    def alive(self, now: float) -> bool:
        return True

    def wake(self) -> None:
        pass

    def close(self) -> None:
        self._timer.cancel()


def labels(sound: "np.typing.NDArray[np.int16]") -> list[int]:
    """The labels in it, in order; fades and silence left out."""
    runs = np.split(sound, np.flatnonzero(np.diff(sound)) + 1)
    return [int(run[0]) // STEP for run in runs if len(run) > RUN and run[0] > 0]


class Answers(Behaviour):
    """Answers each utterance with its own label."""

    length = 0.6

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self.heard: dict[int, int] = {}
        """The most frames of each utterance that came in one activity."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        pcm = np.frombuffer(prompt.pcm, np.int16)
        for value in np.unique(pcm[pcm > 0]):
            count, label = int(np.count_nonzero(pcm == value)), int(value) // STEP
            self.heard[label] = max(count, self.heard.get(label, 0))
        said = labels(pcm)
        value = said[-1] * STEP if said else 0
        sound = np.full(round(self.length * DOWNLINK_HZ), value, np.int16)
        return Answer(pcm=sound.tobytes(), text=f"answer {said}")


class Armed(Behaviour):
    """Does what another behaviour does, until that has struck once."""

    fault: Behaviour

    @property
    def when(self) -> When:
        return self.fault.when

    @when.setter
    def when(self, when: When) -> None:
        self.fault = Behaviour()

    def handshake(self) -> int:
        return self.fault.handshake()

    async def act(self, line: Line) -> None:
        await self.fault.act(line)

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return self.fault.answer(line, prompt, answer)

    def outgoing(
        self, line: Line, message: Message, turn: Turn | None
    ) -> list[Message]:
        return self.fault.outgoing(line, message, turn)

    def render(self, line: Line, rendered: bytes | str) -> bytes | str:
        return self.fault.render(line, rendered)


class Life:
    """An appliance, its server, and what came of everything that was said."""

    def __init__(
        self, guest: Guest, simulator: Simulator, watch: "Watch", house: "House"
    ) -> None:
        assert guest.appliance is not None
        self.appliance: Appliance = guest.appliance
        self.simulator = simulator
        self.guest = guest
        self.paper = house.paper
        self.mouth = house.mouths[0]
        """The first one; what later ones play is noted in it, too."""
        self.watch = watch
        self.answers = _only(simulator, Answers)
        self._armed = _only(simulator, Armed)
        self._ears = house.ears
        self._said: list[tuple[int, float]] = []
        """Turn and length of each utterance, by its label from 1."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = asyncio.Lock()
        """Held while there is none."""

    @property
    def ear(self) -> Ear:
        """The microphone that is open now."""
        return self._ears[-1]

    def reload(self, what: str) -> None:
        """Write other settings of some kind and have them read."""
        number = len(self.paper.written)
        kinds: dict[str, dict[str, Any]] = {
            "voice": {"live": {"voice": f"voice {number}"}},
            "words": {"live": {"instructions": f"Be brief. {number}"}},
            "ear": {"microphone": {"device": f"ear {number}"}},
            "mouth": {"speaker": {"device": f"mouth {number}"}},
            "button": {"button": {"max_hold_s": 60 + number % 60}},
        }
        self.paper.write(**kinds[what])
        assert self.appliance.reload is not None
        self.appliance.reload()

    async def say(self, seconds: float) -> int:
        """Hold the button and speak; returns the label of what was said."""
        label = len(self._said) + 1
        self.appliance.press("test")
        self.ear.saying = label
        await asyncio.sleep(seconds)
        self.appliance.release("test")
        self.ear.saying = 0
        turn = self.appliance.turns.current
        tap = self.appliance.settings.button.tap_ms / 1000
        spoken = turn is not None and seconds > tap
        self._said.append((turn.number if turn and spoken else 0, seconds))
        return label

    def labels_of_turns(self) -> dict[int, list[int]]:
        """What was said in each turn: one utterance, or several before it was sent."""
        turns: dict[int, list[int]] = {}
        for label, (number, _) in enumerate(self._said, 1):
            if number:
                turns.setdefault(number, []).append(label)
        return turns

    def whole(self, label: int) -> bool:
        """Whether the server has once heard all of it."""
        _, length = self._said[label - 1]
        return self.answers.heard.get(label, 0) / UPLINK_HZ > length - 2 * BLOCK_S

    def schedule(self, fault: str, when: float) -> None:
        """Let a fault happen; behaviours strike once, the next time they can."""
        if fault:
            task = asyncio.create_task(self._strike(fault, when))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _strike(self, fault: str, when: float) -> None:
        await asyncio.sleep(when)
        match fault.split():
            case ["drop"]:
                await self.simulator.drop()
            case ["away"]:
                async with self._server:
                    await self.simulator.stop()
                    await asyncio.sleep(8)
                    await self.simulator.start()
            case ["go_away", seconds]:
                await self.simulator.go_away(float(seconds))
            case ["reload", what]:
                self.reload(what)
            case ["new"]:
                self.appliance.begin_anew()
            case _:
                once = fault if fault[-1].isdigit() else f"{fault}1"
                self._armed.fault = build([once if "@" in fault else f"{fault}@1"])[-1]

    def always(self, fault: str) -> None:
        """From now on a behaviour strikes whenever it can."""
        self._armed.fault = build([fault])[-1]

    def received(self, kind: str) -> list[Any]:
        """The newest messages of a kind that the simulator got."""
        entries = (e for e in self.watch.entries if isinstance(e, Received))
        return [e.message[kind] for e in entries if kind in e.message]

    async def until(self, true: Callable[[], object], timeout: float = 600.0) -> None:
        """Wait for a state, so many seconds of virtual time at most."""
        await self.guest.until(true, timeout)

    async def heal(self) -> None:
        """No fault any more."""
        await asyncio.gather(*self._tasks)
        self._armed.fault = Behaviour()

    def turns(self) -> list[dict[str, Any]]:
        """What was told of each turn that is over."""
        return [
            item
            for item in self.guest.news
            if item["event"] == "turn" and item["outcome"] != "begun"
        ]

    async def is_settled(self, timeout: float = 600.0) -> None:
        """Until the link is up and nobody waits for anything."""
        await self.guest.until(
            lambda: (
                self.appliance.phase == "idle"
                and self.appliance.link.status == "up"
                and self.appliance.connected
            ),
            timeout,
        )


def _only(simulator: Simulator, kind: type[T]) -> T:
    """The simulator's one behaviour of a kind."""
    (found,) = (b for b in simulator.behaviours if isinstance(b, kind))
    return found


class Watch(Journal):
    """A journal that knows the time, and whether two sockets were ever open."""

    def __init__(self) -> None:
        super().__init__(keep=2000)
        self.attempts: list[float] = []
        self.refusals: list[Refusal] = []
        self.gaps: list[float] = []
        self.calls: list[Called | Responded | CallCancelled] = []
        """All that concerns function calls, however long ago."""
        self.loop: asyncio.AbstractEventLoop | None = None
        """The simulator's; None before anything happened."""
        self.most_open = 0
        self.connections: Callable[[], int] = lambda: 0
        """How many sockets are open now."""
        self._open: set[int] = set()
        self._ended = 0.0

    def add(self, entry: Entry) -> None:
        self.loop = asyncio.get_running_loop()
        now = self.loop.time()
        match entry:
            case Called() | Responded() | CallCancelled():
                self.calls.append(entry)
            case Connected():
                self.attempts.append(now)
                self._open.add(entry.connection)
                self.most_open = max(self.most_open, self.connections())
            case Refusal():
                self.refusals.append(entry)
                if entry.connection not in self._open:
                    self.attempts.append(now)
            case Disconnected():
                self._open.discard(entry.connection)
        super().add(entry)

    def most_attempts_in_a_minute(self) -> int:
        return max(
            (
                sum(begin <= at < begin + 60 for at in self.attempts)
                for begin in self.attempts
            ),
            default=0,
        )


class House:
    """The settings of an appliance, and all ears and mouths that it ever opened."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.ears: list[Ear] = []
        self.mouths: list[Mouth] = []

    def open_ear(self, name: str, on_block: OnBlock) -> Ear:
        ear = Ear(name, on_block)
        if self.ears:
            ear.saying = self.ears[-1].saying
        self.ears.append(ear)
        return ear

    def open_mouth(self, name: str, pull: Pull) -> Mouth:
        mouth = Mouth(name, pull)
        if self.mouths:
            mouth.runs = self.mouths[-1].runs
        self.mouths.append(mouth)
        return mouth


@contextlib.asynccontextmanager
async def life(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    behaviours: Sequence[str] = (),
    **changes: Any,
) -> AsyncIterator[Life]:
    """Run an appliance in virtual time until the block ends."""
    monkeypatch.setitem(BEHAVIOURS, "labels", Answers)
    here = {"microphone": {"device": "ear"}, "speaker": {"device": "mouth"}}
    for name, change in changes.items():
        here[name] = {**here.get(name, {}), **change}
    monkeypatch.setitem(BEHAVIOURS, "armed", Armed)
    watch = Watch()
    async with Simulator(
        behaviours=["labels", *behaviours, "armed"], journal=watch
    ) as simulator:
        watch.connections = lambda: simulator.connections
        guest = Guest()
        settings = settings_for(folder, simulator.url, **here)
        house = House(Paper(settings))
        monkeypatch.setitem(devices.MICROPHONES, "", house.open_ear)
        monkeypatch.setitem(devices.SPEAKERS, "", house.open_mouth)
        running = asyncio.create_task(
            serve(
                settings,
                "a-key",
                face=guest,
                state=folder / "state",
                read=house.paper.read,
            )
        )
        try:
            await guest.until(lambda: house.ears and house.mouths)
            living = Life(guest, simulator, watch, house)
            await living.is_settled()
            yield living
        finally:
            if guest.appliance is not None and not running.done():
                guest.appliance.stop()
            await asyncio.wait_for(running, 30.0)
