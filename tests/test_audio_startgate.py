"""How much is gathered before a start, against traces of chunks as they came."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.startgate import FIRST_S, LEAST_S, MORE_S, MOST_S, StartGate

MS = 0.001
PIECE = 40 * MS

Trace = list[tuple[float, float]]
"""When each chunk came, and how long it is, seconds."""


def steady(seconds: float, jitter: Callable[[], float] = lambda: 0.0) -> Trace:
    """Chunks of 40 ms in real time, each late by its jitter, none before another."""
    sent = [index * PIECE for index in range(round(seconds / PIECE))]
    times = accumulate((at + jitter() for at in sent), max)
    return [(time, PIECE) for time in times]


def stalled(trace: Trace, at: float, length: float) -> Trace:
    """The same, with nothing between ``at`` and then, and all of it at its end."""
    return [(max(t, at + length) if t >= at else t, size) for t, size in trace]


def learn(gate: StartGate, trace: Trace) -> None:
    for time, duration in trace:
        gate.arrived(duration, time)
    gate.ended()


@dataclass
class Heard:
    """What a person hears of a response.

    Attributes:
        delay: From the first chunk to the first sound, seconds.
        underruns: How often it ran dry.
    """

    delay: float = 0.0
    underruns: int = 0
    _until: float = field(default=-1.0, repr=False)


def play(trace: Trace, prefill: float, refill: float = MOST_S) -> Heard:
    """Play a trace with a constant gate."""
    heard, gathered, playing = Heard(), 0.0, False
    for index, (time, duration) in enumerate(trace):
        if playing and time > heard._until + 1e-9:
            heard.underruns += 1
            playing, gathered = False, 0.0
        gathered += duration
        heard._until += duration
        wanted = refill if heard.underruns else prefill
        if not playing and (gathered >= wanted - 1e-9 or index == len(trace) - 1):
            playing, heard._until = True, time + gathered
            heard.delay = heard.delay or time - trace[0][0]
    return heard


def within(most: float) -> Callable[[], float]:
    chance = random.Random(1)
    return lambda: chance.uniform(0, most)


def test_what_knows_nothing_begins_where_most_networks_do_well() -> None:
    assert StartGate().prefill == FIRST_S
    assert StartGate().refill == FIRST_S + MORE_S


def test_a_late_chunk_raises_it_at_once_by_what_playing_should_have_waited() -> None:
    gate = StartGate(LEAST_S)
    trace = steady(4.0)
    trace[50] = (trace[50][0] + 200 * MS, PIECE)
    learn(gate, trace)

    assert 200 * MS <= gate.prefill <= 240 * MS


def test_one_lucky_answer_takes_it_down_by_little() -> None:
    gate = StartGate(MOST_S)
    learn(gate, steady(8.0))

    assert 0.9 * MOST_S < gate.prefill < MOST_S


def test_many_take_it_to_the_least() -> None:
    gate = StartGate(MOST_S)
    for _ in range(100):
        learn(gate, steady(8.0))

    assert gate.prefill == pytest.approx(LEAST_S, abs=1 * MS)


def test_a_long_answer_says_as_much_as_many_short_ones() -> None:
    one, many = StartGate(), StartGate()
    learn(one, steady(60.0))
    for _ in range(60):
        learn(many, steady(1.0))

    assert one.prefill == pytest.approx(many.prefill)


@pytest.mark.parametrize("length", [0.7, 3.0, 60.0])
def test_a_stall_teaches_nothing(length: float) -> None:
    gate, quiet = StartGate(), StartGate()
    learn(gate, stalled(steady(8.0), at=4.0, length=length))
    learn(quiet, steady(8.0))

    assert gate.prefill == quiet.prefill


def test_jitter_after_a_stall_is_seen_all_the_same() -> None:
    gate = StartGate(LEAST_S)
    trace = stalled(steady(8.0), at=4.0, length=3.0)
    trace += [(time + 20.0, size) for time, size in stalled(steady(4.0), 2.0, 0.2)]
    learn(gate, trace)

    assert gate.prefill >= 0.16


def test_a_fast_server_needs_little_whatever_the_jitter() -> None:
    gate = StartGate(LEAST_S)
    jitter = within(150 * MS)
    learn(gate, [(at / 25 + jitter(), 500 * MS) for at in range(20)])

    assert gate.prefill == LEAST_S


def test_a_small_first_chunk_is_not_waited_for_longer_than_for_the_second() -> None:
    gate = StartGate(LEAST_S)
    late = [(300 * MS + time, size) for time, size in steady(4.0)]
    learn(gate, [(0.0, 10 * MS), *late])

    assert gate.prefill == LEAST_S


def test_a_first_chunk_that_is_late_itself_hides_no_jitter() -> None:
    gate = StartGate(LEAST_S)
    delays = iter([120 * MS, *[0.0] * 59, 100 * MS, *[0.0] * 39])
    learn(gate, steady(4.0, lambda: next(delays)))

    assert gate.prefill >= 100 * MS


def test_after_an_underrun_it_gathers_more_than_what_was_too_little() -> None:
    gate = StartGate(LEAST_S)
    for time, duration in stalled(steady(4.0), at=2.0, length=200 * MS):
        gate.arrived(duration, time)

    assert gate.prefill == LEAST_S  # in force until the end
    assert gate.refill >= 200 * MS + MORE_S


def test_where_nothing_came_nothing_is_learnt() -> None:
    gate = StartGate()
    gate.ended()

    assert gate.prefill == FIRST_S


CHUNKS = st.lists(
    st.tuples(st.floats(0, 0.6), st.floats(0.005, 1.0)), min_size=1, max_size=60
)
"""Pause before, and length."""


@given(responses=st.lists(CHUNKS, max_size=5))
def test_it_never_leaves_its_bounds(responses: list[list[tuple[float, float]]]) -> None:
    gate = StartGate()
    for response in responses:
        learn(gate, list(traced(response)))
        assert LEAST_S <= gate.prefill <= gate.refill <= MOST_S


def traced(chunks: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    now = 0.0
    for pause, duration in chunks:
        now += pause
        yield now, duration


@given(chunks=CHUNKS)
def test_with_what_a_response_needed_it_would_have_played_without_a_gap(
    chunks: list[tuple[float, float]],
) -> None:
    trace = list(traced(chunks))
    gate = StartGate(LEAST_S)
    learn(gate, trace)

    if gate.prefill < MOST_S and not has_a_stall(trace):
        assert play(trace, gate.prefill).underruns == 0


def has_a_stall(trace: Trace) -> bool:
    gathered = 0.0
    for time, duration in trace:
        if time - trace[0][0] - gathered > 0.5:
            return True
        gathered += duration
    return False


@pytest.mark.parametrize(
    ("jitter", "sooner"), [(0, 170), (50, 130), (150, 50), (300, -30)]
)
def test_it_answers_sooner_than_a_constant_and_runs_dry_hardly_more_often(
    jitter: int, sooner: int
) -> None:
    late = within(jitter * MS)
    traces = [steady(2.0 + index % 7 * 2, late) for index in range(100)]
    gate = StartGate()
    adaptive = []
    for trace in traces:
        adaptive.append(play(trace, gate.prefill))
        learn(gate, trace)
    constant = [play(trace, FIRST_S) for trace in traces]

    gained = sum(heard.delay for heard in constant) - sum(h.delay for h in adaptive)
    assert gained / len(traces) > sooner * MS
    more = sum(h.underruns for h in adaptive) - sum(h.underruns for h in constant)
    assert more <= 0.03 * len(traces)
