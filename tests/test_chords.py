"""The numbers that the drill speaks and hears."""

import numpy as np
import pytest

from edgevoice.audio.pcm import UPLINK_HZ
from tests.chords import chord, numbers


@pytest.mark.parametrize("number", [0, 7, 123, 480, 999])
@pytest.mark.parametrize("hz", [16_000, 24_000])
def test_a_number_is_heard_as_itself(number: int, hz: int) -> None:
    assert set(numbers(chord(number, 0.5, hz), hz)) == {number}


def test_silence_noise_and_a_mixture_are_no_number() -> None:
    hz = UPLINK_HZ
    noise = np.random.default_rng(1).normal(0, 3000, hz).astype(np.int16)

    assert set(numbers(np.zeros(hz, np.int16), hz)) == {None}
    assert set(numbers(noise, hz)) == {None}
    assert set(numbers(chord(111, 1.0, hz) + chord(999, 1.0, hz), hz)) == {None}
