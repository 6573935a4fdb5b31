"""Which model is asked for; seconds of a clock that the test makes up."""

import pytest

from edgevoice.daemon.fallback import AGAIN_S, Fallback
from edgevoice.live.closing import Ending, classify

MISSING = classify(1008, "models/a is not found for API version v1", resumed=False)
INTERNAL = classify(1011, "Internal error encountered.", resumed=False)
QUOTA = classify(1011, "You exceeded your current quota", resumed=False)
DEADLINE = classify(1011, "Deadline expired before operation could", resumed=False)
BROKEN = classify(0, "the connection broke", resumed=False)


def after(
    models: str, *endings: Ending, lived: float = 0.0, resumed: bool = False
) -> Fallback:
    fallback = Fallback(models)
    for ending in endings:
        fallback.ended(ending, lived, 100.0, resumed=resumed)
    return fallback


def test_a_model_that_is_not_there_gives_way_to_the_next() -> None:
    fallback = Fallback(["a", "b"])

    assert fallback.ended(MISSING, 0.0, 0.0, resumed=False) == "b"
    assert fallback.model == "b"


@pytest.mark.parametrize(
    ("endings", "model"),
    [
        ([INTERNAL], "a"),
        ([INTERNAL, INTERNAL], "b"),
        ([INTERNAL, BROKEN, INTERNAL], "a"),
        ([INTERNAL, INTERNAL, INTERNAL], "b"),
        ([INTERNAL, INTERNAL, INTERNAL, INTERNAL], "c"),
        ([QUOTA, QUOTA], "a"),
        ([DEADLINE, DEADLINE], "a"),
        ([BROKEN] * 5, "a"),
        ([MISSING, MISSING], "c"),
        ([MISSING, MISSING, MISSING], "a"),
    ],
)
def test_two_internal_errors_in_a_row_give_way_too(
    endings: list[Ending], model: str
) -> None:
    assert after("abc", *endings).model == model


def test_a_link_that_lived_or_a_handle_is_no_sign_against_the_model() -> None:
    assert after("ab", INTERNAL, INTERNAL, lived=31.0).model == "a"
    assert after("ab", INTERNAL, INTERNAL, resumed=True).model == "a"


def test_the_last_one_leaves_the_ending_as_it_is() -> None:
    """Else a list of wrong names would be gone through without a pause, for ever."""
    assert Fallback("a").ended(MISSING, 0.0, 0.0, resumed=False) is None
    assert after("ab", MISSING).ended(MISSING, 0.0, 0.0, resumed=False) is None


def test_after_an_hour_a_new_session_tries_the_first_again() -> None:
    fallback = after("ab", MISSING)

    assert not fallback.begin(100.0 + AGAIN_S - 1, resuming=False)
    assert not fallback.begin(100.0 + AGAIN_S, resuming=True)
    assert fallback.model == "b"
    assert fallback.begin(100.0 + AGAIN_S, resuming=False)
    assert fallback.model == "a"
    assert not fallback.begin(100.0 + 2 * AGAIN_S, resuming=False)


def test_a_session_that_goes_on_keeps_its_model_for_the_hour() -> None:
    fallback = Fallback("ab", "b", 100.0)

    assert fallback.model == "b"
    assert not fallback.begin(100.0 + AGAIN_S - 1, resuming=False)
    assert fallback.begin(100.0 + AGAIN_S, resuming=False)


def test_a_model_that_is_in_the_list_no_more_is_not_asked_for() -> None:
    assert Fallback("ab", "c").model == "a"
