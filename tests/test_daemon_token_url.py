"""Tokens from an address: what is asked, what goes wrong, and what never gets out."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.daemon import credentials
from edgevoice.daemon.credentials import TokenSource, fetch
from edgevoice.daemon.token_url import NoToken
from edgevoice.live.closing import Ending, Remedy
from tests.test_bad_network import certificate
from tests.token_server import TOKEN, Answering, answering

NOW = 1_790_000_000.0
SECRET = "a-secret-of-nobody"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("all_proxy", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as server:
        yield server


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return path


async def failure(source: TokenSource) -> Ending:
    with pytest.raises(NoToken) as caught:
        await fetch(source, NOW)
    assert SECRET not in repr(caught.value) + str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value.ending


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_secret_goes_along_in_a_header(
    method: str, server: Answering, secret: Path
) -> None:
    source = TokenSource((), f"{server.url}/t?box=kitchen", method, str(secret))

    token = await fetch(source, NOW)

    assert token.value == TOKEN
    ((asked, path, headers, body),) = server.requests
    assert (asked, path, body) == (method, "/t?box=kitchen", b"")
    assert headers["authorization"] == f"Bearer {SECRET}"
    assert headers["user-agent"].startswith("edgevoice/")


async def test_without_a_secret_none_goes_along(server: Answering) -> None:
    await fetch(TokenSource(url=server.url), NOW)

    assert "authorization" not in server.requests[0][2]


@pytest.mark.parametrize(
    ("status", "remedy", "words"),
    [
        (401, Remedy.REFUSED, "HTTP status 401; check token_secret_file"),
        (403, Remedy.REFUSED, "HTTP status 403; check token_secret_file"),
        (404, Remedy.REFUSED, "HTTP status 404; check token_url"),
        (405, Remedy.REFUSED, "HTTP status 405; check token_url and token_method"),
        (429, Remedy.RESUME, "HTTP status 429"),
        (500, Remedy.RESUME, "HTTP status 500"),
        (503, Remedy.RESUME, "HTTP status 503"),
    ],
)
async def test_a_refusal_says_who_can_mend_it(
    status: int, remedy: Remedy, words: str, server: Answering
) -> None:
    server.status = status

    ending = await failure(TokenSource(url=server.url))

    assert ending.remedy is remedy
    assert words in str(ending)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_since_the_secret_would_go_along(
    status: int, server: Answering, secret: Path
) -> None:
    with answering() as stranger:
        server.status, server.headers = status, {"Location": f"{stranger.url}/x"}

        ending = await failure(TokenSource((), server.url, "GET", str(secret)))

    assert stranger.requests == []
    assert "redirects are not followed" in str(ending)


async def test_what_is_no_token_is_told(server: Answering) -> None:
    server.answer = b"<html>log in</html>"

    ending = await failure(TokenSource(url=server.url))

    assert ending.remedy is Remedy.REFUSED
    assert "what token_url gave is no token" in str(ending)


async def test_nobody_there_and_no_answer_are_the_networks_fault(
    server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = await failure(TokenSource(url="http://127.0.0.1:1"))
    monkeypatch.setattr(credentials, "TIMEOUT_S", 0.3)
    server.go_on.clear()
    silent = await failure(TokenSource(url=server.url))

    assert "cannot be reached: Connection refused; check the network" in str(nobody)
    assert "check the network" in str(silent)
    assert nobody.remedy is silent.remedy is Remedy.RESUME


@pytest.mark.parametrize(
    ("mode", "text", "words"),
    [
        (0o644, SECRET, "can be read by others"),
        (0o640, SECRET, "can be read by others"),
        (0o600, "two words", "holds no secret"),
        (0o600, "", "holds no secret"),
    ],
)
async def test_a_secret_that_is_open_or_none_waits_for_a_person(
    mode: int, text: str, words: str, server: Answering, secret: Path
) -> None:
    secret.write_text(text)
    secret.chmod(mode)

    ending = await failure(TokenSource((), server.url, "POST", str(secret)))

    assert ending.remedy is Remedy.REFUSED
    assert words in str(ending)
    assert server.requests == []


async def test_over_tls_only_a_certificate_that_somebody_vouches_for_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = await asyncio.to_thread(certificate, tmp_path, "127.0.0.1")
    with answering(tls) as server:
        ending = await failure(TokenSource(url=server.url))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "far.pem"))
        token = await fetch(TokenSource(url=server.url), NOW)

    assert "TLS: self-signed certificate; check the clock" in str(ending)
    assert token.value == TOKEN
    assert len(server.requests) == 1
