"""scripts/token-server, between a device and a stand-in for Google's tokens."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edgevoice.daemon.credentials import TokenSource, fetch
from edgevoice.daemon.token_url import NoToken
from edgevoice.simulator import Connected
from tests.evening import evening
from tests.program import ROOT
from tests.token_server import TOKEN, Answering, answering

KEY = "AIzaSy-a-key-of-nobody"
SECRET = "a-secret-of-nobody"


@pytest.fixture
def google() -> Iterator[Answering]:
    with answering() as google:
        google.answer = json.dumps({"name": TOKEN}).encode()
        yield google


@pytest.fixture
def script(google: Answering) -> Iterator[str]:
    """Address of the script, which asks the stand-in."""
    words = ["--port", "0", "--google", google.url]
    with subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "token-server", *words],
        env={"GEMINI_API_KEY": KEY, "TOKEN_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        yield process.stdout.readline().removeprefix("listening on ").strip()
        process.kill()
        said = process.stderr.read()
        assert KEY not in said
        assert SECRET not in said
        assert TOKEN not in said


def source(folder: Path, url: str, secret: str = SECRET) -> TokenSource:
    file = folder / "secret"
    file.write_text(secret)
    file.chmod(0o600)
    return TokenSource((), url, "POST", str(file))


def now() -> float:
    return datetime.now(UTC).timestamp()


async def test_it_gives_a_token_for_one_conversation_with_this_model(
    google: Answering, script: str, tmp_path: Path
) -> None:
    token = await fetch(source(tmp_path, script), now())

    assert token.value == TOKEN
    assert token.life == pytest.approx(1800, abs=5)
    ((method, path, headers, body),) = google.requests
    assert (method, path) == ("POST", "/v1alpha/auth_tokens")
    assert headers["x-goog-api-key"] == KEY
    wanted = json.loads(body)
    begins, ends = (
        datetime.fromisoformat(wanted[name])
        for name in ("newSessionExpireTime", "expireTime")
    )
    assert ends - begins == timedelta(minutes=29)
    assert wanted["uses"] == 1


async def test_who_does_not_know_the_secret_gets_none(
    google: Answering, script: str, tmp_path: Path
) -> None:
    for wrong in ("another", SECRET[:-1]):
        with pytest.raises(NoToken, match="HTTP status 401; check token_secret_file"):
            await fetch(source(tmp_path, script, wrong), now())
    with pytest.raises(NoToken, match="401"):
        await fetch(TokenSource(url=script), now())

    assert google.requests == []


async def test_a_refusal_by_google_is_passed_on_without_the_key(
    google: Answering, script: str, tmp_path: Path
) -> None:
    google.status, google.answer = 400, KEY.encode()

    with pytest.raises(NoToken, match="HTTP status 502"):
        await fetch(source(tmp_path, script), now())


async def test_an_appliance_talks_with_its_tokens(
    google: Answering, script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    secret = source(tmp_path, script).secret_file
    live = {"token_url": script, "token_secret_file": secret}
    async with evening(tmp_path, pace=0, live=live) as here:
        assert (await here.ask())["outcome"] == "answered"
        here.appliance.begin_anew()
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()

    ways = [e.auth for e in here.simulator.journal if isinstance(e, Connected)]
    assert ways == ["token header"] * 2
    assert len(google.requests) == 2


@pytest.mark.sdk
@pytest.mark.filterwarnings("ignore")
async def test_googles_own_client_asks_in_the_same_form(
    google: Answering, script: str, tmp_path: Path
) -> None:
    from google import genai
    from google.genai import types

    await fetch(source(tmp_path, script), now())
    sent = datetime.now(UTC).replace(microsecond=0)
    sdk = genai.Client(
        api_key=KEY,
        http_options=types.HttpOptions(api_version="v1alpha", base_url=google.url),
    )
    model = types.LiveConnectConstraints(model="gemini-3.8-live")
    config = types.CreateAuthTokenConfig(
        uses=1,
        expire_time=sent,
        new_session_expire_time=sent,
        live_connect_constraints=model,
        lock_additional_fields=[],
    )
    await asyncio.to_thread(sdk.auth_tokens.create, config=config)

    ours, theirs = google.requests
    assert ours[:2] == theirs[:2]
    assert headers_of(ours) == headers_of(theirs)
    assert form(ours[3]) == form(theirs[3])


def headers_of(request: tuple[str, str, dict[str, str], bytes]) -> dict[str, str]:
    return {name: request[2][name] for name in ("x-goog-api-key", "content-type")}


def form(body: bytes) -> str:
    """The body with every time blotted out, its fields in order."""
    text = json.dumps(json.loads(body), sort_keys=True)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "TIME", text)
