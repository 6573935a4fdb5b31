"""A tone is told from noise, speech and what was there before."""

import numpy as np
import pytest

from edgevoice.audio.earcons import LOUDNESS
from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ
from edgevoice.audio.resample import resample
from edgevoice.audio.samples import Samples, to_samples
from edgevoice.doctor import tone
from edgevoice.doctor.tone import HEARD_DB, Tape, Tin, goertzel, rise
from tests.evening import speech

HZ = UPLINK_HZ
CHANCE = np.random.default_rng(2)


def room(seconds: float, level: float = 60) -> Samples:
    """A room's noise, level in units of 16 bit."""
    return CHANCE.normal(0, level, int(seconds * HZ)).astype(np.int16)


def with_tone(sound: Samples, at: float, gain: float = 0.1) -> Samples:
    """The tone of full volume mixed into a sound, so many seconds late."""
    pcm = resample(tone.tone(100).tobytes(), DOWNLINK_HZ, HZ)
    heard = (to_samples(pcm) * gain).astype(np.int16)
    mixed = sound.copy()
    start = int(at * HZ)
    mixed[start : start + len(heard)] += heard[: len(mixed) - start]
    return mixed


@pytest.mark.parametrize("late", [0.0, 0.13, 0.9])
@pytest.mark.parametrize("level", [0, 60, 300])
def test_a_tone_is_heard_however_late_it_comes(late: float, level: float) -> None:
    during = with_tone(room(1.8, level), late)

    assert rise(room(0.6, level), during, HZ) > HEARD_DB


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_tone(seed: int) -> None:
    chance = np.random.default_rng(seed)
    sound = chance.normal(0, 100, int(2.4 * HZ)).astype(np.int16)
    before, during = np.split(sound, [int(0.6 * HZ)])

    assert rise(before, during, HZ) < HEARD_DB


def test_speech_that_begins_is_no_tone() -> None:
    assert rise(room(0.6), room(1.8) + speech(1.8), HZ) < HEARD_DB


def test_a_tone_that_was_there_before_is_not_ours() -> None:
    before = with_tone(room(0.6), 0)

    assert rise(before, with_tone(room(1.8), 0.1), HZ) < HEARD_DB


def test_silence_is_no_tone() -> None:
    silence = np.zeros(2 * HZ, np.int16)

    assert rise(silence, silence, HZ) < HEARD_DB
    assert rise(silence[:0], silence[:0], HZ) < HEARD_DB


def test_the_level_of_a_pitch_is_that_of_its_sine() -> None:
    wave = np.sin(2 * np.pi * 1000 * np.arange(HZ) / HZ) * 3276.8 * 2**0.5
    sound = wave.astype(np.int16)

    assert goertzel(sound, 1000, HZ) == pytest.approx(-20, abs=0.1)
    assert goertzel(sound, 1175, HZ) < -60


@pytest.mark.parametrize("volume", [0, 30, 100])
def test_the_tone_is_as_loud_as_a_signal_sound_at_its_volume(volume: int) -> None:
    loudest = abs(tone.tone(volume).astype(int)).max()

    limit = LOUDNESS * 32767 * (volume / 100) ** 2
    assert limit * 0.99 - 1 <= loudest <= limit


def test_the_tape_plays_once_and_only_when_let_go() -> None:
    tape = Tape(np.arange(1, 11, dtype=np.int16))

    assert tape(4) == b""
    tape.play()
    played = [list(to_samples(tape(4))) for _ in range(4)]
    assert played == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 0, 0], []]


def test_the_tin_gives_what_came_since_the_last_time() -> None:
    tin = Tin()
    tin(b"\1\0\2\0")
    tin(b"\3\0")

    assert list(tin.take()) == [1, 2, 3]
    assert not len(tin.take())
