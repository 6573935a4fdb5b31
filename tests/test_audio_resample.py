import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio import resample as module
from edgevoice.audio.pcm import DOWNLINK_HZ
from edgevoice.audio.resample import ResampledPull, Resampler
from edgevoice.audio.samples import Samples, to_samples

CARDS = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]
"""Rates that a card may run at."""

MS = 0.001

LOUD = 2_000
"""A tenth of a tone."""


def tone(frequency: float, hz: int, seconds: float = 1.0) -> Samples:
    at = np.arange(round(seconds * hz)) / hz
    return np.round(20_000 * np.sin(2 * np.pi * frequency * at)).astype(np.int16)


def decibels(sound: Samples) -> float:
    """Loudness of the middle of a sound, against that of ``tone``."""
    middle = sound[len(sound) // 10 : -len(sound) // 10].astype(float)
    return float(20 * np.log10(np.std(middle) / (20_000 / 2**0.5) + 1e-9))


def streamed(sound: Samples, source: int, target: int) -> Samples:
    """As a card's blocks of 20 ms come out of a stream."""
    stream, block = Resampler(source, target), source // 50
    starts = range(0, len(sound), block)
    return np.concatenate([through(stream, sound[at : at + block]) for at in starts])


def through(stream: Resampler, block: Samples) -> Samples:
    return to_samples(stream.process(block.tobytes()))


def take(source: ResampledPull, count: int) -> Samples:
    return to_samples(source.take(count))


def resample(sound: Samples, source: int, target: int) -> Samples:
    return to_samples(module.resample(sound.tobytes(), source, target))


class Tape:
    """Plays a sound, then silence; counts the frames that were pulled."""

    def __init__(self, sound: Samples) -> None:
        self._sound = sound
        self.pulled = 0

    def __call__(self, count: int) -> bytes:
        part = self._sound[self.pulled : self.pulled + count].tobytes()
        self.pulled += count
        return part.ljust(2 * count, b"\0") if part else part

    def stop(self) -> None:
        """Silence from the next pull on."""
        self._sound = self._sound[: self.pulled]


def last_loud(sound: Samples) -> int:
    return int(np.flatnonzero(np.abs(sound.astype(int)) > 1)[-1])


# Blocks pushed by a microphone.


@pytest.mark.parametrize("source", CARDS)
def test_a_tone_keeps_its_pitch_its_level_and_its_place(source: int) -> None:
    out = streamed(tone(1000, source), source, 16_000)

    want = tone(1000, 16_000)[: len(out)]
    error = out[1600:-1600].astype(float) - want[1600:-1600]
    assert np.abs(error).max() < 20_000 / 1000


@pytest.mark.parametrize("source", [32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("frequency", [7_900, 8_100, 9_000, 10_000, 13_000, 15_900])
def test_what_16_khz_cannot_carry_is_suppressed_rather_than_folded_down(
    source: int, frequency: int
) -> None:
    assert decibels(streamed(tone(frequency, source), source, 16_000)) < -60


@pytest.mark.parametrize("source", [44_100, 48_000])
def test_speech_up_to_6_khz_passes_unweakened(source: int) -> None:
    assert decibels(streamed(tone(6_000, source), source, 16_000)) > -0.5


@given(
    source=st.sampled_from(CARDS),
    target=st.sampled_from([16_000, 48_000, 44_100]),
    cuts=st.lists(st.integers(0, 9_999), max_size=12),
)
def test_however_a_stream_is_cut_into_blocks_the_sound_is_the_same(
    source: int, target: int, cuts: list[int]
) -> None:
    sound = np.random.default_rng(1).integers(-9000, 9000, 10_000).astype(np.int16)
    at = [0, *sorted(cuts), len(sound)]
    whole = through(Resampler(source, target), sound)

    stream = Resampler(source, target)
    got = np.concatenate([through(stream, sound[a:b]) for a, b in pairwise(at)])

    common = min(len(got), len(whole))
    assert common > 0
    np.testing.assert_allclose(got[:common], whole[:common], atol=2)  # dither


@given(source=st.sampled_from(CARDS), blocks=st.integers(1, 500))
def test_however_long_a_stream_lasts_as_much_comes_out_as_went_in(
    source: int, blocks: int
) -> None:
    block = np.zeros(source // 50, np.int16)
    stream = Resampler(source, 16_000)

    got = sum(len(through(stream, block)) for _ in range(blocks))

    held = blocks * len(block) / source - got / 16_000
    assert 0 <= held < 65 * MS


@pytest.mark.parametrize(
    ("source", "most"), [(96_000, 21), (48_000, 21), (44_100, 22), (32_000, 31)]
)
def test_a_microphone_is_behind_by_no_more_than_is_documented(
    source: int, most: int
) -> None:
    block = np.zeros(source // 50, np.int16)
    stream, got = Resampler(source, 16_000), 0

    for count in range(1, 500):
        got += len(through(stream, block))
        assert count * 0.020 - got / 16_000 < most * MS


def test_after_a_reset_nothing_of_the_old_sound_is_heard() -> None:
    stream = Resampler(24_000, 48_000)
    through(stream, tone(440, 24_000))

    stream.reset()

    assert np.abs(through(stream, np.zeros(24_000, np.int16))).max() <= 1


def test_a_device_with_the_right_rate_is_left_untouched() -> None:
    block = tone(440, 16_000).tobytes()

    assert Resampler(16_000, 16_000).process(block) is block


def test_full_scale_is_clipped_not_wrapped() -> None:
    square = np.where(tone(300, 24_000) > 0, 32767, -32768).astype(np.int16)

    out = streamed(square, 24_000, 48_000)

    assert np.abs(np.diff(out.astype(int))).max() < 60_000
    assert out.max() == 32767


# Blocks pulled by a speaker.


@given(
    hz=st.sampled_from(CARDS),
    counts=st.lists(st.integers(1, 2_000), min_size=1, max_size=40),
)
def test_a_speaker_always_gets_full_blocks(hz: int, counts: list[int]) -> None:
    for sound in (tone(440, DOWNLINK_HZ, 5.0), tone(440, DOWNLINK_HZ, 0)):
        source = ResampledPull(Tape(sound), hz)
        for count in counts:
            assert take(source, count).shape == (count,)


@given(
    hz=st.sampled_from([16_000, 32_000, 44_100, 48_000, 96_000]),
    pause=st.integers(240, 6_000),
    count=st.integers(50, 2_000),
)
def test_words_are_heard_whole_and_without_a_gap_however_long_the_pause_before(
    hz: int, pause: int, count: int
) -> None:
    word = tone(400, DOWNLINK_HZ, 0.2)
    sound = np.concatenate([word, np.zeros(pause, np.int16), word])
    source = ResampledPull(Tape(sound), hz)

    got = np.concatenate([take(source, count) for _ in range(hz // count)])
    got = np.pad(got, 9)

    want = tone(400, hz, 0.2).astype(int)
    rise = int(np.flatnonzero(want > LOUD)[0])
    loud = np.flatnonzero(got > LOUD)
    starts = loud[np.diff(loud, prepend=-hz) > hz // 200]  # a period is 2.5 ms
    assert len(starts) == 2
    for start in starts:
        heard = [got[at : at + len(want)] for at in start - rise + np.arange(-1, 2)]
        assert min(np.abs(part - want).max() for part in heard) < LOUD


@pytest.mark.parametrize("hz", CARDS)
def test_as_much_is_pulled_as_is_handed_out(hz: int) -> None:
    tape = Tape(np.full(20 * DOWNLINK_HZ, 1000, np.int16))
    source, count = ResampledPull(tape, hz), hz // 100

    for blocks in range(1, 2_000):
        take(source, count)
        ahead = tape.pulled / DOWNLINK_HZ - blocks * count / hz
        assert -1 / hz <= ahead < 50 * MS


@pytest.mark.parametrize(
    ("hz", "most"), [(44_100, 8), (48_000, 26), (96_000, 16), (32_000, 16)]
)
@pytest.mark.parametrize("moment", range(100, 110))
def test_talked_over_the_speaker_is_given_silence_within_26_ms(
    hz: int, most: int, moment: int
) -> None:
    tape = Tape(tone(400, DOWNLINK_HZ, 5.0))
    source, count = ResampledPull(tape, hz), hz // 100
    for _ in range(moment):
        take(source, count)

    tape.stop()
    rest = np.concatenate([take(source, count) for _ in range(30)])

    assert last_loud(rest) / hz < most * MS


@pytest.mark.parametrize("hz", [44_100, 48_000])
@pytest.mark.parametrize("length", range(2_400, 2_900, 50))
def test_after_silence_a_sound_is_handed_out_within_15_ms_of_being_pulled(
    hz: int, length: int
) -> None:
    word, pause = tone(400, DOWNLINK_HZ)[:length], 2_400
    tape = Tape(np.concatenate([word, np.zeros(pause, np.int16), word]))
    source, count = ResampledPull(tape, hz), hz // 100

    blocks = [take(source, count)]
    while tape.pulled <= len(word) + pause:
        blocks = [take(source, count)]
    blocks.append(take(source, count))

    rise = int(np.flatnonzero(np.concatenate(blocks) > LOUD)[0])
    assert rise / hz < 15 * MS


def test_in_silence_it_hands_out_nothing_but_zeros() -> None:
    source = ResampledPull(Tape(tone(440, DOWNLINK_HZ, 0.1)), 48_000)

    take(source, 48_000)

    assert not take(source, 48_000).any()


# Whole sounds.


@pytest.mark.parametrize("source", CARDS)
def test_a_whole_sound_keeps_its_length_its_pitch_and_its_place(source: int) -> None:
    out = resample(tone(1000, source), source, 16_000)

    want = tone(1000, 16_000)
    assert len(out) == len(want)
    middle = slice(1600, -1600)
    assert np.abs(out[middle].astype(float) - want[middle]).max() < 20_000 / 1000


@given(source=st.integers(1, 400_000), length=st.integers(0, 500))
def test_any_rate_a_file_may_claim_gives_as_much_sound_as_it_lasts(
    source: int, length: int
) -> None:
    length = min(length, 60 * source)

    out = resample(np.zeros(length, np.int16), source, 16_000)

    assert abs(len(out) - length * 16_000 / source) <= 1


def test_a_card_with_the_right_rate_is_served_without_soxr_and_numpy() -> None:
    code = """
import sys
from edgevoice.audio import devices, microphone, resample, speaker
resample.Resampler(16_000, 16_000).process(bytes(640))
resample.resample(bytes(640), 16_000, 16_000)
assert not {"soxr", "numpy"} & sys.modules.keys()
resample.Resampler(48_000, 16_000)
assert "soxr" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
