"""The way to the server, against the real simulator, with each of its refusals."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgevoice.config import Configuration
from edgevoice.daemon import calling
from edgevoice.daemon.credentials import TokenSource
from edgevoice.daemon.server import server_of
from edgevoice.doctor import server
from edgevoice.doctor.finding import Finding, State
from edgevoice.doctor.server import check_server, check_token
from edgevoice.live import endpoint
from edgevoice.live.outgoing import SessionOptions
from edgevoice.simulator import Connected, Simulator

KEY = "AIzaSy-a-key-of-nobody"
TOKEN = "auth_tokens/0123456789abcdef"
NAMES = ["dns", "tcp", "tls", "clock", "session"]
HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("all_proxy", "https_proxy", "wss_proxy", "socks_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def findings(url: str, key: str | None = KEY) -> dict[str, Finding]:
    address = endpoint.url(url, "v1beta", KEY)
    options = server_of(Configuration(), "").options
    found = await asyncio.to_thread(check_server, address, key, options)
    assert [finding.name for finding in found] == NAMES
    assert KEY not in str(found)
    return {finding.name: finding for finding in found}


def states(found: dict[str, Finding]) -> list[State]:
    return [found[name].state for name in NAMES]


def tls(folder: Path, start: str, end: str) -> ssl.SSLContext:
    """A certificate for this machine that is good between two times."""
    (folder / "ca.conf").write_text(
        f"[ca]\ndefault_ca=c\n[c]\ndatabase={folder}/index\nserial={folder}/serial\n"
        f"new_certs_dir={folder}\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n"
        "[p]\ncommonName=supplied\n[x]\nbasicConstraints=CA:true\n"
        f"subjectAltName=IP:{HERE}\n[req]\ndistinguished_name=d\n[d]\n"
    )
    (folder / "index").touch()
    (folder / "serial").write_text("01")
    for words in (
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=here "
        "-config ca.conf -keyout key -out request",
        f"ca -batch -selfsign -config ca.conf -keyfile key -in request -out pem "
        f"-startdate {start} -enddate {end}",
    ):
        command = ["openssl", *words.split()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "pem", folder / "key")
    return context


@contextmanager
def deaf() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server((HERE, 0)) as listener:
        yield listener.getsockname()[1]


async def test_a_key_that_is_taken_is_told_with_the_model_and_the_time() -> None:
    async with Simulator(pace=0) as simulator:
        found = await findings(simulator.url)
        assert isinstance(simulator.journal[0], Connected)
    assert states(found) == ["skipped", "skipped", "skipped", "ok", "ok"]
    assert found["session"].found.startswith(
        "the server took the key and gemini-3.8-live in "
    )
    assert found["clock"].found.endswith("as the server's")


@pytest.mark.parametrize(
    ("behaviour", "words", "cure"),
    [
        ("close=key_invalid@setup", "API key not valid. Please", "check the API key"),
        ("close=key_expired@setup", "API key expired", "check the API key"),
        ("close=no_such_model@setup", "is not found for API", "check `model` in"),
        ("close=quota@setup", "exceeded your current quota", "raise the quota"),
        ("close=unknown_name@setup", "Invalid JSON payload", "check [live]"),
        ("close=internal@setup", "Internal error encountered. (1011)", "some minutes"),
        ("refuse=403", "HTTP status 403", "check the API key"),
        ("refuse=404", "HTTP status 404", "check `endpoint`"),
        ("refuse=429", "HTTP status 429", "raise the quota"),
        ("refuse=503", "HTTP status 503", "some minutes"),
        ("drop@setup", "the connection broke", "some minutes"),
    ],
)
async def test_each_refusal_has_its_cure(behaviour: str, words: str, cure: str) -> None:
    async with Simulator(pace=0, behaviours=[behaviour]) as simulator:
        found = await findings(simulator.url)
    session = found["session"]
    assert session.state is State.WRONG
    assert words in session.found
    assert cure in session.cure


async def sessions(url: str, *models: str) -> list[Finding]:
    address = endpoint.url(url, "v1beta", KEY)
    options = SessionOptions(model=models[0])
    found = await asyncio.to_thread(check_server, address, KEY, options, models[1:])
    return [finding for finding in found if finding.name == "session"]


async def test_a_list_of_models_is_as_good_as_the_first_that_is_there() -> None:
    async with Simulator(pace=0, behaviours=["close=no_such_model@link1.setup"]) as one:
        first, second = await sessions(one.url, "wrong", "gemini-3.8-live", "unasked")

    assert (first.state, second.state) == (State.WARNING, State.OK)
    assert "is not found" in first.found
    assert "took the key and gemini-3.8-live in " in second.found


async def test_a_list_of_models_of_which_none_is_there_is_wrong() -> None:
    async with Simulator(pace=0, behaviours=["close=no_such_model@setup"]) as one:
        found = await sessions(one.url, "wrong", "bad")

    assert [one.state for one in found] == [State.WRONG, State.WRONG]


async def test_a_bad_key_is_tried_with_the_first_model_only() -> None:
    async with Simulator(pace=0, behaviours=["close=key_invalid@setup"]) as one:
        found = await sessions(one.url, "gemini-3.8-live", "simulator")

    assert [one.state for one in found] == [State.WRONG]


async def test_a_server_that_never_completes_the_setup_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "SETUP_TIMEOUT_S", 0.1)
    async with Simulator(pace=0, behaviours=["mute@setup"]) as simulator:
        found = await findings(simulator.url)
    assert found["session"].state is State.WRONG
    assert "did not complete the setup in time" in found["session"].found


async def test_one_that_takes_the_call_and_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "OPEN_TIMEOUT_S", 0.2)
    monkeypatch.setattr(calling, "OPEN_TIMEOUT_S", 0.2)
    with deaf() as port:
        found = await findings(f"ws://{HERE}:{port}")
        assert found["session"].found == "the server does not answer"
        found = await findings(f"wss://{HERE}:{port}")
        assert states(found)[2:] == ["wrong", "ok", "skipped"]


async def test_a_token_is_fetched_as_the_daemon_fetches_it() -> None:
    token, found = await asyncio.to_thread(
        check_token, TokenSource(command=("echo", TOKEN))
    )
    assert token == TOKEN
    assert (found.name, found.state) == ("key", State.OK)
    assert TOKEN not in str(found)

    token, found = await asyncio.to_thread(check_token, TokenSource(command=("false",)))
    assert token is None
    assert found.state is State.WRONG
    assert found.found == "token_command failed with exit status 1"
    assert "run it by hand" in found.cure


async def test_without_a_key_the_way_is_tried_all_the_same() -> None:
    async with Simulator(pace=0) as simulator:
        found = await findings(simulator.url, key=None)
        assert not [e for e in simulator.journal if isinstance(e, Connected)]
    assert states(found) == ["skipped", "skipped", "skipped", "ok", "skipped"]


async def test_nobody_there_ends_the_way() -> None:
    with socket.create_server((HERE, 0)) as listener:
        port = listener.getsockname()[1]
    found = await findings(f"wss://{HERE}:{port}")
    assert states(found) == ["ok", "wrong", "skipped", "ok", "skipped"]
    assert found["tcp"].found == "cannot connect: Connection refused"
    assert found["tcp"].cure == "check the network"


async def test_a_name_that_nobody_knows_ends_the_way_at_its_first_step() -> None:
    found = await findings("wss://nowhere.invalid")
    assert states(found) == ["wrong", "skipped", "skipped", "ok", "skipped"]
    assert found["dns"].found.startswith("nowhere.invalid has no address: ")
    assert found["dns"].cure.startswith("check the network")


async def test_a_good_certificate_is_told_with_its_maker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tls(tmp_path, "20200101000000Z", "20990101000000Z")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pem"))
    async with Simulator(pace=0, tls=good) as simulator:
        found = await findings(simulator.url)
    assert states(found) == ["ok"] * 5
    assert found["tls"].found == "TLSv1.3, certificate by here"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("20900101000000Z", "20990101000000Z", "certificate is not yet valid; it is "),
        ("20000101000000Z", "20010101000000Z", "certificate has expired; it is "),
    ],
)
async def test_a_certificate_out_of_its_time_is_blamed_on_the_clock(
    start: str, end: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = tls(tmp_path, start, end)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pem"))
    async with Simulator(pace=0, tls=context) as simulator:
        found = await findings(simulator.url)
    assert states(found) == ["ok", "ok", "wrong", "ok", "skipped"]
    assert found["tls"].found.startswith(words)
    assert found["tls"].found.endswith(" UTC here")
    assert found["tls"].cure.startswith("set the clock: ")


async def test_a_certificate_that_nobody_vouches_for_hints_at_a_login_page(
    tmp_path: Path,
) -> None:
    stranger = tls(tmp_path, "20200101000000Z", "20990101000000Z")
    async with Simulator(pace=0, tls=stranger) as simulator:
        found = await findings(simulator.url)
    assert found["tls"].state is State.WRONG
    assert "login page" in found["tls"].cure


async def test_behind_a_proxy_only_the_session_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server((HERE, 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("https_proxy", f"http://name:a-password@{HERE}:{port}")
    found = await findings("wss://nowhere.invalid")
    assert states(found) == ["skipped", "skipped", "skipped", "ok", "wrong"]
    assert "a-password" not in str(found)


async def test_what_is_no_live_api_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Simulator(pace=0, behaviours=["garbage@setup"]) as simulator:
        found = await findings(simulator.url)
    assert found["session"].state is State.WRONG
    assert "no Live API" in found["session"].cure
