"""When a connection is left; seconds of a clock that the test makes up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.daemon.backoff import STABLE_S
from edgevoice.daemon.rotation import LEAVE_EARLY_S, NEVER, Rotation
from edgevoice.live.closing import Ending, Remedy

TOO_OLD = Ending(
    1011, "Deadline expired before operation could complete.", Remedy.RESUME
)
BROKEN = Ending(0, "the connection broke", Remedy.RESUME)


def test_an_idle_connection_is_left_when_it_is_old_enough() -> None:
    assert Rotation(after=540).window(100.0, None) == (640.0, NEVER)


def test_without_a_limit_it_is_kept_until_the_server_says_otherwise() -> None:
    assert Rotation(after=0).window(100.0, None) == (NEVER, NEVER)


def test_a_warning_opens_the_last_minute_to_pauses_and_ends_before_the_end() -> None:
    window = Rotation(after=0).window(0.0, (500.0, 620.0))

    assert window == (560.0, 610.0)


def test_a_short_warning_leaves_half_of_it() -> None:
    assert Rotation(after=0).window(0.0, (500.0, 506.0)) == (446.0, 503.0)


def test_a_warning_at_once_does_not_make_it_leave_at_once() -> None:
    """Some models say goodbye 300 s ahead, a second after setup."""
    assert Rotation(after=0).window(0.0, (1.0, 301.0)) == (241.0, 291.0)
    assert Rotation(after=0).window(0.0, (1.0, 51.0)) == (STABLE_S, 41.0)


def test_a_token_that_ends_is_an_end_like_others() -> None:
    rotation = Rotation(after=0)
    rotation.credential_ends = 1800.0
    assert rotation.window(100.0, None) == (1740.0, 1790.0)
    assert rotation.window(100.0, (1000.0, 1300.0)) == (1240.0, 1290.0)
    assert Rotation(after=540).window(100.0, None) == (640.0, NEVER)


def test_an_end_that_came_twice_without_a_warning_is_expected() -> None:
    rotation = Rotation(after=0)

    rotation.ended(TOO_OLD, 3481.0, warned=False)
    assert rotation.limit == NEVER, "once may be an accident"
    rotation.ended(TOO_OLD, 3480.0, warned=False)

    assert rotation.window(0.0, None) == (3420.0, 3470.0)


@pytest.mark.parametrize(
    ("ending", "lived", "warned"),
    [
        (BROKEN, 600.0, False),
        (TOO_OLD, 600.0, True),
        (TOO_OLD, 40.0, False),
    ],
)
def test_other_ends_teach_nothing(ending: Ending, lived: float, warned: bool) -> None:
    rotation = Rotation(after=0)

    rotation.ended(ending, lived, warned=warned)
    rotation.ended(ending, lived, warned=warned)

    assert rotation.limit == NEVER


ages = st.floats(0, 4000)


@given(
    after=st.just(0.0) | st.floats(30, 3600),
    limit=st.floats(120, 4000),
    learned=st.booleans(),
    told=st.none() | st.tuples(ages, st.floats(0, 600)),
)
def test_a_connection_is_always_left_before_its_end(
    after: float, limit: float, learned: bool, told: tuple[float, float] | None
) -> None:
    rotation = Rotation(after)
    if learned:
        rotation.ended(TOO_OLD, limit, warned=False)
        rotation.ended(TOO_OLD, limit, warned=False)
    warning = (told[0], told[0] + told[1]) if told else None

    idle, latest = rotation.window(0.0, warning)

    assert idle <= latest
    if warning:
        left = warning[1] - warning[0]
        assert latest <= warning[1]
        assert latest == warning[1] - min(LEAVE_EARLY_S, left / 2)
        assert latest >= warning[0], "never in the past"
    elif learned:
        assert latest < limit
