from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from edgevoice.errors import ConfigError
from edgevoice.simulator import Simulator
from edgevoice.simulator.tokens import Tokens, within
from edgevoice.simulator.wire import Refused
from tests.simulator_client import (
    START,
    Client,
    Json,
    dialled,
    handle_of,
    path,
    setup,
    tone,
    transcript_of,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CONSTRAINED = path("v1alpha", "BidiGenerateContentConstrained")
USED = (1011, "Token has been used too many times")
LATE = (1011, "new_session_expire_time deadline exceeded")
EXPIRED = (1011, "Token has expired")
ENDED = (1011, "auth token has expired")
UNKNOWN = (1007, "API key not valid. Please pass a valid API key.")


@asynccontextmanager
async def opened(
    simulator: Simulator, token: str, **fields: object
) -> AsyncIterator[Client]:
    """A connection that has sent its setup."""
    headers = {"Authorization": f"Token {token}"}
    async with dialled(simulator, CONSTRAINED, headers) as client:
        await client.send(setup(**fields))
        yield client


async def talked(simulator: Simulator, token: str, **fields: object) -> list[Json]:
    """One spoken turn on a connection of its own."""
    async with opened(simulator, token, **fields) as client:
        assert await client.receive() == {"setupComplete": {}}
        await client.speak(tone(0.1))
        return await client.turn()


async def refusal(simulator: Simulator, token: str, **fields: object) -> object:
    async with opened(simulator, token, **fields) as client:
        return await client.closed()


async def test_a_token_opens_one_session_which_may_be_resumed() -> None:
    async with Simulator(pace=0) as simulator:
        token = simulator.issue_token()
        assert token.startswith("auth_tokens/")
        resume = {"handle": handle_of(await talked(simulator, token))}
        assert await refusal(simulator, token) == USED
        assert await talked(simulator, token, sessionResumption=resume)


@pytest.mark.parametrize("uses", [2, 0])
async def test_a_token_may_open_more(uses: int) -> None:
    async with Simulator(pace=0) as simulator:
        token = simulator.issue_token({"uses": uses})
        for _ in range(uses or 3):
            await talked(simulator, token)
        if uses:
            assert await refusal(simulator, token) == USED


def in_seconds(**seconds: float) -> Json:
    return within(dict(seconds), datetime.now(UTC))


async def test_a_token_that_is_too_old_opens_nothing_and_resumes_nothing() -> None:
    async with Simulator(pace=0) as simulator:
        fresh = simulator.issue_token()
        resume = {"handle": handle_of(await talked(simulator, fresh))}
        for fields in ({}, {"sessionResumption": resume}):
            late = simulator.issue_token(in_seconds(newSessionExpireTime=-1))
            assert await refusal(simulator, late, **fields) == LATE
            expired = simulator.issue_token(in_seconds(expireTime=-1))
            assert await refusal(simulator, expired, **fields) == EXPIRED
        another = simulator.issue_token()
        assert await talked(simulator, another, sessionResumption=resume)


async def test_the_end_of_a_token_ends_its_session() -> None:
    async with Simulator(pace=0) as simulator:
        token = simulator.issue_token(in_seconds(expireTime=0.5))
        async with opened(simulator, token) as client:
            assert await client.closed() == ENDED


async def test_a_token_that_was_not_issued_is_taken_unless_that_is_asked_for() -> None:
    async with Simulator(pace=0) as simulator:
        assert await talked(simulator, "auth_tokens/any")
    async with Simulator(pace=0, behaviours=["issued_tokens"]) as simulator:
        assert await refusal(simulator, "auth_tokens/any") == UNKNOWN
        assert await talked(simulator, simulator.issue_token())


async def test_any_token_may_get_terms_when_it_is_first_seen() -> None:
    terms = 'token_terms={"uses": 2, "expireTime": 60, "newSessionExpireTime": 60}'
    async with Simulator(pace=0, behaviours=[terms]) as simulator:
        for token in ("auth_tokens/one", "auth_tokens/other"):
            await talked(simulator, token)
            await talked(simulator, token)
            assert await refusal(simulator, token) == USED


async def test_a_token_is_no_key_even_if_it_was_issued() -> None:
    async with Simulator(pace=0) as simulator:
        headers = {"x-goog-api-key": simulator.issue_token()}
        async with dialled(simulator, headers=headers) as client:
            assert await client.closed() == UNKNOWN


async def test_what_the_token_fixes_replaces_what_the_client_sends() -> None:
    fixed = {"model": "models/gemini-3.8-live", "outputAudioTranscription": {}}
    request = {
        "bidiGenerateContentSetup": fixed,
        "fieldMask": "model,output_audio_transcription,generationConfig.temperature",
    }
    async with Simulator(pace=0) as simulator:
        token = simulator.issue_token(request)
        sent = {"model": "models/nonsense", "outputAudioTranscription": None}
        turn = await talked(simulator, token, **sent)
    assert transcript_of(turn) == "You spoke for 0.1 seconds."


async def test_without_a_mask_the_whole_setup_is_fixed() -> None:
    request = {"bidiGenerateContentSetup": {"model": "models/gemini-3.8-live"}}
    async with Simulator(pace=0) as simulator:
        token = simulator.issue_token(request)
        async with opened(simulator, token) as client:
            await client.receive()
            await client.send(START)  # the detection is not disabled: that was ignored
            code, reason = await client.closed()
    assert code == 1007
    assert reason.startswith("Explicit activity control is not supported")


def test_a_mask_reaches_single_fields() -> None:
    tokens = Tokens()
    fixed = {"generationConfig": {"temperature": 1.0, "topK": 3}}
    name = tokens.issue(
        {
            "bidiGenerateContentSetup": fixed,
            "fieldMask": "generationConfig.temperature,generation_config.top_p",
        },
        NOW,
    )
    token = tokens.find(name)
    assert token is not None
    sent = {"generationConfig": {"temperature": 0.2, "topP": 0.5, "topK": 7}}
    assert token.constrain(sent) == {
        "generationConfig": {"temperature": 1.0, "topK": 7}
    }


def test_a_token_lives_half_an_hour_and_opens_sessions_for_a_minute() -> None:
    tokens = Tokens()
    token = tokens.find(tokens.issue({}, NOW))
    assert token is not None
    token.check(NOW + timedelta(seconds=59))
    with pytest.raises(Refused, match="new_session_expire_time"):
        token.check(NOW + timedelta(seconds=60))
    with pytest.raises(Refused, match="Token has expired"):
        token.check(NOW + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"expireTime": "2026-11-22T06:00:01Z"}, "Maximum lifetime is 20h"),
        ({"expireTime": "2026-11-22T01:00:00"}, "need a zone"),
        ({"liveConnectConstraints": {}}, "liveConnectConstraints"),
        ({"bidiGenerateContentSetup": {"config": {}}}, 'Unknown name "config"'),
    ],
)
def test_a_request_of_the_wrong_form_is_refused(request_: Json, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Tokens().issue(request_, NOW)
