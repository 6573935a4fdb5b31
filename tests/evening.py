"""A whole appliance with WAV devices, against the simulator, for tests.

Everything is real but the far end: sockets, threads, files. The test looks at the
appliance's state and at the simulator's journal, and waits for either.
"""

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ
from edgevoice.audio.samples import Samples, to_samples
from edgevoice.audio.wavefile import read
from edgevoice.config import Configuration
from edgevoice.controls.control import Indicator, Signal
from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.service import serve
from edgevoice.errors import ConfigError
from edgevoice.simulator import Received, Simulator
from edgevoice.simulator.journal import Called, Responded

MS = 0.001
TIMEOUT = 10.0
"""Longest wait for a state, seconds."""


class Guest:
    """Sees everything that the appliance tells, and may act on it."""

    def __init__(self) -> None:
        self.appliance: Appliance | None = None
        self.news: list[dict[str, Any]] = []
        self.signals: list[Signal] = []
        self._changed = asyncio.Event()

    @contextlib.contextmanager
    def attach(self, appliance: Appliance) -> Iterator[Indicator]:
        self.appliance = appliance
        stop = appliance.news.listen(self._hear)
        appliance.panel.add(self)
        self._changed.set()
        try:
            yield self
        finally:
            stop()

    def _hear(self, item: dict[str, Any]) -> None:
        self.news.append(item)
        self._changed.set()

    def look(self) -> None:
        """Something else has changed: ask again."""
        self._changed.set()

    def show(self, signal: Signal) -> None:
        self.signals.append(signal)

    def close(self) -> None:
        pass

    async def until(self, true: Callable[[], object], timeout: float = TIMEOUT) -> None:
        """Wait until something holds; asked again at everything that is told."""
        try:
            async with asyncio.timeout(timeout):
                while not true():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            tail = "\n  ".join(str(item) for item in self.news[-12:])
            raise TimeoutError(f"it did not become true; latest:\n  {tail}") from None


class Paper:
    """The settings file of an appliance, and the key beside it."""

    def __init__(self, settings: Configuration) -> None:
        self.written = [settings]
        self.credential = "a-key"
        self.mistakes: tuple[str, ...] = ()

    @property
    def settings(self) -> Configuration:
        """What stands there now."""
        return self.written[-1]

    def read(self) -> tuple[Configuration, str]:
        if self.mistakes:
            raise ConfigError(*self.mistakes)
        return self.settings, self.credential

    def write(self, **changes: Any) -> None:
        """Change keys of some tables, as nested dictionaries; lists take the place."""
        table = msgspec.to_builtins(self.settings)
        _change(table, changes)
        self.written.append(msgspec.convert(table, Configuration))


