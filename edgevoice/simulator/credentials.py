# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""Behaviours of the check of ephemeral tokens."""

from typing import Any, ClassVar

import msgspec

from edgevoice.errors import ConfigError
from edgevoice.simulator.behaviour import Behaviour
from edgevoice.simulator.tokens import Tokens, utc, within
from edgevoice.simulator.when import Moment
from edgevoice.simulator.wire import JsonObject


class IssuedTokens(Behaviour):
    """Takes only tokens that it issued itself, in place of any."""

    moment = Moment.CONNECT
    moments: ClassVar[frozenset[Moment]] = frozenset({Moment.CONNECT})

    def terms(self) -> JsonObject | None:
        return None


class TokenTerms(Behaviour):
    """Takes any token, with terms from when it is first seen: token_terms={JSON}."""

    moment = Moment.CONNECT
    moments: ClassVar[frozenset[Moment]] = frozenset({Moment.CONNECT})

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        try:
            self._terms = msgspec.json.decode(value or "{}", type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise ConfigError(
                f"token_terms={value} is no JSON object ({error}); "
                'write token_terms={"uses": 1, "expireTime": 1800}'
            ) from None
        Tokens().issue(within(self._terms, utc()), utc())  # is it of the right form?

    def terms(self) -> JsonObject | None:
        return self._terms
