import numpy as np
import pytest

from tests.likeness import PIECE, Heard, Sound, compare, is_whole


def words() -> Sound:
    noise = np.random.default_rng(3).normal(0, 3000, 40_000)
    smooth = np.convolve(noise, np.ones(6) / 6, mode="same")
    smooth[15_000:17_000] = 0  # the speaker takes a breath
    return smooth.astype(np.int16)


def silence(frames: int) -> Sound:
    return np.zeros(frames, np.int16)


def recorded(*parts: Sound) -> Sound:
    return np.concatenate([silence(5000), *parts, silence(3000)])


def test_a_sound_is_found_whole() -> None:
    assert compare(words(), recorded(words())) == Heard(0, ())


def test_a_frame_more_or_less_by_a_rate_conversion_is_no_matter() -> None:
    assert compare(words(), recorded(words()[:20_000], words()[20_001:])).missing == 0


@pytest.mark.parametrize("at", [10_000, 16_000, 20 * PIECE])
@pytest.mark.parametrize("frames", [300, 1700])
def test_a_pause_is_told(at: int, frames: int) -> None:
    got = recorded(words()[:at], silence(frames), words()[at:])

    heard = compare(words(), got)

    assert heard.missing == 0
    assert heard.pauses == (frames,)
    assert is_whole(words(), got)


def test_many_pauses_are_too_many() -> None:
    parts = [(words()[i : i + 4000], silence(480)) for i in range(0, 40_000, 4000)]

    assert not is_whole(words(), recorded(*(part for pair in parts for part in pair)))


@pytest.mark.parametrize(
    "got",
    [
        recorded(words()[:20_000], words()[22_400:]),
        recorded(words()[:20_000], words()[17_600:]),
        recorded(words()[:20_000], words()[24_000:28_000], words()[20_000:24_000]),
        recorded(words()[:20_000], silence(2400), words()[22_400:]),
        recorded(words()[:30_000]),
        recorded(silence(40_000)),
        recorded(words()[::-1]),
    ],
    ids=["lost", "twice", "order", "hole", "end", "nothing", "another"],
)
def test_what_is_not_whole_is_told(got: Sound) -> None:
    assert compare(words(), got).missing > 1
    assert not is_whole(words(), got)
