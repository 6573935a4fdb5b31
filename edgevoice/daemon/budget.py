"""The day's budget: how much of it is gone, and who is told.

What follows from that is decided by the conversation (Rule 1).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from edgevoice.config import Configuration
from edgevoice.conversation import Event
from edgevoice.daemon.news import News
from edgevoice.daemon.purse import Purse
from edgevoice.live import incoming

log = logging.getLogger(__name__)

WARN_AT: Final = 0.8
"""The part of the budget at which the person is warned, once a day."""

LOOK_EVERY_S: Final = 20.0
"""How often midnight, or a clock that was set, is looked for, seconds."""

WARNING_S: Final = 10.0
"""How long the lamp shows the warning, seconds."""


class Budget:
    """Compares what was spent with what may be; loop's thread only.

    Args:
        purse: What was spent; the budget is in its settings.
        tell: Takes what the conversation has to know.
        news: Told what a person should know.
        clock: Loop's clock, seconds.
    """

    def __init__(
        self,
        purse: Purse,
        tell: Callable[[Event], None],
        news: News,
        clock: Callable[[], float],
    ) -> None:
        self.purse = purse
        self._tell = tell
        self._news = news
        self._clock = clock
        self._spent = False
        self._warns_until = float("-inf")

    def take(self, event: incoming.ServerEvent) -> None:
        """Count what the server bills, tell it, and see what is left."""
        turn = self.purse.take(event)
        if turn is not None:
            facts = {"tokens": turn.tokens, "money": turn.money}
            currency = self.purse.settings.prices.currency
            today = self.purse.money_today
            self._news.tell("usage", **facts, today=today, currency=currency)
            self.look()

    def use(self, settings: Configuration) -> None:
        """Take other prices, or another budget."""
        self.purse.settings = settings
        self.look()

    @property
    def error(self) -> str | None:
        """Why no question is taken, and what would mend it; or None."""
        if not self._spent:
            return None
        daily = self.purse.words(self.purse.settings.budget.daily)
        return (
            f"the day's budget of {daily} is spent: wait for midnight, or raise "
            "`daily` in [budget] and give `edgevoice reload`"
        )

    @property
    def shows(self) -> bool:
        """Whether the lamp is to tell of the budget."""
        return self._spent or self._clock() < self._warns_until

    def warn(self) -> float:
        """Have the lamp show the warning; returns for how many seconds."""
        self._warns_until = self._clock() + WARNING_S
        return WARNING_S

    def look(self) -> None:
        """See whether the budget is spent, or nearly; tell if that is new."""
        daily = self.purse.settings.budget.daily
        spent = self.purse.spent if daily else 0.0
        was, self._spent = self._spent, bool(daily) and spent >= daily
        if self._spent is not was:
            self._change(Event.BUDGET_SPENT if self._spent else Event.BUDGET_FREE)
        nearly = bool(daily) and WARN_AT * daily <= spent < daily
        if nearly and self.purse.file.ledger.warn(self.purse.today()):
            self._change(Event.BUDGET_LOW)

    async def keep(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def _change(self, event: Event) -> None:
        self.purse.file.changed(urgent=True)
        level = event.name.removeprefix("BUDGET_").lower()
        facts = self.facts()
        log.log(
            logging.INFO if event is Event.BUDGET_FREE else logging.WARNING,
            "the day's budget is %s: %s of %s",
            {"low": "nearly spent"}.get(level, level),
            self.purse.words(facts["spent"]),
            self.purse.words(facts["daily"]),
            extra={"BUDGET": level, "MONEY_TODAY": f"{self.purse.money_today:.6f}"},
        )
        self._news.tell("budget", state=level, **facts)
        self._tell(event)

    def facts(self) -> dict[str, Any]:
        """Money: what may be spent in a day, and what was."""
        currency = self.purse.settings.prices.currency
        daily = self.purse.settings.budget.daily
        return {"daily": daily, "spent": self.purse.spent, "currency": currency}
