"""What it all costs: today, this conversation, since the start."""

import logging
import time
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from msgspec import Struct, structs, to_builtins

from edgevoice.config import Configuration, model_names
from edgevoice.daemon.ledger import Ledger, local_date
from edgevoice.daemon.ledgerfile import LedgerFile
from edgevoice.live import incoming
from edgevoice.live.usage import (
    OnceATurn,
    Prices,
    Sum,
    bill,
    dearest,
    most_for_next,
    prices_of,
)

log = logging.getLogger(__name__)

WINDOW: Final = 131_072
"""Tokens of the largest context (model pages of the Live API)."""


class Accounts(Struct):
    """Sums that a restart forgets; ``newest`` is the last turn."""

    start: Sum = Sum()
    conversation: Sum = Sum()
    newest: Sum = Sum()


class Purse:
    """Counts for one appliance; loop's thread only.

    Args:
        settings: Model and prices, for what is counted from now on; budget.
        file: Where the days are kept.

    Attributes:
        today: The date where we are.
        model: The model that is spoken to.
    """

    def __init__(self, settings: Configuration, file: LedgerFile) -> None:
        self.settings = settings
        self.file = file
        self.today: Callable[[], date] = lambda: local_date(time.time())
        self.model: Callable[[], str] = lambda: model_names(self.settings.live)[0]
        self._accounts = Accounts()
        self._once = OnceATurn()

    # -- counting ------------------------------------------------------------------

    def take(self, event: incoming.ServerEvent) -> Sum | None:
        """Count what the server bills.

        Returns:
            What the turn comes to, if that is new.
        """
        corrects = self._once.take(event)
        if corrects is None or not isinstance(event, incoming.Usage):
            return None
        turn, accounts, ledger = bill(event, self.prices), self._accounts, self._ledger
        if corrects:
            accounts.start = accounts.start.plus(accounts.newest, -1)
            accounts.conversation = accounts.conversation.plus(accounts.newest, -1)
            ledger.correct(turn)
        else:
            ledger.add(self.today(), turn)
        accounts.start = accounts.start.plus(turn)
        accounts.conversation = accounts.conversation.plus(turn)
        accounts.newest = turn
        self.file.changed()
        self._log(turn)
        return turn

    def forget(self) -> None:
        """A new conversation begins, and its context is empty."""
        self._accounts = Accounts(self._accounts.start)
        self._once = OnceATurn()

    def resume(self) -> None:
        """A conversation goes on whose context is not known: it may be full."""
        trigger = self.settings.live.compression.trigger_tokens
        self._accounts.newest = Sum(tokens={"input_audio": trigger or WINDOW})

    def _log(self, turn: Sum) -> None:
        log.info(
            "a turn of %d tokens: %s; today %s",
            turn.total,
            self.words(turn.money),
            self.words(self.money_today),
            extra={
                "TOKENS": turn.total,
                "MONEY": f"{turn.money:.6f}",
                "MONEY_TODAY": f"{self.money_today:.6f}",
            },
        )

    # -- what it came to -----------------------------------------------------------

    @property
    def _ledger(self) -> Ledger:
        return self.file.ledger

    @property
    def prices(self) -> Prices:
        """Of the model, with what the settings say instead."""
        mine = self.settings.prices
        base = prices_of(self.model()) or dearest()
        names = [n for n in Prices.__struct_fields__ if n != "cached"]
        own = {n: price for n in names if (price := getattr(mine, n)) >= 0}
        return structs.replace(base, cached=mine.cached, **own)

    @property
    def estimate(self) -> bool:
        """Whether the model's prices are not known, and the highest are taken."""
        mine = self.settings.prices
        names = [n for n in Prices.__struct_fields__ if n != "cached"]
        unknown = prices_of(self.model()) is None
        return unknown and any(getattr(mine, name) < 0 for name in names)

    @property
    def money_today(self) -> float:
        """Since midnight."""
        return self._ledger.of(self.today()).money

    @property
    def spent(self) -> float:
        """What counts against the budget; see ``Ledger``."""
        return self._ledger.spent(self.today())

    def words(self, money: float) -> str:
        """A sum for a person: ``1.20 USD``, ``0.012 USD``, ``0.00025 USD``."""
        digits = 2 if money >= 1 else 3 if money >= 0.01 else 5
        return f"{money:.{digits}f} {self.settings.prices.currency}"

    def days(self) -> dict[str, Any]:
        """Every day that is known, as plain JSON, for ``edgevoice usage``."""
        return {
            "currency": self.settings.prices.currency,
            "estimate": self.estimate,
            "today": self.today().isoformat(),
            "days": to_builtins(self._ledger.kept().days, str_keys=True),
        }

    def status(self) -> dict[str, Any]:
        """For ``edgevoice status``: what was spent, and what may be."""
        accounts, daily = self._accounts, self.settings.budget.daily
        hold = self.settings.button.max_hold_s
        return {
            "tokens": _in_short(accounts.start),
            "money": self.money_today,
            "currency": self.settings.prices.currency,
            "estimate": self.estimate,
            "today": to_builtins(self._ledger.of(self.today())),
            "conversation": to_builtins(accounts.conversation),
            "since_start": to_builtins(accounts.start),
            "next_press_at_most": most_for_next(accounts.newest, self.prices, hold),
            "budget": {
                "daily": daily or None,
                "left": round(max(0.0, daily - self.spent), 9) if daily else None,
            },
        }


def _in_short(total: Sum) -> dict[str, int]:
    """Tokens by direction; thoughts are part of the response."""
    prompt = sum(n for kind, n in total.tokens.items() if kind.startswith("input"))
    response = total.total - prompt
    return {"prompt": prompt, "response": response, "total": total.total}
