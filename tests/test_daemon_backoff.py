import random

import pytest

from edgevoice.daemon.backoff import (
    FIRST_S,
    LONGEST_S,
    MOST_A_MINUTE,
    NETWORK,
    REFUSED_LONGEST_S,
    SERVER,
    STABLE_S,
    Backoff,
)


class Most(random.Random):
    """Jitter that takes nothing off."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


class Least(random.Random):
    """Jitter that takes off all it may."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(Most())

    pauses = [backoff.pause(whose=SERVER, lived=0.0) for _ in range(8)]

    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


def test_jitter_takes_off_at_most_half() -> None:
    backoff = Backoff(random.Random(1))
    longest = Backoff(Most())

    for _ in range(50):
        most = longest.pause(whose=SERVER, lived=0.0)
        assert most / 2 <= backoff.pause(whose=SERVER, lived=0.0) <= most


def test_two_that_failed_at_the_same_moment_do_not_come_back_together() -> None:
    assert Backoff().pause(whose=SERVER, lived=0.0) != Backoff().pause(
        whose=SERVER, lived=0.0
    )


def test_a_link_that_lived_long_enough_begins_again_with_the_first_pause() -> None:
    backoff = Backoff(Most())
    for _ in range(5):
        backoff.pause(whose=SERVER, lived=0.0)

    assert backoff.pause(whose=SERVER, lived=STABLE_S) == FIRST_S
    assert backoff.pause(whose=SERVER, lived=0.0) == 2 * FIRST_S


def test_a_link_that_came_up_and_died_at_once_proves_nothing() -> None:
    backoff = Backoff(Most())

    pauses = [backoff.pause(whose=SERVER, lived=STABLE_S - 1) for _ in range(6)]

    assert pauses[-1] == LONGEST_S


def test_after_a_refusal_at_least_a_minute_passes() -> None:
    # A quota that is used up needs that long.
    backoff = Backoff(Least())

    pauses = [backoff.pause(whose=SERVER, lived=0.0, refused=True) for _ in range(4)]

    assert pauses == [60.0, 120.0, 150.0, 150.0]


@pytest.mark.parametrize("refused", [False, True])
def test_it_can_fail_for_years(refused: bool) -> None:
    backoff = Backoff(Most())

    pauses = [
        backoff.pause(whose=SERVER, lived=0.0, refused=refused) for _ in range(10_000)
    ]

    assert pauses[-1] == (REFUSED_LONGEST_S if refused else LONGEST_S)


def test_there_are_never_more_attempts_in_a_minute_than_the_limit() -> None:
    backoff, now, attempts = Backoff(), 0.0, []
    for _ in range(100):
        now = max(now + 0.01, backoff.earliest())  # whatever the reason, at once
        backoff.attempt(now)
        attempts.append(now)

    for begin in attempts:
        assert sum(begin <= at < begin + 60 for at in attempts) <= MOST_A_MINUTE


def test_a_server_that_answers_again_is_not_waited_for_as_long_as_the_network() -> None:
    backoff = Backoff(Most())
    for _ in range(10):
        backoff.pause(whose=NETWORK, lived=0.0)

    assert backoff.pause(whose=SERVER, lived=0.0) == FIRST_S
    assert backoff.pause(whose=NETWORK, lived=0.0) == LONGEST_S
