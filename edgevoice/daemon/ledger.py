"""What each day came to, in tokens and money; it outlives a restart.

A day is the clock's, in local time: an answer that came before midnight belongs to the
day before. A Raspberry Pi has no clock of its own, so that the time may jump at any
moment, in either direction:

* Forward, as when the network tells it after the start: what is counted from then on
  belongs to the right day. What came before stays where it was; it is little, since
  no certificate is valid, and no link comes up, while the clock is far behind.
* Back: the day before may come again, and goes on with its own counts. What was
  counted under tomorrow's date is held against the budget of today, so that no jump
  over midnight pays twice. A date still further ahead is no day of ours: the clock was
  wrong then.

The same holds for summer time, which some places begin at midnight, and for a journey
to another time zone.
"""

import time
from datetime import date, timedelta
from typing import Final

from msgspec import Struct, field

from edgevoice.live.usage import Sum

MOST_DAYS: Final = 400
"""Days that are kept: those that came last, whatever the clock says of their age."""


class Days(Struct, frozen=True):
    """What the file holds.

    Attributes:
        days: What each came to; those without a turn are left out.
        warned: The last day on which the person was warned of the budget.
    """

    days: dict[date, Sum] = field(default_factory=dict)
    warned: date | None = None


def local_date(now: float) -> date:
    """The date where we are.

    Args:
        now: Seconds since the epoch.
    """
    time.tzset()  # somebody may have set another time zone
    return date(*time.localtime(now)[:3])


class Ledger:
    """Adds up the days; loop's thread only.

    Args:
        kept: What the file held.
    """

    def __init__(self, kept: Days | None) -> None:
        kept = kept or Days()
        self._days = dict(kept.days)
        self._warned = kept.warned
        self._newest: tuple[date, Sum] | None = None

    def add(self, today: date, bill: Sum) -> None:
        """A turn of today."""
        self._newest = (today, bill)
        self._days[today] = self.of(today).plus(bill)

    def correct(self, bill: Sum) -> None:
        """The turn that was added last comes to this, on the day that it had."""
        if self._newest is not None:
            day, before = self._newest
            self._days[day] = self.of(day).plus(before, -1)
            self.add(day, bill)

    def of(self, day: date) -> Sum:
        """What a day came to."""
        return self._days.get(day, Sum())

    def spent(self, today: date) -> float:
        """Money that counts against the budget of today."""
        tomorrow = self.of(today + timedelta(days=1)).money
        return round(self.of(today).money + tomorrow, 9)

    def warn(self, today: date) -> bool:
        """Note that the person is warned today; False if that was done."""
        before, self._warned = self._warned, today
        return before != today

    def kept(self) -> Days:
        """What the file is to hold, oldest day first."""
        newest = sorted(self._days.items())[-MOST_DAYS:]
        return Days(dict(newest), self._warned)
