import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio import pcm
from edgevoice.audio.samples import to_samples

SAMPLES = st.lists(st.integers(-32768, 32767), max_size=300)


def bytes_of(*values: int) -> bytes:
    return np.array(values, np.int16).tobytes()


def test_silence_of_a_length_is_one_object() -> None:
    assert pcm.silence(480) is pcm.silence(480)
    assert pcm.silence(480) == bytes(960)


def test_the_level_of_full_scale_is_one_and_of_silence_nothing() -> None:
    assert pcm.level(bytes_of(-32768, -32768)) == 1.0
    assert pcm.level(pcm.silence(9)) == pcm.level(b"") == 0.0


def test_what_is_mixed_saturates_and_never_wraps() -> None:
    mixed = pcm.mix(bytes_of(30_000, -30_000, 5), bytes_of(30_000, -30_000))
    assert mixed == bytes_of(32767, -32768, 5)


def test_what_is_scaled_saturates_too() -> None:
    assert pcm.scale(bytes_of(100, 20_000, -20_000), 2.0) == bytes_of(
        200, 32767, -32768
    )


@given(sound=SAMPLES, length=st.integers(1, 200))
def test_a_fade_touches_only_its_edge_and_never_makes_louder(
    sound: list[int], length: int
) -> None:
    whole = bytes_of(*sound)
    swelling = to_samples(pcm.fade_in(whole, length)).astype(int)
    dying = to_samples(pcm.fade_out(whole, length)).astype(int)

    assert list(swelling[length:]) == sound[length:]
    assert list(dying[: max(0, len(sound) - length)]) == sound[:-length]
    assert np.all(np.abs(swelling) <= np.abs(sound))
    assert np.all(np.abs(dying) <= np.abs(sound))
    assert not sound or swelling[0] == dying[-1] == 0


@given(
    channels=st.integers(1, 8),
    frames=st.lists(
        st.lists(st.integers(-32768, 32767), min_size=8, max_size=8), max_size=20
    ),
)
def test_the_mean_of_any_number_of_channels_is_right_to_one_unit(
    channels: int, frames: list[list[int]]
) -> None:
    sound = np.array([frame[:channels] for frame in frames], np.int16)

    mean = to_samples(pcm.mean(sound.tobytes(), channels)).astype(float)

    assert len(mean) == len(frames)
    for got, frame in zip(mean, sound, strict=True):
        assert got == pytest.approx(frame.astype(float).mean(), abs=1.01)
