"""The days, whatever the clock does."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.daemon.ledger import MOST_DAYS, Days, Ledger, local_date
from edgevoice.live.usage import Sum

MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)


def turn(money: float) -> Sum:
    return Sum(turns=1, tokens={"input_audio": 10}, money=money)


def test_a_day_adds_up_and_the_next_one_begins_at_nothing() -> None:
    ledger = Ledger(None)
    ledger.add(MONDAY, turn(0.25))
    ledger.add(MONDAY, turn(0.5))

    assert ledger.of(MONDAY) == Sum(turns=2, tokens={"input_audio": 20}, money=0.75)
    assert ledger.spent(MONDAY) == 0.75
    assert ledger.spent(TUESDAY) == 0


def test_a_turn_is_corrected_on_the_day_that_it_had() -> None:
    ledger = Ledger(None)
    ledger.add(MONDAY, turn(0.25))
    ledger.correct(turn(0.5))  # midnight has passed; it is Monday's turn all the same

    assert ledger.of(MONDAY) == turn(0.5)
    assert ledger.of(TUESDAY) == Sum()


def test_a_clock_set_back_over_midnight_pays_nothing_twice() -> None:
    ledger = Ledger(None)
    ledger.add(MONDAY, turn(0.25))
    ledger.add(TUESDAY, turn(0.5))  # the clock was ahead, and is set back now

    assert ledger.spent(MONDAY) == 0.75
    assert ledger.spent(TUESDAY) == 0.5
    assert ledger.of(MONDAY).money == 0.25


def test_a_clock_that_starts_in_1970_neither_frees_nor_spoils_the_real_day() -> None:
    ledger = Ledger(Days({MONDAY: turn(0.5)}))
    ledger.add(date(1970, 1, 1), turn(0.125))

    assert ledger.spent(MONDAY) == 0.5
    assert ledger.kept().days[MONDAY] == turn(0.5)


def test_a_clock_that_was_years_ahead_deletes_nothing_and_blocks_nothing() -> None:
    ledger = Ledger(Days({MONDAY: turn(0.5)}))
    ledger.add(date(2099, 1, 1), turn(9.0))

    assert ledger.spent(MONDAY) == 0.5
    assert MONDAY in ledger.kept().days


def test_the_last_days_are_kept() -> None:
    many = {MONDAY + timedelta(days=n): turn(1) for n in range(MOST_DAYS + 9)}

    kept = Ledger(Days(many)).kept().days

    assert [*kept] == [*many][9:]


def test_the_warning_comes_once_a_day_and_is_remembered() -> None:
    ledger = Ledger(None)

    assert [ledger.warn(MONDAY), ledger.warn(MONDAY)] == [True, False]
    again = Ledger(ledger.kept())
    assert [again.warn(MONDAY), again.warn(TUESDAY)] == [False, True]


DATES = st.dates(date(1970, 1, 1), date(2100, 1, 1))


@given(st.lists(st.tuples(DATES, st.integers(0, 99), st.booleans()), max_size=30))
def test_no_jump_of_the_clock_loses_or_makes_money(
    turns: list[tuple[date, int, bool]],
) -> None:
    ledger = Ledger(None)
    stands: list[int] = []
    for day, cents, corrects in turns:
        if corrects:
            ledger.correct(turn(cents / 100))
            stands[-1:] = [cents] * bool(stands)
        else:
            ledger.add(day, turn(cents / 100))
            stands.append(cents)

    days = ledger.kept().days
    assert sum(day.turns for day in days.values()) == len(stands)
    assert sum(d.money for d in days.values()) == pytest.approx(sum(stands) / 100)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this process, for the test."""
    yield lambda name: monkeypatch.setenv("TZ", name)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("name", "day"),
    [("UTC", 28), ("Pacific/Auckland", 29), ("America/Los_Angeles", 28)],
)
def test_a_day_is_a_local_one_in_the_zone_that_holds_now(
    name: str, day: int, zone: Callable[[str], None]
) -> None:
    noon = datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp()
    zone(name)

    assert local_date(noon) == date(2026, 3, day)


def test_a_day_that_summer_time_shortens_ends_at_its_midnight(
    zone: Callable[[str], None],
) -> None:
    zone("Europe/Berlin")  # 29 March 2026 has 23 hours
    midnight = datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp()

    assert local_date(midnight - 1) == date(2026, 3, 28)
    assert local_date(midnight + 23 * 3600 - 1) == date(2026, 3, 29)
    assert local_date(midnight + 23 * 3600) == date(2026, 3, 30)