def _change(table: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, change in changes.items():
        if isinstance(change, dict):
            table.setdefault(name, {}).update(change)
        else:
            table[name] = change


class Evening:
    """An appliance that runs, and the simulator that it talks to."""

    def __init__(
        self, simulator: Simulator, guest: Guest, answer: Path, paper: Paper
    ) -> None:
        assert guest.appliance is not None
        self.simulator = simulator
        self.guest = guest
        self.appliance = guest.appliance
        self.answer = answer
        self.paper = paper

    def reload(self, **changes: Any) -> dict[str, Any]:
        """Write other settings and have them read, as ``edgevoice reload`` does."""
        self.paper.write(**changes)
        assert self.appliance.reload is not None
        return self.appliance.reload()

    async def until(self, true: Callable[[], object], timeout: float = TIMEOUT) -> None:
        await self.guest.until(true, timeout)

    async def is_idle(self, timeout: float = TIMEOUT) -> None:
        """Wait until the link is up and nothing goes on."""
        appliance = self.appliance
        await self.until(
            lambda: appliance.phase == "idle" and appliance.link.status == "up", timeout
        )

    async def speak(self, seconds: float) -> None:
        """Hold the button for so long. The length of a press is what is tested."""
        self.appliance.press("test")
        await asyncio.sleep(seconds)
        self.appliance.release("test")

    async def ask(self, seconds: float = 0.5) -> dict[str, Any]:
        """A whole turn; returns what was told of its end."""
        before = len(self.outcomes())
        await self.speak(seconds)
        await self.until(lambda: len(self.outcomes()) > before)
        return self.outcomes()[-1]

    def outcomes(self) -> list[dict[str, Any]]:
        """How turns ended until now."""
        self.appliance.news.hand_out()
        return [
            item
            for item in self.guest.news
            if item["event"] == "turn" and item["outcome"] != "begun"
        ]

    def heard(self) -> Samples:
        """What the loudspeaker has played so far, silences shortened."""
        return to_samples(read(str(self.answer))[0])

    def received(self, kind: str) -> list[Any]:
        """Every ``realtimeInput`` of a kind that the simulator got."""
        return [
            entry.message["realtimeInput"][kind]
            for entry in self.simulator.journal
            if isinstance(entry, Received)
            and kind in entry.message.get("realtimeInput", {})
        ]

    def called(self) -> list[Called]:
        """What the model has called."""
        return [one for one in self.simulator.journal if isinstance(one, Called)]

    def responses(self) -> list[Responded]:
        """What the simulator was answered, also after it had cancelled the call."""
        return [one for one in self.simulator.journal if isinstance(one, Responded)]

    def captions(self, who: str = "model") -> str:
        """What this side has said, as it was told."""
        self.appliance.news.hand_out()
        return "".join(
            item["text"]
            for item in self.guest.news
            if item["event"] == "transcript" and item["who"] == who
        )

    def refusals(self) -> list[Any]:
        return [
            entry
            for entry in self.simulator.journal
            if type(entry).__name__ == "Refusal"
        ]


def write_wav(path: Path, sound: Samples, hz: int) -> None:
    """Mono, 16 bit."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(hz)
        file.writeframes(sound.tobytes())


def match(needle: Samples, hay: Samples) -> float:
    """Best correlation of ``needle`` anywhere in ``hay``, -1.0 to 1.0."""
    if len(hay) < len(needle):
        return 0.0
    a, b = needle.astype(float), hay.astype(float)
    size = 1 << (len(a) + len(b)).bit_length()
    product = np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size))
    at = int(np.argmax(np.fft.irfft(product, size)[: len(b) - len(a) + 1]))
    return float(np.corrcoef(a, b[at : at + len(a)])[0, 1])


def speech(seconds: float) -> Samples:
    """Something that correlates with nothing but itself; 16 kHz."""
    noise = np.random.default_rng(7).normal(0, 3000, round(seconds * UPLINK_HZ))
    smooth = np.convolve(noise, np.ones(8) / 8, mode="same")
    return smooth.clip(-20000, 20000).astype(np.int16)


def settings_for(folder: Path, url: str, **changes: Any) -> Configuration:
    """Settings for WAV devices in ``folder``; changes as nested dictionaries."""
    question = folder / "question.wav"
    if not question.exists():
        write_wav(question, speech(3.0), UPLINK_HZ)
    table: dict[str, Any] = {
        "live": {"endpoint": url},
        "microphone": {"device": f"file:{question}"},
        "speaker": {"device": f"file:{folder / 'answer.wav'}", "volume": 100},
        "button": {"source": "none"},
        "control": {"socket": str(folder / "control.sock")},
    }
    _change(table, changes)
    return msgspec.convert(table, Configuration)


@contextlib.asynccontextmanager
async def evening(
    folder: Path,
    *,
    behaviours: Sequence[str] = ("echo",),
    pace: float = 1.0,
    simulator: Simulator | None = None,
    await_microphone: bool = True,
    await_speaker: bool = True,
    **changes: Any,
) -> AsyncIterator[Evening]:
    """Run an appliance until the block ends; then it must stop by itself."""
    async with contextlib.AsyncExitStack() as stack:
        if simulator is None:
            simulator = await stack.enter_async_context(
                Simulator(behaviours=behaviours, pace=pace)
            )
        guest = Guest()
        settings = settings_for(folder, simulator.url, **changes)
        paper = Paper(settings)
        running = asyncio.create_task(
            serve(settings, "a-key", face=guest, read=paper.read)
        )
        running.add_done_callback(lambda _: guest.look())
        try:
            await guest.until(lambda: guest.appliance is not None or running.done())
            if running.done():
                running.result()
            here = Evening(simulator, guest, folder / "answer.wav", paper)
            if await_speaker:
                await here.until(lambda: here.appliance.sound.speaker.device)
            if await_microphone and settings.microphone.pre_roll_ms:
                await here.until(lambda: here.appliance.sound.microphone.device)
            yield here
        finally:
            if guest.appliance is not None and not running.done():
                guest.appliance.stop()
            await asyncio.wait_for(running, 5.0)


def seconds_of(samples: Samples) -> float:
    """Duration of what the loudspeaker played."""
    return len(samples) / DOWNLINK_HZ
