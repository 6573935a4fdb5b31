"""Microphone and speaker: WAV files, and cards that hear each other or not."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.pcm import UPLINK_HZ
from edgevoice.audio.samples import Samples
from edgevoice.doctor import sound
from edgevoice.doctor.finding import State
from edgevoice.doctor.sound import check_microphone, check_speaker
from tests.evening import speech, write_wav
from tests.soundcard import LOUD, SoundCard


def microphone(folder: Path, wave: Samples) -> str:
    write_wav(folder / "question.wav", wave, UPLINK_HZ)
    return f"file:{folder / 'question.wav'}"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has nothing to settle."""
    monkeypatch.setattr(sound, "SETTLE_S", 0.0)


@pytest.mark.usefixtures("soon")
def test_a_file_is_listened_to_from_its_beginning(tmp_path: Path) -> None:
    heard: list[str] = []
    found = check_microphone(
        microphone(tmp_path, speech(1.0)),
        spoken=True,
        ready=lambda: heard.append("speak"),
        seconds=0.7,
    )

    assert [finding.name for finding in found] == ["microphone", "level"]
    assert [finding.state for finding in found] == [State.OK, State.OK], found
    assert found[0].found.endswith("question.wav runs at 16000 Hz")
    assert heard == ["speak"]


@pytest.mark.usefixtures("soon")
def test_silence_of_a_file_is_told(tmp_path: Path) -> None:
    silent = microphone(tmp_path, np.zeros(100, np.int16))

    assert check_microphone(silent, seconds=0.6)[1].state is State.WRONG


def test_a_microphone_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    opened, level = check_microphone(f"file:{tmp_path}/none.wav")

    assert (opened.state, level.state) == (State.WRONG, State.SKIPPED)
    assert "No such file" in opened.found
    assert opened.cure == "give a WAV file"


def test_the_file_of_a_speaker_is_left_as_it_is(tmp_path: Path) -> None:
    answer = tmp_path / "answer.wav"
    answer.write_bytes(b"the last answer")

    found = check_speaker(f"file:{answer}", 80, None)

    assert [finding.state for finding in found] == [State.OK, State.SKIPPED]
    assert answer.read_bytes() == b"the last answer"
    nowhere = check_speaker(f"file:{tmp_path}/none/answer.wav", 80, None)[0]
    assert nowhere.state is State.WRONG


# -- cards -----------------------------------------------------------------------------


@contextlib.contextmanager
def feeding(card: SoundCard, wave: Samples) -> Iterator[None]:
    """Play a sound into the microphone over and over."""
    path = card.folder / "fed.wav"
    write_wav(path, np.tile(wave, 20), UPLINK_HZ)
    command = ["paplay", "-d", "mic_feed", "--latency-msec=200", str(path)]
    with subprocess.Popen(command, env=os.environ | card.environment) as feeder:
        try:
            yield
        finally:
            feeder.kill()


