"""Ephemeral tokens in the life of a whole appliance, in virtual time (see life.py)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from edgevoice.daemon import credentials
from edgevoice.daemon.credentials import TokenSource
from edgevoice.live.token import Token, parse_token
from edgevoice.simulator import connection, server
from edgevoice.simulator.journal import Received
from tests.life import Life
from tests.test_life import live

pytestmark = pytest.mark.timeout(120)

BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NO_RESET = {"idle_reset_minutes": 0}
SOURCE: dict[str, Any] = {"token_command": ["token"], "session": NO_RESET}


def clock() -> datetime:
    """What the simulator's clock shows: it goes with the loop's."""
    return BEGAN + timedelta(seconds=asyncio.get_running_loop().time())


class Mint:
    """Gives tokens that the simulator has issued, with terms in seconds from then."""

    def __init__(self) -> None:
        self.terms: dict[str, float] = {}
        self.tells = False
        """Whether the terms stand in the answer."""
        self.given: list[float] = []
        """Minutes of the life at which each was asked for."""
        self.here: Life | None = None

    async def give(self, source: TokenSource, now: float) -> Token:
        self.given.append(asyncio.get_running_loop().time() / 60)
        if self.here is None:  # the first comes before there is a life
            return Token("auth_tokens/first", 1800.0)
        now = clock().timestamp()
        times = {
            name: (clock() + timedelta(seconds=seconds)).isoformat()
            for name, seconds in self.terms.items()
        }
        name = self.here.simulator.issue_token(times)
        answer = {"name": name, **(times if self.tells else {})}
        return parse_token(msgspec.json.encode(answer), now)


@pytest.fixture(autouse=True)
def mint(monkeypatch: pytest.MonkeyPatch) -> Mint:
    monkeypatch.setattr(server, "utc", clock)
    monkeypatch.setattr(connection, "utc", clock)
    mint = Mint()
    monkeypatch.setattr(credentials, "fetch", mint.give)
    return mint


async def begin(here: Life, mint: Mint) -> None:
    """Go on with a token of the mint; from here on all of them are."""
    mint.here = here
    here.appliance.begin_anew()
    await here.until(lambda: here.appliance.link.generation == 2)
    await here.is_settled()
    mint.given.clear()


async def answers(here: Life) -> None:
    label = await here.say(0.5)
    await here.is_settled()
    assert here.mouth.runs[-1] == label


def refusals(here: Life) -> list[str]:
    """What the server closed connections with."""
    return [refusal.reason for refusal in here.watch.refusals]


def resumed(here: Life) -> list[bool]:
    """Of each connection, whether it came with a handle."""
    got = [e.message for e in here.watch.entries if isinstance(e, Received)]
    setups = [message["setup"] for message in got if "setup" in message]
    return ["handle" in setup["sessionResumption"] for setup in setups]


# -- no attempt is wasted ----------------------------------------------------------


@pytest.mark.parametrize(
    ("tells", "minutes"),
    [
        (False, [9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99, 108, 117]),
        (True, [27, 54, 81, 108]),
    ],
)
def test_two_hours_of_talk_over_connections_and_tokens(
    tells: bool, minutes: list[int], mint: Mint
) -> None:
    """A source that says how long its tokens open connections is asked less often."""

    async def talk_now_and_then(here: Life) -> None:
        mint.terms = {"expireTime": 1800, "newSessionExpireTime": 1800}
        mint.tells = tells
        await begin(here, mint)
        for _ in range(24):
            await answers(here)
            await asyncio.sleep(300)
        assert refusals(here) == []
        assert resumed(here) == [False, False] + [True] * 13
        assert [round(at) for at in mint.given] == minutes

    live(talk_now_and_then, live=SOURCE)


@pytest.mark.parametrize(("after", "new"), [(20, 0), (70, 1)])
def test_a_lost_link_is_resumed_with_a_token_that_still_opens_one(
    after: float, new: int, mint: Mint
) -> None:
    """Tokens of Google's usual terms: one session, to be begun within a minute."""

    async def lose_the_link(here: Life) -> None:
        await begin(here, mint)
        await answers(here)
        await asyncio.sleep(after)
        await here.simulator.drop()
        await answers(here)
        assert resumed(here) == [False, False, True]
        assert refusals(here) == []
        assert len(mint.given) == new

    live(lose_the_link, live=SOURCE)


def test_a_single_use_lasts_for_a_conversation_and_the_next_takes_another(
    mint: Mint,
) -> None:
    async def talk(here: Life) -> None:
        mint.terms = {"expireTime": 1800, "newSessionExpireTime": 1800}
        mint.tells = True
        await begin(here, mint)
        for _ in range(3):  # rotations in mid conversation
            await answers(here)
            await asyncio.sleep(100)
        assert mint.given == []
        here.appliance.begin_anew()
        await here.until(lambda: not here.appliance.handles.resumed)
        await answers(here)
        assert refusals(here) == []
        assert len(mint.given) == 1

    rotating = {**SOURCE, "session": {**NO_RESET, "connection_minutes": 1}}
    live(talk, live=rotating)


# -- a token that is dead sooner than it should be ---------------------------------


def test_a_token_that_opens_nothing_any_more_is_replaced_at_once(mint: Mint) -> None:
    async def lose_the_link(here: Life) -> None:
        mint.terms = {"newSessionExpireTime": 20}
        await begin(here, mint)
        await answers(here)
        await asyncio.sleep(25)
        began = asyncio.get_running_loop().time()
        await here.simulator.drop()
        await answers(here)
        assert asyncio.get_running_loop().time() - began < 10
        assert refusals(here) == ["new_session_expire_time deadline exceeded"]
        assert resumed(here)[-2:] == [True, True], "the handle is kept"
        assert len(mint.given) == 1

    live(lose_the_link, live=SOURCE)


def test_a_token_that_ends_in_mid_question_loses_nothing(mint: Mint) -> None:
    async def talk_over_the_end(here: Life) -> None:
        mint.terms = {"expireTime": 100.3}
        await begin(here, mint)
        await answers(here)
        ended = asyncio.get_running_loop().time() + 99
        while asyncio.get_running_loop().time() < ended:
            await answers(here)
        assert refusals(here) == ["auth token has expired"]
        assert resumed(here) == [False, False, True]
        assert {turn["outcome"] for turn in here.turns()} == {"answered"}

    live(talk_over_the_end, live=SOURCE)


def test_tokens_that_end_sooner_than_they_say_keep_the_session(mint: Mint) -> None:
    async def live_on_short_tokens(here: Life) -> None:
        mint.terms = {"expireTime": 20}
        await begin(here, mint)
        for _ in range(20):
            await answers(here)
            await asyncio.sleep(15)
        assert set(refusals(here)) <= {"auth token has expired", "Token has expired"}
        assert len(refusals(here)) > 10
        assert all(resumed(here)[2:]), "an end of a token is no end of the session"

    live(live_on_short_tokens, live=SOURCE)
