"""Microphone and speaker on a virtual sound card, in real time; see soundcard.py."""

import contextlib
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edgevoice.audio import stream
from edgevoice.audio.devices import list_devices, open_microphone, open_speaker
from edgevoice.audio.microphone import CardMicrophone
from edgevoice.audio.samples import Samples
from edgevoice.audio.speaker import CardSpeaker
from edgevoice.errors import DeviceError
from tests.likeness import compare
from tests.soundcard import HZ, LOUD, SoundCard

pytestmark = pytest.mark.sound

MOST = 4
"""Pauses that a stalling machine is granted, and one piece (30 ms) that a short one has
cut; see likeness.py."""


class Listener:
    """Gathers blocks of a microphone."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._news = threading.Condition()

    def __call__(self, block: bytes) -> None:
        with self._news:
            self._blocks.append(block)
            self._news.notify_all()

    def wait_for_silence(self) -> None:
        """Until the last 200 ms hold nothing, after something was heard."""

        def over() -> bool:
            sound = np.abs(self.sound.astype(int))
            return bool((sound > LOUD).any()) and not (sound[-3200:] > LOUD).any()

        with self._news:
            assert self._news.wait_for(over, 10)

    @property
    def sound(self) -> Samples:
        return np.frombuffer(b"".join(self._blocks), np.int16)


class Tape:
    """Plays a sound from its beginning to its end, then silence."""

    def __init__(self, sound: Samples) -> None:
        self._left = sound
        self.over = threading.Event()

    def __call__(self, count: int) -> bytes:
        part, self._left = self._left[:count].tobytes(), self._left[count:]
        if not part:
            self.over.set()
            return b""
        return part.ljust(2 * count, b"\0")

    def stop(self) -> None:
        """Silence from the next pull on."""
        self._left = self._left[:0]


def ignore(_block: bytes) -> None:
    """A microphone's listener."""


def speech(folder: Path, hz: int) -> Path:
    """Some words as a WAV."""
    raw, path = folder / "raw.wav", folder / f"speech{hz}.wav"
    words = "what time is it in the kitchen"
    subprocess.run(["espeak-ng", "-s", "140", "-w", str(raw), words], check=True)
    convert = ["sox", "-D", str(raw), "-r", str(hz), "-c", "1", "-b", "16", str(path)]
    subprocess.run(convert, check=True)
    return path


def samples(wav: Path) -> Samples:
    """The sound in a WAV, without the silence before and after it."""
    sound = np.frombuffer(wav.read_bytes()[44:], np.int16)
    loud = np.flatnonzero(np.abs(sound.astype(int)) > LOUD)
    return sound[loud[0] : loud[-1] + 1]


def assert_whole(got: npt.NDArray[np.int16], want: Samples, folder: Path) -> None:
    """That one sound is found in another, whole; else both are kept."""
    heard = compare(want, got)
    if heard.missing > 1 or len(heard.pauses) > MOST:
        np.save(folder / "got.npy", got)
        np.save(folder / "want.npy", want)
        pytest.fail(f"{heard}; got.npy and want.npy are kept in {folder}")


def wait_until_dead(alive: Callable[[float], bool], within: float) -> None:
    deadline = time.monotonic() + within
    while alive(time.monotonic()):
        assert time.monotonic() < deadline, "still alive"
        threading.Event().wait(0.01)


