"""The parts above PyAudio, against a PyAudio that can be told what to refuse."""

import errno
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyaudio
import pytest

from edgevoice.audio import arrivals, devices, portaudio, stream
from edgevoice.audio.devices import open_microphone, open_speaker
from edgevoice.audio.microphone import CardMicrophone
from edgevoice.audio.portaudio import Library
from edgevoice.audio.samples import to_samples
from edgevoice.audio.speaker import CardSpeaker
from edgevoice.errors import DeviceError

BUSY = OSError(pyaudio.paDeviceUnavailable, "Device unavailable")
BAD_RATE = OSError(pyaudio.paInvalidSampleRate, "Invalid sample rate")

Card = dict[str, Any]


def card(name: str = "default", inputs: int = 1, outputs: int = 2) -> Card:
    return {
        "name": name,
        "maxInputChannels": inputs,
        "maxOutputChannels": outputs,
        "defaultSampleRate": 44_100.0,
    }


class FakeStream:
    """A stream whose callbacks a test makes itself, but for the first."""

    def __init__(self, options: dict[str, Any], hang: threading.Event | None) -> None:
        self.options = options
        self.closed = False
        self._hang = hang

    def call(self, data: bytes | None = None, status: int = 0) -> bytes:
        frames = self.options["frames_per_buffer"]
        if self.options.get("input") and data is None:
            data = bytes(2 * frames * self.options["channels"])
        out, answer = self.options["stream_callback"](data, frames, {}, status)
        assert answer == (pyaudio.paAbort if self.closed else pyaudio.paContinue)
        return out or b""

    def close(self) -> None:
        self.closed = True
        if self._hang:
            self._hang.wait(10)


class FakePyAudio:
    """All that is needed of PyAudio.

    Attributes:
        cards: What is plugged in now; the list is taken when it is loaded.
        rates: Rates that the card takes.
        error: What opening raises.
        mute: Opened streams never run.
        hang: Opening waits for this.
        hang_close: Closing waits for this.
    """

    def __init__(self) -> None:
        self.cards = [card()]
        self.rates = [16_000, 24_000]
        self.error: OSError | None = None
        self.mute = False
        self.hang: threading.Event | None = None
        self.hang_close: threading.Event | None = None
        self.streams: list[FakeStream] = []
        self.loaded = 0
        self.library = Library(self.load)
        self._list: list[Card] = []

    def load(self) -> "FakePyAudio":
        self.loaded += 1
        self._list = list(self.cards)
        return self

    def terminate(self) -> None:
        self._list = []

    def get_device_count(self) -> int:
        return len(self._list)

    def get_device_info_by_index(self, index: int) -> Card:
        return self._list[index]

    def get_default_input_device_info(self) -> dict[str, int]:
        if not self._list:
            raise OSError("No Default Input Device Available")
        return {"index": 0}

    get_default_output_device_info = get_default_input_device_info

    def open(self, **options: Any) -> FakeStream:
        if self.hang:
            self.hang.wait(10)
        if self.error:
            raise self.error
        if options["rate"] not in self.rates:
            raise BAD_RATE
        opened = FakeStream(options, self.hang_close)
        self.streams.append(opened)
        if not self.mute:
            opened.call()
        return opened


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePyAudio]:
    made = FakePyAudio()
    monkeypatch.setattr(stream, "library", made.library)
    monkeypatch.setattr(stream, "FIRST_BLOCK_TIMEOUTS", (0.05, 0.1))
    monkeypatch.setattr(portaudio, "OPEN_TIMEOUT", 0.1)
    # The real one would see the virtual sound card, if that runs.
    monkeypatch.setattr(portaudio, "alsa_opens", lambda *_: None)
    monkeypatch.setattr(arrivals, "alsa_opens", lambda *_: False)
    yield made
    for hanging in (made.hang, made.hang_close):
        if hanging:
            hanging.set()


def ignore(_block: bytes) -> None:
    """A microphone's listener."""


def silence(_count: int) -> bytes:
    """A speaker's source that has nothing."""
    return b""


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


# Rates and channels.


def test_a_card_that_does_16_khz_is_opened_at_it_in_blocks_of_20_ms(
    fake: FakePyAudio,
) -> None:
    blocks: list[bytes] = []
    microphone = CardMicrophone("default", blocks.append)
    fake.streams[0].call(b"\x01\x02" * 320)

    assert microphone.rate == 16_000
    assert blocks[1:] == [b"\x01\x02" * 320]


