from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.pcm import Samples
from edgevoice.audio.resample import Resampler, resample

RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]


def tone(frequency: float, hz: int, seconds: float = 1.0) -> Samples:
    at = np.arange(round(seconds * hz)) / hz
    return np.round(20_000 * np.sin(2 * np.pi * frequency * at)).astype(np.int16)


def decibels(sound: Samples) -> float:
    """Loudness of the middle of a sound, against that of ``tone``."""
    middle = sound[len(sound) // 10 : -len(sound) // 10].astype(float)
    return float(20 * np.log10(np.std(middle) / (20_000 / 2**0.5) + 1e-9))


@pytest.mark.parametrize("source", RATES)
@pytest.mark.parametrize("target", [16_000, 24_000, 44_100, 48_000])
def test_a_tone_keeps_its_pitch_its_level_and_its_place(
    source: int, target: int
) -> None:
    out = resample(tone(1000, source), source, target)

    want = tone(1000, target)
    assert len(out) == len(want)
    middle = slice(target // 10, -target // 10)
    error = out[middle].astype(float) - want[middle]
    assert np.abs(error).max() < 20_000 / 1000


@pytest.mark.parametrize("source", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("frequency", [8_500, 9_000, 10_000, 13_000, 17_000, 20_000])
def test_what_16_khz_cannot_carry_is_suppressed_rather_than_folded_down(
    source: int, frequency: int
) -> None:
    assert decibels(resample(tone(frequency, source), source, 16_000)) < -80


@pytest.mark.parametrize("source", [44_100, 48_000])
def test_speech_up_to_7_khz_passes_unweakened(source: int) -> None:
    assert decibels(resample(tone(6_900, source), source, 16_000)) > -1


def test_a_device_with_the_right_rate_is_left_untouched() -> None:
    block = tone(440, 16_000)

    assert Resampler(16_000, 16_000).process(block) is block


@given(
    source=st.sampled_from(RATES),
    target=st.sampled_from([16_000, 48_000, 44_100]),
    cuts=st.lists(st.integers(0, 999), max_size=12),
)
def test_however_a_stream_is_cut_into_blocks_the_sound_is_the_same(
    source: int, target: int, cuts: list[int]
) -> None:
    sound = np.random.default_rng(1).integers(-9000, 9000, 1000).astype(np.int16)
    at = [0, *sorted(cuts), len(sound)]
    whole = Resampler(source, target).process(sound)

    converter = Resampler(source, target)
    parts = [converter.process(sound[a:b]) for a, b in pairwise(at)]

    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1)


@settings(deadline=None)  # the first call makes a table
@given(
    source=st.integers(1, 400_000),
    target=st.sampled_from([16_000, 24_000]),
    length=st.integers(0, 500),
)
def test_any_rate_a_file_may_claim_gives_as_much_sound_as_it_lasts(
    source: int, target: int, length: int
) -> None:
    if length * target / source > 1e6:
        length = int(1e6 * source / target)

    out = resample(np.zeros(length, np.int16), source, target)

    assert abs(len(out) - length * target / source) <= 1


@given(
    target=st.sampled_from([16_000, 44_100, 48_000, 96_000]),
    counts=st.lists(st.integers(1, 500), min_size=1, max_size=30),
)
def test_the_needed_input_always_gives_enough_output_and_not_a_frame_too_much(
    target: int, counts: list[int]
) -> None:
    converter = Resampler(24_000, target)
    for count in counts:
        needed = converter.needed(count)
        got = len(converter.process(np.zeros(needed, np.int16)))
        assert count <= got < count + max(2, target / 24_000)


@pytest.mark.parametrize("source", [44_100, 48_000])
def test_every_20_ms_of_a_card_give_20_ms_at_once(source: int) -> None:
    converter = Resampler(source, 16_000)
    block = np.zeros(source // 50, np.int16)

    assert {len(converter.process(block)) for _ in range(50)} == {320}
    assert converter.delay / source < 0.002


def test_full_scale_is_clipped_not_wrapped() -> None:
    square = np.where(tone(300, 24_000) > 0, 32767, -32768).astype(np.int16)

    out = resample(square, 24_000, 48_000)

    steps = np.abs(np.diff(out.astype(int)))
    assert steps.max() < 60_000
    assert out.max() == 32767