@contextlib.contextmanager
def took_less_than(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def test_the_card_is_listed(sound_card: SoundCard) -> None:
    devices = {device.name: device for device in list_devices()}

    assert {"default", "usbmic", "usbspeaker"} <= devices.keys()
    assert devices["default"].default_for == ("input", "output")
    assert devices["usbmic"].inputs > 0


def test_a_wrong_name_is_answered_with_the_nearest(sound_card: SoundCard) -> None:
    with pytest.raises(DeviceError, match="did you mean 'usbmic'"):
        open_microphone("usbmik", ignore)


@pytest.mark.parametrize("hz", [16_000, 48_000, 44_100])
def test_what_is_said_comes_out_of_the_microphone(
    sound_card: SoundCard, tmp_path: Path, hz: int
) -> None:
    wav = speech(tmp_path, 16_000)
    listener = Listener()
    with contextlib.closing(CardMicrophone("usbmic", listener, (hz,))) as microphone:
        assert microphone.rate == hz
        sound_card.feed(wav)
        listener.wait_for_silence()
        assert microphone.overflows == 0

    assert_whole(listener.sound, samples(wav), tmp_path)


@pytest.mark.parametrize(("most", "kept"), [(1, True), (0, False)])
def test_the_thread_of_a_microphone_that_lasts_keeps_its_state(
    sound_card: SoundCard, monkeypatch: pytest.MonkeyPatch, most: int, kept: bool
) -> None:
    monkeypatch.setattr(stream, "LASTING_S", 0.0)
    monkeypatch.setattr(stream, "MOST_KEPT", most)
    monkeypatch.setattr(stream, "_kept", itertools.count(1))
    mine, counts, many = threading.local(), [0], threading.Event()

    def count(_block: bytes) -> None:
        mine.count = getattr(mine, "count", 0) + 1  # is in the thread's state
        counts.append(mine.count)
        if len(counts) > 10:
            many.set()

    with contextlib.closing(open_microphone("usbmic", count)):
        assert many.wait(10)

    assert (counts == [*range(len(counts))]) is kept


def test_the_default_microphone_needs_no_conversion(sound_card: SoundCard) -> None:
    with contextlib.closing(open_microphone("default", ignore)) as microphone:
        assert (microphone.name, microphone.rate) == ("default", 16_000)
        assert microphone.alive(time.monotonic())


@pytest.mark.parametrize("hz", [24_000, 48_000, 44_100])
def test_what_is_pulled_comes_out_of_the_speaker(
    sound_card: SoundCard, tmp_path: Path, hz: int
) -> None:
    sound = samples(speech(tmp_path, HZ))
    tape = Tape(np.concatenate([np.zeros(HZ // 2, np.int16), sound]))
    with (
        sound_card.listening() as recording,
        contextlib.closing(CardSpeaker("usbspeaker", tape, (hz,))) as speaker,
    ):
        assert speaker.rate == hz
        recording.wait_until(lambda: bool((abs(recording.sound) > LOUD).any()))
        while_opening = speaker.underflows  # PulseAudio at times runs dry at once
        assert tape.over.wait(10)
        recording.wait_for_silence()
        underflows = speaker.underflows - while_opening

    assert_whole(recording.sound, sound, tmp_path)
    assert underflows <= MOST


@pytest.mark.parametrize("hz", [24_000, 48_000, 44_100])
def test_talked_over_it_is_silent_at_once(
    sound_card: SoundCard, record_property: Callable[[str, object], None], hz: int
) -> None:
    at = np.arange(20 * HZ) / HZ
    tape = Tape(np.round(9000 * np.sin(2 * np.pi * 400 * at)).astype(np.int16))
    with (
        sound_card.listening() as recording,
        contextlib.closing(CardSpeaker("usbspeaker", tape, (hz,))),
    ):
        recording.wait_until(lambda: len(np.flatnonzero(recording.sound)) > HZ // 2)
        stopped = time.monotonic()
        tape.stop()
        recording.wait_for_silence()

    last = int(np.flatnonzero(np.abs(recording.sound.astype(int)) > LOUD)[-1])
    latency = recording.arrived(last) - stopped
    record_property("silent_after_ms", round(latency * 1000))
    print(f"silent after {latency * 1000:.0f} ms")  # noqa: T201
    assert latency < 0.150


@pytest.mark.parametrize("loss", ["unplugged", "frozen"])
def test_a_lost_card_is_noticed_and_let_go(sound_card: SoundCard, loss: str) -> None:
    microphone = open_microphone("usbmic", ignore)
    speaker = open_speaker("usbspeaker", Tape(np.zeros(0, np.int16)))
    assert microphone.alive(time.monotonic())
    assert speaker.alive(time.monotonic())

    if loss == "frozen":
        sound_card.freeze()
    else:
        sound_card.kill()

    wait_until_dead(microphone.alive, within=1.5)
    wait_until_dead(speaker.alive, within=0.2)
    with took_less_than(1.2):
        microphone.close()
    with took_less_than(1.2):
        speaker.close()
    if loss == "frozen":
        sound_card.thaw()


def test_a_card_that_comes_back_can_be_used_again(sound_card: SoundCard) -> None:
    microphone = open_microphone("usbmic", ignore)
    sound_card.kill()
    wait_until_dead(microphone.alive, within=1.5)
    microphone.close()
    with pytest.raises(DeviceError):
        open_microphone("usbmic", ignore)

    sound_card.start()

    with contextlib.closing(open_microphone("usbmic", ignore)) as again:
        assert again.alive(time.monotonic())


def test_a_frozen_card_neither_keeps_a_caller_nor_the_end_of_the_program(
    sound_card: SoundCard,
) -> None:
    code = """
import sys
from edgevoice.audio import portaudio
from edgevoice.audio.devices import open_microphone
from edgevoice.errors import DeviceError
portaudio.OPEN_TIMEOUT = 1.0
open_microphone("usbmic", lambda block: None).close()
print("ready", flush=True)
sys.stdin.readline()
try:
    open_microphone("usbmic", lambda block: None)
except DeviceError as error:
    print(error, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
        sound_card.freeze()
        with took_less_than(5):
            out, err = program.communicate("go\n", timeout=10)
        sound_card.thaw()

    assert "does not answer" in out
    assert err == ""
    assert program.returncode == 0