@pytest.mark.parametrize("hz", [48_000, 44_100, 32_000])
def test_a_card_that_does_not_is_opened_at_what_it_can_and_converted(
    fake: FakePyAudio, hz: int
) -> None:
    fake.rates = [hz]
    blocks: list[bytes] = []

    microphone = CardMicrophone("default", blocks.append)
    for _ in range(49):
        fake.streams[0].call()

    assert microphone.rate == hz
    assert all(blocks)
    assert 2.0 - 0.031 < len(b"".join(blocks)) / 32_000 <= 2.0


def test_a_card_of_a_rate_nobody_thought_of_is_opened_at_its_own(
    fake: FakePyAudio,
) -> None:
    fake.cards = [card() | {"defaultSampleRate": 37_800.0}]
    fake.rates = [37_800]

    assert CardMicrophone("default", ignore).rate == 37_800


def test_a_busy_thread_keeps_no_callback_waiting(fake: FakePyAudio) -> None:
    usual = sys.getswitchinterval()
    try:
        CardSpeaker("default", silence)
        assert sys.getswitchinterval() == pytest.approx(0.001)
    finally:
        sys.setswitchinterval(usual)


def test_of_a_card_with_two_channels_the_mean_is_heard(fake: FakePyAudio) -> None:
    fake.cards = [card(inputs=2)]
    blocks: list[bytes] = []
    CardMicrophone("default", blocks.append)

    only_right = np.tile([0, 4000], 320).astype(np.int16)
    fake.streams[0].call(only_right.tobytes())

    assert set(to_samples(blocks[-1])) == {2000}


@pytest.mark.parametrize("hz", [24_000, 48_000, 44_100, 96_000, 16_000, 22_050])
def test_a_speaker_always_gives_full_blocks_whatever_the_rate(
    fake: FakePyAudio, hz: int
) -> None:
    fake.rates = [hz]
    pulled: list[int] = []

    def pull(count: int) -> bytes:
        pulled.append(count)
        return np.full(count, 1000, np.int16).tobytes()

    speaker = CardSpeaker("default", pull, rates=(hz,))
    block = fake.streams[0].options["frames_per_buffer"]
    sound = [fake.streams[0].call() for _ in range(100)]

    assert speaker.rate == hz
    assert {len(out) for out in sound} == {2 * block}
    heard = 101 * block / hz
    assert heard - 1 / hz <= sum(pulled) / 24_000 < heard + 0.050
    assert np.abs(to_samples(b"".join(sound[1:])) - 1000).max() <= 2


def test_a_speaker_gives_as_much_as_is_asked_even_if_it_is_not_a_usual_block(
    fake: FakePyAudio,
) -> None:
    fake.rates = [48_000]
    CardSpeaker("default", silence)
    for frames in (1, 2, 3, 1000, 7, 480):
        fake.streams[0].options["frames_per_buffer"] = frames
        assert len(fake.streams[0].call()) == 2 * frames


# What goes wrong.


def test_no_usable_rate_says_why(fake: FakePyAudio) -> None:
    fake.rates = []

    with pytest.raises(DeviceError, match="Invalid sample rate"):
        CardMicrophone("default", ignore)


def test_a_device_in_use_says_how_to_find_by_whom(fake: FakePyAudio) -> None:
    fake.error = BUSY

    with pytest.raises(DeviceError, match="in use by another program; `fuser"):
        CardSpeaker("default", silence)


def test_a_device_that_opens_but_does_not_run_is_refused_and_closed(
    fake: FakePyAudio,
) -> None:
    fake.mute = True

    with pytest.raises(DeviceError, match="does not run"):
        CardSpeaker("default", silence)
    assert [each.closed for each in fake.streams] == [True, True]


