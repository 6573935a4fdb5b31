"""The life of a whole appliance in virtual time: hours of presses and faults.

Real code and real sockets on both ends; the clock jumps (virtual_time), and ears and
mouth belong to the loop. What is said carries a label, and so does the answer to it,
so that whatever was said can be followed to the loudspeaker.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevoice.audio import devices
from edgevoice.audio.devices import OnBlock, Pull
from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ, frames
from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.service import serve
from edgevoice.simulator import Simulator
from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.behaviours import BEHAVIOURS
from edgevoice.simulator.journal import Connected, Disconnected, Entry, Journal, Refusal
from edgevoice.simulator.turn import Answer, Prompt
from tests.evening import Guest, settings_for

BLOCK_S = 0.04
STEP = 30
"""Utterance n is the constant value n * STEP, and so is its answer."""


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

    def close(self) -> None:
        self._timer.cancel()

    def rewind(self) -> None:
        pass


class Mouth:
    """A loudspeaker that notes which answers are heard, each as one run."""

    rate = DOWNLINK_HZ
    underflows = 0
    last_callback = 0.0

    def __init__(self, name: str, pull: Pull) -> None:
        self.name = name
        self.runs: list[int] = []
        self._pull = pull
        self._out = np.zeros(frames(BLOCK_S, DOWNLINK_HZ), np.int16)
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(BLOCK_S, self._play)

    def _play(self) -> None:
        self._timer = self._loop.call_later(BLOCK_S, self._play)
        self._pull(self._out)
        for label in labels(self._out):
            if self.runs[-1:] != [label]:
                self.runs.append(label)

    def alive(self, now: float) -> bool:
        return True

    def close(self) -> None:
        self._timer.cancel()


def labels(sound: "np.typing.NDArray[np.int16]") -> list[int]:
    """The labels in it, in order; fades and silence left out."""
    steady = sound[1:][(np.diff(sound) == 0) & (sound[1:] > 0) & (sound[1:] % STEP == 0)]
    return [int(value) // STEP for value, _ in itertools.groupby(steady)]


class Answers(Behaviour):
    """Answers each utterance with its own label."""

    length = 0.6

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        said = labels(np.frombuffer(prompt.pcm, np.int16))
        value = said[-1] * STEP if said else 0
        pcm = np.full(round(self.length * DOWNLINK_HZ), value, np.int16).tobytes()
        return Answer(pcm=pcm, text=f"answer {said}")


class Life:
    """An appliance, its server, and what came of everything that was said."""

    def __init__(self, guest: Guest, simulator: Simulator, ear: Ear, mouth: Mouth):
        assert guest.appliance is not None
        self.appliance: Appliance = guest.appliance
        self.simulator = simulator
        self.guest = guest
        self.ear, self.mouth = ear, mouth
        self.said = 0

    async def say(self, seconds: float) -> int:
        """Hold the button and speak; returns the label of what was said."""
        self.said += 1
        self.appliance.press("test")
        self.ear.saying = self.said
        await asyncio.sleep(seconds)
        self.appliance.release("test")
        self.ear.saying = 0
        return self.said

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
                self.appliance.phase == "idle" and self.appliance.link.status == "up"
            ),
            timeout,
        )


class Watch(Journal):
    """A journal that knows the time, and whether two sockets were ever open."""

    def __init__(self) -> None:
        super().__init__(keep=2000)
        self.attempts: list[float] = []
        self.refusals: list[Refusal] = []
        self.gaps: list[float] = []
        self.most_open = 0
        self._open: set[int] = set()
        self._ended = 0.0

    def add(self, entry: Entry) -> None:
        now = asyncio.get_running_loop().time()
        match entry:
            case Connected():
                self.attempts.append(now)
                self._open.add(entry.connection)
                self.most_open = max(self.most_open, len(self._open))
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


@contextlib.asynccontextmanager
async def life(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    behaviours: Sequence[str] = (),
    **changes: Any,
) -> AsyncIterator[Life]:
    """Run an appliance in virtual time until the block ends."""
    ears: list[Ear] = []
    mouths: list[Mouth] = []

    def open_ear(name: str, on_block: OnBlock) -> Ear:
        ears.append(Ear(name, on_block))
        return ears[-1]

    def open_mouth(name: str, pull: Pull) -> Mouth:
        mouths.append(Mouth(name, pull))
        return mouths[-1]

    monkeypatch.setitem(devices.MICROPHONES, "", open_ear)
    monkeypatch.setitem(devices.SPEAKERS, "", open_mouth)
    monkeypatch.setitem(BEHAVIOURS, "labels", Answers)
    here = {"microphone": {"device": "ear"}, "speaker": {"device": "mouth"}}
    for name, change in changes.items():
        here[name] = {**here.get(name, {}), **change}
    async with Simulator(
        behaviours=["labels", *behaviours], journal=Watch()
    ) as simulator:
        guest = Guest()
        settings = settings_for(folder, simulator.url, **here)
        running = asyncio.create_task(
            serve(settings, "a-key", face=guest, state=folder / "state")
        )
        try:
            await guest.until(lambda: ears and mouths)
            living = Life(guest, simulator, ears[0], mouths[0])
            await living.is_settled()
            yield living
        finally:
            if guest.appliance is not None and not running.done():
                guest.appliance.stop()
            await asyncio.wait_for(running, 30.0)