@contextlib.contextmanager
def air(card: SoundCard) -> Iterator[None]:
    """What the speaker plays comes to the microphone."""
    words = ["module-loopback", "source=speaker.monitor", "sink=mic_feed"]
    environment = os.environ | card.environment
    loaded = subprocess.run(
        ["pactl", "load-module", *words, "latency_msec=50"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    try:
        yield
    finally:
        number = loaded.stdout.strip()
        subprocess.run(["pactl", "unload-module", number], env=environment, check=True)


def sine(pitch: float, level: float, seconds: float = 1.0) -> Samples:
    at = np.arange(int(seconds * UPLINK_HZ)) / UPLINK_HZ
    wave = np.sin(2 * np.pi * pitch * at) * level * 2**0.5 * 32768
    return np.clip(wave, -32768, 32767).astype(np.int16)


@pytest.mark.sound
@pytest.mark.parametrize(
    ("wave", "words"),
    [
        (sine(440, 0.05), "good: -26 dB"),
        (sine(440, 3), "clipping"),
        (sine(50, 0.02), "hum of 50 Hz: -34 dB"),
    ],
    ids=["tone", "clipping", "hum"],
)
def test_a_card_is_judged_by_what_it_hears(
    wave: Samples, words: str, sound_card: SoundCard
) -> None:
    with feeding(sound_card, wave), sound_card.listening():
        opened, level = check_microphone("usbmic", seconds=1.5)

    assert opened.found == "usbmic runs at 16000 Hz"
    assert words in level.found


@pytest.mark.sound
def test_a_card_that_hears_nothing_is_silent(sound_card: SoundCard) -> None:
    _, level = check_microphone("usbmic", seconds=0.6)

    assert level.state is State.WRONG
    assert level.found.startswith("silent")


@pytest.mark.sound
def test_the_microphone_hears_the_speaker_through_the_air(
    sound_card: SoundCard,
) -> None:
    with air(sound_card):
        speaker, tone = check_speaker("usbspeaker", 80, "usbmic")

    assert speaker.found.startswith("usbspeaker runs at 24000 Hz")
    assert tone.state is State.OK, tone
    assert tone.found.startswith("the microphone hears it, ")


@pytest.mark.sound
def test_headphones_are_a_warning(sound_card: SoundCard) -> None:
    speaker, tone = check_speaker("usbspeaker", 80, "usbmic")

    assert (speaker.state, tone.state) == (State.OK, State.WARNING)
    assert "headphones" in tone.cure


class Listener:
    """Says the same whatever is asked."""

    def __init__(self, hears: bool | None) -> None:
        self._hears = hears

    def tell(self, words: str) -> None:
        """Nothing needs to be done."""

    def confirms(self, question: str) -> bool | None:
        assert question == "A tone was played: did you hear it?"
        return self._hears


@pytest.mark.sound
@pytest.mark.parametrize(
    ("hears", "state", "words"),
    [
        (True, State.OK, "it was heard, though not by the microphone"),
        (False, State.WRONG, "nobody hears it"),
        (None, State.WARNING, "the microphone does not hear it"),
    ],
)
def test_a_person_is_asked_where_the_microphone_does_not_hear_it(
    hears: bool | None, state: State, words: str, sound_card: SoundCard
) -> None:
    _, tone = check_speaker("usbspeaker", 80, "usbmic", Listener(hears))

    assert tone.state is state
    assert words in tone.found


@pytest.mark.sound
def test_a_microphone_that_fails_is_not_the_speakers_fault(
    sound_card: SoundCard,
) -> None:
    speaker, tone = check_speaker("usbspeaker", 80, "no such microphone")

    assert (speaker.state, tone.state) == (State.OK, State.SKIPPED)


@pytest.mark.sound
def test_a_volume_of_nothing_plays_nothing(sound_card: SoundCard) -> None:
    with sound_card.listening() as recording:
        speaker, tone = check_speaker("usbspeaker", 0, None)
        assert (speaker.state, tone.state) == (State.OK, State.SKIPPED)
        assert abs(recording.sound).max() < 10


@pytest.mark.sound
def test_the_tone_is_never_louder_than_the_volume(sound_card: SoundCard) -> None:
    with sound_card.listening() as recording:
        check_speaker("usbspeaker", 50, None)
        recording.wait_for_silence()
        sound = abs(recording.sound.astype(int))
    # Not the very loudest: where a slow machine leaves a gap, its edges ring.
    loudest = np.percentile(sound[sound > LOUD], 99)
    assert 0.04 < loudest / 32768 < 0.052


@pytest.mark.sound
def test_a_card_that_does_not_exist_is_told_with_the_nearest(
    sound_card: SoundCard,
) -> None:
    opened, level = check_microphone("usbmik")
    speaker, tone = check_speaker("usbspeeker", 80, None)

    assert (opened.state, level.state) == (State.WRONG, State.SKIPPED)
    assert "did you mean 'usbmic'?" in opened.cure
    assert (speaker.state, tone.state) == (State.WRONG, State.SKIPPED)