def test_a_device_that_does_not_run_at_once_is_opened_once_more(
    fake: FakePyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen where a sound server had just begun to accept connections."""
    fake.mute = True
    monkeypatch.setattr(FakeStream, "close", lambda _: setattr(fake, "mute", False))
    blocks: list[bytes] = []

    microphone = CardMicrophone("default", blocks.append)

    assert microphone.alive(time.monotonic())
    late, running = (each.options["stream_callback"] for each in fake.streams)
    assert late(bytes(640), 320, {}, 0) == (None, pyaudio.paAbort)
    assert running(bytes(640), 320, {}, 0) == (None, pyaudio.paContinue)
    assert len(blocks) == 2


def test_a_wrong_name_is_answered_with_the_nearest(fake: FakePyAudio) -> None:
    fake.cards = [card("usbmic")]

    with pytest.raises(DeviceError, match="did you mean 'usbmic'"):
        CardMicrophone("usbmik", ignore)


def test_a_card_plugged_in_later_is_found_while_nothing_is_open(
    fake: FakePyAudio,
) -> None:
    fake.cards = []
    with pytest.raises(DeviceError, match="no microphone found"):
        CardMicrophone("default", ignore)

    fake.cards = [card()]

    assert CardMicrophone("default", ignore).name == "default"


def test_a_card_that_was_unplugged_since_the_list_was_made_is_refused(
    fake: FakePyAudio,
) -> None:
    CardMicrophone("default", ignore).close()
    gone = fake.library.devices()[0]
    fake.cards = [card("other")]
    fake.library.refresh()

    with pytest.raises(DeviceError, match="it is gone"):
        fake.library.open(gone, "input", [], lambda *_: (None, 0))


def test_the_list_stays_while_a_stream_is_open_and_is_made_anew_after(
    fake: FakePyAudio,
) -> None:
    library = fake.library
    microphone = CardMicrophone("default", ignore)

    assert not library.refresh()
    microphone.close()
    assert library.refresh()
    assert fake.loaded == 2


def test_a_microphone_plugged_in_while_the_speaker_is_open_is_found(
    fake: FakePyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = {0: "Headphones"}
    monkeypatch.setattr(arrivals, "card_ids", lambda: dict(cards))
    fake.cards = [card("speaker", inputs=0)]
    speaker = CardSpeaker("speaker", silence)
    for _ in range(2):
        with pytest.raises(DeviceError, match="no microphone found"):
            CardMicrophone("usbmic", ignore)
    assert speaker.alive(time.monotonic())  # nothing came or went: it is left alone

    fake.cards.append(card("usbmic"))
    cards[1] = "Device"

    microphone = CardMicrophone("usbmic", ignore)
    assert microphone.alive(time.monotonic())
    assert not speaker.alive(time.monotonic())
    speaker.close()
    assert CardSpeaker("speaker", silence).alive(time.monotonic())
    assert microphone.alive(time.monotonic())


def test_a_card_that_goes_does_not_disturb_the_other(
    fake: FakePyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = {0: "Device", 1: "Headphones"}
    monkeypatch.setattr(portaudio, "card_ids", lambda: dict(cards))
    monkeypatch.setattr(arrivals, "card_ids", lambda: dict(cards))
    fake.cards = [card("Mic: USB (hw:0,0)"), card("Phones: bcm (hw:1,0)")]
    speaker = CardSpeaker("hw:CARD=Headphones,DEV=0", silence)
    del cards[0]

    with pytest.raises(DeviceError, match="is it still plugged in"):
        CardMicrophone("hw:CARD=Device,DEV=0", ignore)
    assert speaker.alive(time.monotonic())

    cards[0] = "Webcam"  # in its place
    cards[2] = "Device"
    fake.cards = [card("Cam (hw:0,0)"), *fake.cards[1:], card("Mic: USB (hw:2,0)")]

    CardMicrophone("hw:CARD=Device,DEV=0", ignore)
    assert fake.streams[-1].options["input_device_index"] == 2
    assert not speaker.alive(time.monotonic())


def test_a_good_device_is_disturbed_once_for_one_that_is_missing_for_hours(
    fake: FakePyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = False
    monkeypatch.setattr(arrivals, "alsa_opens", lambda *_: there)
    fake.cards = [card("usbmic", outputs=0)]
    disturbed = 0

    def attempt(microphone: CardMicrophone) -> CardMicrophone:
        nonlocal disturbed
        with pytest.raises(DeviceError, match="no speaker found"):
            CardSpeaker("usbspeaker", silence)
        if microphone.alive(time.monotonic()):
            return microphone
        disturbed += 1
        return CardMicrophone("usbmic", ignore)

    microphone = CardMicrophone("usbmic", ignore)
    for _ in range(100):
        microphone = attempt(microphone)
    assert disturbed == 0

    there = True  # ALSA opens it, but PortAudio does not list it
    for _ in range(100):
        microphone = attempt(microphone)
    assert disturbed == 1

    there = False
    attempt(microphone)
    there = True
    fake.cards = [card("usbmic", outputs=0), card("usbspeaker", inputs=0)]
    assert CardSpeaker("usbspeaker", silence).alive(time.monotonic())


def test_what_alsa_cannot_open_is_kept_from_portaudio_which_would_abort(
    fake: FakePyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portaudio, "alsa_opens", lambda *_: False)

    with pytest.raises(DeviceError, match="cannot be opened"):
        CardMicrophone("default", ignore)
    assert fake.streams == []


def test_closes_that_hang_are_bounded_and_told(
    fake: FakePyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hang_close = threading.Event()
    monkeypatch.setattr(stream.Stream.close, "__defaults__", (0.01,))
    for _ in range(portaudio.MOST_CLOSING):
        CardMicrophone("default", ignore).close()

    for _ in range(10):
        with pytest.raises(DeviceError, match="does not answer"):
            CardMicrophone("default", ignore)
    hanging = [t for t in threading.enumerate() if t.name == "close sound"]
    assert len(hanging) == portaudio.MOST_CLOSING

    fake.hang_close.set()
    for thread in hanging:
        thread.join(5)
    CardMicrophone("default", ignore).close()


def test_a_sound_system_that_hangs_is_given_up_and_not_asked_again_until_it_answers(
    fake: FakePyAudio,
) -> None:
    fake.hang = threading.Event()
    for _ in range(3):
        with pytest.raises(DeviceError, match="does not answer"):
            CardMicrophone("default", ignore)
    left_behind = [t for t in threading.enumerate() if t.name == "open sound"]
    assert len(left_behind) == 1

    fake.hang.set()
    left_behind[0].join(5)

    assert [each.closed for each in fake.streams] == [True]  # it came too late
    assert CardMicrophone("default", ignore).alive(time.monotonic())


def test_closing_a_card_that_hangs_takes_no_longer_than_promised(
    fake: FakePyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hang_close = threading.Event()
    microphone = CardMicrophone("default", ignore)
    monkeypatch.setattr(stream.Stream.close, "__defaults__", (0.1,))

    start = time.monotonic()
    microphone.close()
    microphone.close()

    assert time.monotonic() - start < 0.5
    assert not fake.library.refresh()  # it is not closed yet
    fake.hang_close.set()
    wait_until(fake.library.refresh)


def test_closing_a_card_that_is_gone_is_no_error(
    fake: FakePyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_stream: FakeStream) -> None:
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(FakeStream, "close", gone)
    microphone = CardMicrophone("default", ignore)

    microphone.close()

    assert not microphone.alive(time.monotonic())
    assert fake.library.refresh()


# What is told while it runs.


def test_blocks_that_the_card_lost_are_counted(fake: FakePyAudio) -> None:
    microphone = CardMicrophone("default", ignore)
    speaker = CardSpeaker("default", silence)

    fake.streams[0].call(status=pyaudio.paInputOverflow)
    fake.streams[1].call(status=pyaudio.paOutputUnderflow)
    fake.streams[1].call(status=pyaudio.paPrimingOutput)

    assert (microphone.overflows, speaker.underflows) == (1, 1)


def test_a_card_without_a_callback_for_a_second_is_not_alive(
    fake: FakePyAudio,
) -> None:
    microphone = CardMicrophone("default", ignore)
    speaker = CardSpeaker("default", silence)

    for device in (microphone, speaker):
        assert device.alive(device.last_callback + 0.9)
        assert not device.alive(device.last_callback + 1.1)


def test_no_block_comes_after_close(fake: FakePyAudio) -> None:
    blocks: list[bytes] = []
    microphone = CardMicrophone("default", blocks.append)
    microphone.rewind()
    microphone.close()

    fake.streams[0].call()

    assert len(blocks) == 1


def test_without_pyaudio_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    for module in ("portaudio", "stream", "microphone", "speaker"):
        monkeypatch.delitem(sys.modules, f"edgevoice.audio.{module}", raising=False)

    for attempt in (
        lambda: open_microphone("default", ignore),
        lambda: open_speaker("default", silence),
    ):
        with pytest.raises(DeviceError, match="install python3-pyaudio") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    open_speaker(f"file:{tmp_path / 'a.wav'}", silence).close()


def test_a_close_that_never_ends_is_a_reason_to_restart(fake: FakePyAudio) -> None:
    fake.hang_close = threading.Event()
    microphone = CardMicrophone("default", ignore)
    began = time.monotonic()

    microphone.close()

    assert not fake.library.hangs(began + portaudio.LONGEST_CLOSE - 1)
    assert fake.library.hangs(began + portaudio.LONGEST_CLOSE + 5)
    closing = next(t for t in threading.enumerate() if t.name == "close sound")
    fake.hang_close.set()
    closing.join(5)
    assert not fake.library.hangs(began + portaudio.LONGEST_CLOSE + 5)


def test_a_sound_system_that_is_being_loaded_does_not_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The watchdog asks while another thread may still import it."""
    half = types.ModuleType("edgevoice.audio.portaudio")
    monkeypatch.setitem(sys.modules, half.__name__, half)

    assert not devices.hang(0.0)
