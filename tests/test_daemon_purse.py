"""What is counted, at which price, and what the next press costs."""

import contextlib
import tempfile
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import Configuration
from edgevoice.daemon.ledgerfile import LedgerFile
from edgevoice.daemon.purse import Purse
from edgevoice.errors import RemoteProtocolError
from edgevoice.live.decoding import decode
from edgevoice.live.incoming import Audio, SetupComplete, TurnComplete, Usage
from tests.server_messages import HUGE, damaged, wire

TURN = Usage(prompt=1000, response=100, total=1100)
KINDS = ("input_text", "input_audio", "input_image", "output_text")


def settings(**tables: dict[str, object]) -> Configuration:
    return msgspec.convert(tables, Configuration)


@pytest.fixture
def purse(tmp_path: Path) -> Purse:
    purse = Purse(settings(), LedgerFile(tmp_path))
    purse.today = lambda: date(2026, 11, 23)
    return purse


def test_a_turn_that_is_told_twice_is_counted_once_everywhere(purse: Purse) -> None:
    for event in (SetupComplete(), Audio(b"\0\0"), Usage(prompt=1), TurnComplete()):
        purse.take(event)
    turn = purse.take(TURN)

    assert turn is not None
    status = purse.status()
    for name in ("today", "conversation", "since_start"):
        assert status[name] == msgspec.to_builtins(turn), name
    assert status["tokens"] == {"prompt": 1000, "response": 100, "total": 1100}
    assert status["money"] == turn.money == (1000 * 3 + 100 * 12) / 1e6


def test_a_new_conversation_begins_at_nothing_and_with_an_empty_context(
    purse: Purse,
) -> None:
    empty = purse.status()["next_press_at_most"]
    purse.take(TURN)
    assert purse.status()["next_press_at_most"] > empty > 0

    purse.forget()

    status = purse.status()
    assert status["next_press_at_most"] == empty
    assert status["conversation"]["turns"] == 0
    assert status["since_start"]["turns"] == 1


def test_of_a_conversation_that_was_resumed_the_context_may_be_full(
    purse: Purse,
) -> None:
    empty = purse.status()["next_press_at_most"]
    purse.resume()

    more = purse.status()["next_press_at_most"] - empty
    assert more == pytest.approx(16_000 * 3 / 1e6)


def test_the_prices_of_the_settings_go_before_the_built_in_ones(purse: Purse) -> None:
    purse.settings = settings(prices={"output_audio": 0, "cached": 0.5})

    assert purse.prices.output_audio == 0
    assert purse.prices.cached == 0.5
    assert purse.prices.input_audio == 3


def test_a_model_that_is_not_known_is_an_estimate_until_all_prices_are_set(
    purse: Purse,
) -> None:
    assert not purse.estimate
    unknown: dict[str, object] = {"model": "gemini-9-live"}
    purse.settings = settings(live=unknown, prices={"output_audio": 1})
    assert purse.estimate
    assert purse.days()["estimate"] is True

    prices = {**dict.fromkeys(KINDS, 1), "output_audio": 1}
    purse.settings = settings(live=unknown, prices=prices)
    assert not purse.estimate


def test_a_model_that_takes_the_place_of_another_has_its_own_prices(
    purse: Purse,
) -> None:
    purse.settings = settings(live={"model": ["gemini-3.8-live", "gemini-9-live"]})
    assert not purse.estimate

    purse.model = lambda: "gemini-9-live"
    assert purse.estimate


def test_the_budget_of_the_status_is_what_is_left(purse: Purse) -> None:
    assert purse.status()["budget"] == {"daily": None, "left": None}
    purse.take(TURN)
    purse.settings = settings(budget={"daily": 0.01})
    assert purse.status()["budget"] == {"daily": 0.01, "left": 0.0058}
    purse.settings = settings(budget={"daily": 0.001})
    assert purse.status()["budget"]["left"] == 0


@pytest.mark.parametrize(
    ("money", "words"),
    [(0, "0.00000 USD"), (0.012, "0.012 USD"), (1.2, "1.20 USD")],
)
def test_small_sums_have_more_digits(purse: Purse, money: float, words: str) -> None:
    assert purse.words(money) == words


@given(damaged())
def test_whatever_the_server_says_of_tokens_can_be_counted(message: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        purse = Purse(settings(), LedgerFile(Path(folder)))
        with contextlib.suppress(RemoteProtocolError):
            for event in decode(wire(message)):
                purse.take(event)

        assert 0 <= purse.money_today < 1e9


@given(st.lists(st.integers(min_value=-1) | st.sampled_from(HUGE), max_size=4))
def test_no_count_of_tokens_is_too_large_for_money(counts: list[int]) -> None:
    names = ("promptTokenCount", "responseTokenCount", "thoughtsTokenCount")
    usage = dict(zip(names, counts, strict=False))
    with tempfile.TemporaryDirectory() as folder:
        purse = Purse(settings(), LedgerFile(Path(folder)))
        for event in decode(wire({"usageMetadata": usage})):
            purse.take(event)

        assert 0 <= purse.money_today < 1e9
