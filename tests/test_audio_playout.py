"""The jitter buffer, pulled by hand as a sound card would."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.pcm import DOWNLINK_HZ
from edgevoice.audio.playout import FADE_S, Heard, Playout
from edgevoice.audio.samples import Samples, to_samples
from edgevoice.audio.startgate import FIRST_S, MORE_S, StartGate

BLOCK = 240
"""Frames in a pull: 10 ms."""
FADE = round(FADE_S * DOWNLINK_HZ)
LOUD = 10_000


REFILL_S = FIRST_S + MORE_S
NOW = 5.0
"""What all comes at has no jitter."""


def sound(seconds: float, value: int = LOUD) -> bytes:
    return np.full(round(seconds * DOWNLINK_HZ), value, np.int16).tobytes()


def pull(playout: Playout, seconds: float) -> tuple[Samples, list[Heard]]:
    """What the card gets in this time, and what its blocks mean."""
    blocks, heard = [], []
    for _ in range(round(seconds * DOWNLINK_HZ / BLOCK)):
        pcm, said = playout.pull(BLOCK)
        assert len(pcm) in (0, 2 * BLOCK)
        if said:
            heard.append(said)
        blocks.append(pcm or bytes(2 * BLOCK))
    return to_samples(b"".join(blocks)), heard


def test_nothing_is_silence() -> None:
    out, heard = pull(Playout(), 0.1)
    assert not out.any()
    assert heard == []


def test_a_response_starts_when_enough_has_gathered() -> None:
    playout = Playout()
    playout.push(sound(FIRST_S - 0.01), NOW)
    assert not pull(playout, 0.1)[0].any()
    playout.push(sound(0.01), NOW)
    out, heard = pull(playout, 0.1)
    assert out.any()
    assert heard == [Heard.STARTED]


def test_a_short_response_starts_as_soon_as_it_is_complete() -> None:
    playout = Playout()
    playout.push(sound(0.05), NOW)
    playout.finish()
    out, heard = pull(playout, 0.1)
    assert np.count_nonzero(out) > 0.04 * DOWNLINK_HZ
    assert heard == [Heard.STARTED, Heard.DRAINED]


def test_the_last_frame_is_played_and_reported_once() -> None:
    playout = Playout()
    playout.push(sound(0.5), NOW)
    playout.finish()
    out, heard = pull(playout, 2.0)
    assert playout.played == 0.5 * DOWNLINK_HZ
    assert np.array_equal(
        out[FADE : int(0.5 * DOWNLINK_HZ)], to_samples(sound(0.5))[FADE:]
    )
    assert heard == [Heard.STARTED, Heard.DRAINED]


def test_finishing_what_was_already_played_is_reported_too() -> None:
    playout = Playout()
    playout.push(sound(0.3), NOW)
    pull(playout, 1.0)
    playout.finish()
    assert pull(playout, 0.1)[1] == [Heard.DRAINED]


def test_an_underrun_fades_out_and_gathers_again() -> None:
    playout = Playout()
    playout.push(sound(0.3), NOW)
    out, heard = pull(playout, 0.6)
    assert playout.underruns == 1
    assert Heard.DRAINED not in heard
    end = int(0.3 * DOWNLINK_HZ)
    assert abs(int(out[end - 1])) < LOUD / 50  # no click
    playout.push(sound(REFILL_S - 0.05), NOW)
    assert not pull(playout, 0.2)[0].any()
    playout.push(sound(0.05), NOW)
    out, heard = pull(playout, 0.2)
    assert abs(int(out[0])) < LOUD / 50  # no click here either
    assert out.any()
    assert heard == []  # it had started before


def test_a_flush_is_silence_after_a_short_fade() -> None:
    playout = Playout()
    playout.push(sound(1.0), NOW)
    pull(playout, 0.5)
    playout.flush()
    out, heard = pull(playout, 0.5)
    assert not out[FADE:].any()
    assert out[:FADE].any()
    assert np.all(np.diff(out[:FADE].astype(int)) <= 0)
    assert heard == []


def test_what_comes_after_a_flush_is_a_new_response() -> None:
    playout = Playout()
    playout.push(sound(1.0), NOW)
    pull(playout, 0.5)
    playout.flush()
    playout.push(sound(0.5, -LOUD), NOW)
    playout.finish()
    out, heard = pull(playout, 1.0)
    assert np.count_nonzero(out[FADE:] > 0) == 0
    assert heard == [Heard.STARTED, Heard.DRAINED]


def test_what_is_held_is_not_heard_until_it_is_released() -> None:
    playout = Playout()
    playout.hold()
    playout.push(sound(1.0), NOW)
    playout.finish()
    out, heard = pull(playout, 0.5)
    assert not out.any()
    assert heard == []
    playout.release()
    assert pull(playout, 1.5)[1] == [Heard.STARTED, Heard.DRAINED]


def test_a_flush_forgets_that_anything_was_held() -> None:
    playout = Playout()
    playout.hold()
    playout.push(sound(1.0), NOW)
    playout.flush()
    playout.push(sound(1.0), NOW)
    assert pull(playout, 0.5)[0].any()


def test_minutes_fit_and_what_does_not_is_counted() -> None:
    playout = Playout(capacity=1.0)
    playout.push(sound(0.8), NOW)
    playout.push(sound(0.8), NOW)
    assert playout.buffered == 1.0
    assert playout.lost == round(0.6 * DOWNLINK_HZ)
    assert Playout().buffered == 0.0


def test_a_chunk_after_the_end_is_played_and_the_end_reported_once() -> None:
    playout = Playout()
    playout.push(sound(0.3), NOW)
    playout.finish()
    pull(playout, 0.1)
    playout.push(sound(0.3), NOW)
    heard = pull(playout, 1.0)[1]
    assert heard == [Heard.DRAINED]
    assert playout.played == round(0.6 * DOWNLINK_HZ)


def test_the_volume_is_squared_and_mute_is_silence() -> None:
    playout = Playout()
    playout.set_volume(50)
    playout.push(sound(1.0), NOW)
    assert pull(playout, 0.1)[0][-1] == LOUD // 4
    playout.set_volume(50, muted=True)
    assert not pull(playout, 0.1)[0].any()


def test_an_earcon_is_heard_at_once_over_a_response() -> None:
    playout = Playout()
    playout.sound(sound(0.05, 1000))
    out, heard = pull(playout, 0.1)
    assert np.count_nonzero(out) == round(0.05 * DOWNLINK_HZ)
    assert heard == []
    playout.push(sound(1.0), NOW)
    pull(playout, 0.1)
    playout.sound(sound(0.05, 30_000))
    assert pull(playout, 0.05)[0].max() == 32767  # saturates, never wraps


def test_sounding_tells_whether_the_loudspeaker_is_heard() -> None:
    playout = Playout()
    assert not playout.sounding
    playout.push(sound(0.3), NOW)
    assert not playout.sounding
    pull(playout, 0.01)
    assert playout.sounding
    playout.finish()
    pull(playout, 0.5)
    assert not playout.sounding


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(1, 9000)),
        st.tuples(st.just("pull"), st.integers(1, 2000)),
        st.tuples(st.sampled_from(("flush", "hold", "release", "finish")), st.just(0)),
    ),
    max_size=60,
)


@given(STEPS)
def test_every_frame_is_played_in_order_or_thrown_away_by_a_flush(
    steps: list[tuple[str, int]],
) -> None:
    playout = Playout(gate=StartGate(0.05))
    played: list[int] = []
    counter = 0
    waiting = 0
    for step, count in [*steps, ("release", 0), ("finish", 0), ("pull", 600_000)]:
        if step == "push":
            # A slow ramp: every frame tells its place (fades only lower it).
            chunk = (np.arange(counter, counter + count) // 20 + 1).astype(np.int16)
            counter += count
            waiting += count
            playout.push(chunk.tobytes(), NOW)
        elif step == "pull":
            before = playout.played
            out = to_samples(playout.pull(count)[0])
            assert playout.played - before <= min(count, waiting)
            waiting -= playout.played - before
            played += [int(x) for x in out[:: max(1, count // 50)] if x]
        else:
            getattr(playout, step)()
            waiting = 0 if step == "flush" else waiting
    assert waiting == 0
    # The fade of what was thrown away may sound over the beginning of the next.
    assert all(0 < value <= 2 * (counter // 20 + 1) for value in played)


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=30))
def test_blocks_of_any_size_play_the_same_sound(sizes: list[int]) -> None:
    playout = Playout()
    whole = (np.arange(sum(sizes)) % 1000 + 1).astype(np.int16)
    playout.push(whole.tobytes(), NOW)
    playout.finish()
    blocks, reports = zip(*map(playout.pull, sizes), strict=True)
    got = to_samples(b"".join(blocks))
    if sizes[0] >= FADE:
        assert np.array_equal(got[FADE:], whole[FADE:])
    assert [bool(report & Heard.DRAINED) for report in reports].count(True) == 1


# -- the last answer again -------------------------------------------------------


def answer(playout: Playout, value: int, seconds: float = 0.5) -> None:
    """A response that is heard to its end."""
    playout.push(sound(seconds, value), NOW)
    playout.finish()
    pull(playout, seconds + 0.1)


def heard_again(playout: Playout) -> Samples:
    assert playout.repeat()
    out, heard = pull(playout, 1.0)
    assert heard[-1] & Heard.DRAINED
    return out[out > 0]


def test_the_last_answer_can_be_heard_again_and_again() -> None:
    playout = Playout()
    answer(playout, 5_000)
    answer(playout, LOUD)

    for _ in range(2):
        again = heard_again(playout)
        assert len(again) > 0.49 * DOWNLINK_HZ
        assert again.max() == LOUD


def test_what_had_arrived_of_a_broken_answer_can_be_heard_again() -> None:
    playout = Playout()
    playout.push(sound(0.4), NOW)
    pull(playout, 0.2)
    playout.flush()

    assert len(heard_again(playout)) > 0.39 * DOWNLINK_HZ


def test_what_was_thrown_away_unheard_is_not_the_last_answer() -> None:
    """It was held, and belonged to a turn that was talked over."""
    playout = Playout()
    answer(playout, LOUD)
    playout.hold()
    playout.push(sound(0.3, 5_000), NOW)
    playout.flush()

    assert heard_again(playout).max() == LOUD


def test_there_may_be_nothing_to_hear_again() -> None:
    playout = Playout()
    assert not playout.repeat()

    answer(playout, LOUD)
    playout.forget()

    assert not playout.repeat()


def test_an_answer_that_nobody_heard_for_want_of_a_speaker_can_be_heard_again() -> None:
    playout = Playout()
    answer(playout, 5_000)
    playout.push(sound(0.3), NOW)
    playout.finish()
    playout.flush()

    assert heard_again(playout).max() == LOUD


# -- a speaker that rests ----------------------------------------------------------


class Wakes:
    """Counts how often a speaker is woken."""

    def __init__(self) -> None:
        self.count = 0
        self.playout = Playout(wake=self)

    def __call__(self) -> None:
        self.count += 1

    def told(self) -> bool:
        """Whether it was woken since the last time."""
        told, self.count = bool(self.count), 0
        return told


def test_a_speaker_is_woken_when_enough_has_gathered_and_not_before() -> None:
    wakes = Wakes()
    wakes.playout.push(sound(FIRST_S - 0.01), NOW)
    assert not wakes.told()
    wakes.playout.push(sound(0.01), NOW)
    assert wakes.told()


def test_a_speaker_that_plays_is_not_woken() -> None:
    wakes = Wakes()
    wakes.playout.push(sound(0.3), NOW)
    pull(wakes.playout, 0.1)
    assert wakes.told()
    wakes.playout.push(sound(0.3), NOW)
    wakes.playout.finish()
    assert not wakes.told()


def test_a_speaker_is_woken_for_the_end_of_what_it_has_played() -> None:
    wakes = Wakes()
    wakes.playout.push(sound(0.3), NOW)
    pull(wakes.playout, 1.0)
    assert wakes.told()
    wakes.playout.finish()
    assert wakes.told()
    assert wakes.playout.pull(BLOCK) == (b"", Heard.DRAINED)


def test_a_speaker_is_woken_for_what_was_held_for_a_signal_and_to_repeat() -> None:
    wakes = Wakes()
    wakes.playout.hold()
    wakes.playout.push(sound(1.0), NOW)
    wakes.playout.finish()
    assert not wakes.told()
    wakes.playout.release()
    assert wakes.told()
    pull(wakes.playout, 2.0)
    wakes.playout.sound(sound(0.1))
    assert wakes.told()
    pull(wakes.playout, 1.0)
    assert wakes.playout.repeat()
    assert wakes.told()


@given(STEPS)
def test_whoever_sleeps_whenever_there_is_nothing_hears_all_the_same(
    steps: list[tuple[str, int]],
) -> None:
    """Were a wake-up lost, nothing would ever be heard again."""
    wakes = Wakes()
    playout, asleep = wakes.playout, False
    for step, count in [*steps, ("release", 0), ("finish", 0), ("pull", 600_000)]:
        if step == "push":
            playout.push(sound(count / DOWNLINK_HZ), NOW)
        elif step != "pull":
            getattr(playout, step)()
        asleep = asleep and not wakes.told()
        if step == "pull" and not asleep:
            asleep = not playout.pull(count)[0]
    assert playout.buffered == 0.0
    assert not playout.complete


def test_a_muted_answer_is_played_to_its_end() -> None:
    playout = Playout()
    playout.set_volume(50, muted=True)
    playout.push(sound(0.3), NOW)
    playout.finish()
    assert playout.pull(BLOCK)[0] == bytes(2 * BLOCK)
    assert pull(playout, 1.0)[1] == [Heard.DRAINED]


# -- the start gate ------------------------------------------------------------------


def test_the_next_response_starts_with_what_the_last_one_taught() -> None:
    playout = Playout()
    for at in range(1500):  # a minute without jitter
        playout.push(sound(0.04), NOW + at * 0.04)
    playout.finish()
    assert playout.prefill == FIRST_S  # of this one, as the journal tells it
    pull(playout, 61.0)

    playout.push(sound(0.16), NOW + 90.0)
    assert FIRST_S > 0.16 >= playout.prefill
    assert pull(playout, 0.1)[1] == [Heard.STARTED]


def test_a_chunk_is_cut_to_whole_frames() -> None:
    playout = Playout()
    playout.push(b"\1\2\3", NOW)
    playout.finish()
    assert playout.buffered == 1 / DOWNLINK_HZ
    assert playout.pull(BLOCK)[1] == Heard.STARTED | Heard.DRAINED
