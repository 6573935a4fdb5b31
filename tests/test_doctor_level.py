"""The microphone's verdict, on sound whose faults are known."""

import numpy as np
import numpy.typing as npt
import pytest

from edgevoice.audio.pcm import UPLINK_HZ
from edgevoice.audio.samples import Samples
from edgevoice.doctor.finding import State
from edgevoice.doctor.level import dbfs, judge, measure
from tests.evening import speech

HZ = UPLINK_HZ
CHANCE = np.random.default_rng(1)

Wave = npt.NDArray[np.float64]


def noise(level: float, seconds: float = 2.0) -> Wave:
    return CHANCE.normal(0, level * 32768, int(seconds * HZ))


def sine(pitch: float, level: float, seconds: float = 2.0) -> Wave:
    """A sine whose RMS is this share of full scale."""
    at = np.arange(int(seconds * HZ)) / HZ
    return np.asarray(np.sin(2 * np.pi * pitch * at) * level * 2**0.5 * 32768)


def pcm(wave: Wave) -> Samples:
    return np.clip(wave, -32768, 32767).astype(np.int16)


def said() -> Wave:
    """Two seconds of a voice: harmonics of a pitch that moves, in syllables."""
    return speech(2.0).astype(float)


@pytest.mark.parametrize(
    ("wave", "state", "words"),
    [
        (noise(0), State.WRONG, "silent"),
        (np.ones(HZ), State.WRONG, "silent"),
        (np.full(HZ, 3000.0), State.WRONG, "silent"),
        (np.sign(noise(0.001)), State.WRONG, "silent"),
        (noise(0.0005), State.OK, "good"),
        (said(), State.OK, "good"),
        (said() * 60, State.WARNING, "clipping"),
        (noise(0.01) + 3000, State.WARNING, "zero line is off by 9%"),
        (noise(0.01) - 3000, State.WARNING, "zero line is off by -9%"),
        (noise(0.002) + sine(50, 0.01), State.WARNING, "hum of 50 Hz: -40 dB"),
        (noise(0.002) + sine(120, 0.01), State.WARNING, "hum of 60 Hz: -40 dB"),
        (noise(0.0002) + sine(50, 0.0005), State.OK, "good"),
        (noise(0.002) + sine(450, 0.01), State.OK, "good"),
    ],
    ids=str,
)
def test_each_fault_has_its_name(wave: Wave, state: State, words: str) -> None:
    finding = judge(pcm(wave), HZ, spoken=False)

    assert finding.state is state, finding
    assert words in finding.found
    assert bool(finding.cure) == (state is not State.OK)


def test_quiet_is_a_fault_only_where_somebody_spoke() -> None:
    sound = pcm(noise(0.002))

    assert judge(sound, HZ, spoken=False).state is State.OK
    spoken = judge(sound, HZ, spoken=True)
    assert spoken.state is State.WARNING
    assert spoken.found.startswith("too quiet: -5")


def test_a_hum_that_drowns_in_speech_is_none() -> None:
    assert judge(pcm(said() + sine(50, 0.002)), HZ, spoken=True).state is State.OK


def test_hardly_any_sound_is_not_judged() -> None:
    for count in (0, HZ // 2 - 1):
        finding = judge(np.ones(count, np.int16), HZ, spoken=False)
        assert (finding.state, finding.found) == (State.WRONG, "hardly any sound came")


def test_levels_are_those_of_the_wave() -> None:
    found = measure(pcm(sine(1000, 0.1) + 100), HZ)

    assert found.loudest == pytest.approx(-20, abs=0.1)
    assert found.peak == pytest.approx(0.1 * 2**0.5 * 32768, abs=2)
    assert found.offset == pytest.approx(100 / 32768, abs=1e-4)
    assert found.hum < 0.01
    assert not found.clipped


def test_silence_has_the_lowest_level() -> None:
    assert (dbfs(0), dbfs(1e-9), dbfs(1)) == (-100, -100, 0)
