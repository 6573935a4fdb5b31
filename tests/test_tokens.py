"""Tokens and lists of models, from the settings to the socket."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from websockets.asyncio.server import ServerConnection

from edgevoice.daemon import backoff, credentials, fallback
from edgevoice.daemon.credentials import TokenSource
from edgevoice.daemon.server import Server
from edgevoice.daemon.token_url import mend, wait
from edgevoice.live.token import Token
from edgevoice.simulator import Connected, Simulator
from tests.evening import Evening, evening
from tests.test_daemon_link import OPTIONS, SETUP_COMPLETE, Here, Party, linked, party
from tests.test_daemon_reload import histories, is_up_again, setups

NO_SUCH_MODEL = "models/x is not found for API version v1beta, or is not supported"
INTERNAL = "Internal error encountered."


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "LONGEST_S", 0.0)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Exception | float]:
    """What the source gives, one after another: a life, or an error; then 1800 s."""
    given: list[Exception | float] = []
    count = 0

    async def give(source: TokenSource, now: float) -> Token:
        nonlocal count
        count += 1
        this = given.pop(0) if given else 1800.0
        if isinstance(this, Exception):
            raise this
        return Token(f"auth_tokens/{count}", this)

    monkeypatch.setattr(credentials, "fetch", give)
    return given


def shown(socket: ServerConnection) -> str:
    """The token that a connection came with."""
    assert socket.request is not None
    assert "x-goog-api-key" not in socket.request.headers
    return socket.request.headers["Authorization"].removeprefix("Token auth_tokens/")


@asynccontextmanager
async def with_tokens(folder: Path, address: str) -> AsyncIterator[Here]:
    async with linked(folder, address) as here:
        source = TokenSource(command=("token",))
        server = Server(address, "", OPTIONS, source=source)
        here.link.use(server, leave_after=0)  # before its first step
        yield here


# -- which token -----------------------------------------------------------------


@pytest.mark.usefixtures("given", "no_pauses")
async def test_resuming_uses_the_token_again_and_a_new_session_a_new_one(
    tmp_path: Path,
) -> None:
    used: list[tuple[str, str | None]] = []

    async def note(other: Party, socket: ServerConnection) -> None:
        handle = await other.set_up(socket, f"handle-{len(used) + 1}")
        used.append((shown(socket), handle))
        await socket.wait_closed()

    async with party(note) as (_, address), with_tokens(tmp_path, address) as here:
        await here.until(lambda: here.link.status == "up" and here.handles.kept)
        here.link.reconnect()
        await here.until(lambda: len(used) == 2 and here.link.status == "up")
        here.link.start_afresh()
        await here.until(lambda: len(used) == 3 and here.link.status == "up")

    assert used == [("1", None), ("1", "handle-1"), ("2", None)]


@pytest.mark.usefixtures("given")
async def test_another_source_gives_the_next_connection_its_token(
    tmp_path: Path,
) -> None:
    used: list[tuple[str, str | None]] = []

    async def note(other: Party, socket: ServerConnection) -> None:
        used.append((shown(socket), await other.set_up(socket, "a-handle")))
        await socket.wait_closed()

    async with party(note) as (_, address), with_tokens(tmp_path, address) as here:
        await here.until(lambda: here.link.status == "up" and here.handles.kept)
        other = TokenSource(command=("another",))
        here.link.use(Server(address, "", OPTIONS, source=other), leave_after=0)
        await here.until(lambda: len(used) == 2 and here.link.status == "up")

    assert used == [("1", None), ("2", "a-handle")], "the session goes on"


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1007, "Request contains an invalid argument."),
        (1007, "API key not valid. Please pass a valid API key."),
        (1008, "Requested entity was not found."),
    ],
)
async def test_a_resume_that_is_refused_is_tried_once_more_with_a_new_token(
    code: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_S", 60.0)  # any pause would be seen
    monkeypatch.setattr(backoff, "LONGEST_S", 60.0)
    used: list[tuple[str, str | None]] = []

    async def once_only(other: Party, socket: ServerConnection) -> None:
        handle = await other.hear_setup(socket)
        seen = [token for token, _ in used]
        used.append((shown(socket), handle))
        if shown(socket) in seen:
            await socket.close(code, reason)
            return
        await socket.send(SETUP_COMPLETE)
        update = {"newHandle": "a-handle", "resumable": True}
        await socket.send(json.dumps({"sessionResumptionUpdate": update}))
        await socket.wait_closed()

    async with party(once_only) as (_, address), with_tokens(tmp_path, address) as here:
        await here.until(lambda: here.link.status == "up" and here.handles.kept)
        here.link.reconnect()
        await here.until(lambda: len(used) == 3 and here.link.status == "up")
        assert here.handles.resumed

    assert used == [("1", None), ("1", "a-handle"), ("2", "a-handle")]


@pytest.mark.usefixtures("given")
async def test_a_new_token_that_is_refused_costs_the_handle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_S", 60.0)
    used: list[tuple[str, str | None]] = []

    async def dead_handle(other: Party, socket: ServerConnection) -> None:
        used.append((shown(socket), await other.hear_setup(socket)))
        if used[-1][1]:
            await socket.close(1007, "Invalid session handle")
            return
        await socket.send(SETUP_COMPLETE)
        await socket.wait_closed()

    async with (
        party(dead_handle) as (_, address),
        with_tokens(tmp_path, address) as here,
    ):
        here.handles.take("dead", OPTIONS.model)
        await here.until(lambda: here.link.status == "up")

    assert used == [("1", "dead"), ("2", None)]


async def test_a_connection_is_left_before_its_token_ends(
    tmp_path: Path, given: list[Exception | float]
) -> None:
    given[:] = [150.0]

    async def stay(other: Party, socket: ServerConnection) -> None:
        await other.set_up(socket)
        await socket.wait_closed()

    async with party(stay) as (_, address), with_tokens(tmp_path, address) as here:
        await here.until(lambda: here.link.status == "up")
        up = here.link.reached_since
        assert up is not None
        idle, latest = here.link._rotation.window(up, None)

    assert idle - up == pytest.approx(90, abs=1)
    assert latest - up == pytest.approx(140, abs=1)


# -- one that is dead ------------------------------------------------------------

DEAD = "Token has been used too many times"


async def refuse(other: Party, socket: ServerConnection) -> None:
    await other.hear_setup(socket)
    await socket.close(1011, DEAD)


async def test_a_fixed_token_that_is_dead_waits_for_a_person(tmp_path: Path) -> None:
    async with party(refuse) as (other, address), linked(tmp_path, address) as here:
        server = Server(address, "auth_tokens/fixed", OPTIONS, ("another-model",))
        here.link.use(server, leave_after=0)
        await here.until(lambda: here.link.status == "refused")
        assert here.link.error == (
            f"{DEAD} (1011); put a new token in its place, or set `token_command` or "
            "`token_url` in [live]"
        )

    assert other.attempts == 1
    assert asked(other) == [OPTIONS.model], "no other model mends that"


@pytest.mark.usefixtures("given")
async def test_a_source_that_gives_dead_tokens_is_not_asked_in_a_loop(
    tmp_path: Path,
) -> None:
    async with (
        party(refuse) as (other, address),
        with_tokens(tmp_path, address) as here,
    ):
        here.handles.take("a-handle", OPTIONS.model)
        await here.until(lambda: here.link.status == "refused")
        assert "gives must be new each time" in str(here.link.error)
        assert here.handles.kept

    assert other.attempts == 1


# -- when none comes -------------------------------------------------------------


@pytest.mark.usefixtures("no_pauses")
async def test_a_source_that_fails_is_asked_again_with_the_links_pauses(
    tmp_path: Path, given: list[Exception | float]
) -> None:
    given[:] = [wait("token_command failed", "run it by hand")] * 2

    async def stay(other: Party, socket: ServerConnection) -> None:
        await other.set_up(socket)
        await socket.wait_closed()

    async with party(stay) as (other, address), with_tokens(tmp_path, address) as here:
        await here.until(lambda: here.link.error)
        assert here.link.status == "down"
        assert here.link.error == "token_command failed; run it by hand"
        await here.until(lambda: here.link.status == "up")

    assert other.attempts == 1, "without a token nobody is called"
    assert here.link.generation == 3


async def test_what_a_person_must_mend_refuses_the_link(
    tmp_path: Path, given: list[Exception | float]
) -> None:
    given[:] = [mend("token_command cannot be run", "check it")]

    async with with_tokens(tmp_path, "ws://127.0.0.1:1") as here:
        await here.until(lambda: here.link.status == "refused")
        assert here.link.error == "token_command cannot be run; check it"


# -- a whole appliance -----------------------------------------------------------


def connections(here: Evening) -> list[Connected]:
    return [e for e in here.simulator.journal if isinstance(e, Connected)]


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
async def test_a_program_in_the_settings_takes_the_place_of_the_key(
    version: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = "auth_tokens/0123456789abcdef"
    live = {"token_command": ["echo", token], "api_version": version}
    async with evening(tmp_path, pace=0, live=live) as here:
        turn = await here.ask()
        (connection,) = connections(here)

    assert turn["outcome"] == "answered"
    assert (connection.auth, connection.version) == ("token header", version)
    assert token not in caplog.text + str(here.guest.news)
    for file in (tmp_path / "state").iterdir():
        assert token not in file.read_text()


async def test_a_reload_changes_from_key_to_token_and_back(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        here.reload(live={"token_command": ["echo", "auth_tokens/1"]})
        await is_up_again(here, 2)
        here.reload(live={"token_command": ["echo", "auth_tokens/2"]})
        await is_up_again(here, 3)
        here.reload(live={"token_command": []})
        await is_up_again(here, 4)

    ways = [connection.auth for connection in connections(here)]
    assert ways == ["key header", "token header", "token header", "key header"]


# -- a list of models ------------------------------------------------------------


def offering(
    *models: str, code: int = 1008, reason: str = NO_SUCH_MODEL
) -> Callable[[Party, ServerConnection], Any]:
    """A server that has these models only."""

    async def serve(other: Party, socket: ServerConnection) -> None:
        await other.hear_setup(socket)
        if other.setups[-1]["model"].removeprefix("models/") not in models:
            await socket.close(code, reason)
            return
        await socket.send(SETUP_COMPLETE)
        update = {"newHandle": "a-handle", "resumable": True}
        await socket.send(json.dumps({"sessionResumptionUpdate": update}))
        await socket.wait_closed()

    return serve


@asynccontextmanager
async def with_models(folder: Path, address: str, *more: str) -> AsyncIterator[Here]:
    async with linked(folder, address) as here:
        server = Server(address, "a-key", OPTIONS, more)
        here.link.use(server, leave_after=0)  # before its first step
        yield here


def asked(other: Party) -> list[str]:
    return [setup["model"].removeprefix("models/") for setup in other.setups]


@pytest.mark.parametrize("handle", ["", "of-the-first"])
async def test_a_model_that_is_not_there_is_replaced_at_once(
    handle: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = OPTIONS.model
    async with (
        party(offering("c")) as (other, address),
        with_models(tmp_path, address, "b", "c") as here,
    ):
        if handle:
            here.handles.take(handle, OPTIONS.model)
        await here.until(lambda: here.link.status == "up" and here.handles.kept)
        assert here.link.model == "c"

    assert asked(other) == [first, "b", "c"]
    handles = [setup["sessionResumption"].get("handle") for setup in other.setups]
    assert handles == [handle or None, None, None], "a handle belongs to its model"
    assert f"falling back from {first} to b" in caplog.text
    assert "falling back from b to c" in caplog.text


@pytest.mark.usefixtures("no_pauses")
async def test_two_internal_errors_in_a_row_are_enough(tmp_path: Path) -> None:
    first = OPTIONS.model
    act = offering("b", code=1011, reason=INTERNAL)
    async with (
        party(act) as (other, address),
        with_models(tmp_path, address, "b") as here,
    ):
        await here.until(lambda: here.link.status == "up")

    assert asked(other) == [first, first, "b"]


async def test_if_none_is_there_a_person_must_act(tmp_path: Path) -> None:
    async with (
        party(offering()) as (other, address),
        with_models(tmp_path, address, "b") as here,
    ):
        await here.until(lambda: here.link.status == "refused")
        assert "check `model` in [live]" in str(here.link.error)

    assert asked(other) == [OPTIONS.model, "b"]


async def test_the_first_is_tried_again_by_a_later_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = ["b"]
    async with (
        party(lambda *one: offering(*offered)(*one)) as (other, address),
        with_models(tmp_path, address, "b") as here,
    ):
        await here.until(lambda: here.link.model == "b" and here.handles.kept)
        offered[:] = [OPTIONS.model, "b"]
        monkeypatch.setattr(fallback, "AGAIN_S", 0.0)
        here.link.reconnect()
        await here.until(lambda: len(other.setups) == 3 and here.link.status == "up")
        here.link.start_afresh()
        await here.until(lambda: len(other.setups) == 4 and here.link.status == "up")

    assert asked(other) == [OPTIONS.model, "b", "b", OPTIONS.model]


async def test_status_and_watch_name_the_model_and_the_talk_goes_on(
    tmp_path: Path,
) -> None:
    live = {"model": ["gemini-0-gone", "gemini-3.8-live"]}
    behaviour = "close=no_such_model@link1.setup"
    async with evening(
        tmp_path, pace=0, behaviours=["echo", behaviour], live=live
    ) as here:
        turn = await here.ask()
        assert here.appliance.link.model == "gemini-3.8-live"

    assert turn["outcome"] == "answered"
    models = [i["model"] for i in here.guest.news if i["event"] == "link"]
    assert models[0] == "gemini-0-gone"
    assert models[-1] == "gemini-3.8-live"
    assert [s["model"] for s in setups(here.simulator)] == [
        "models/gemini-0-gone",
        "models/gemini-3.8-live",
    ]
    assert histories(here.simulator) == []


async def test_a_restart_goes_on_with_the_session_of_the_model_that_was_there(
    tmp_path: Path,
) -> None:
    live = {"model": ["gemini-0-gone", "gemini-3.8-live"]}
    behaviour = "close=no_such_model@link1.setup"
    async with Simulator(pace=0, behaviours=["echo", behaviour]) as simulator:
        for resumed in (False, True):
            async with evening(tmp_path, simulator=simulator, live=live) as here:
                await here.ask()
                await here.until(lambda: here.appliance.may_leave())
                assert here.appliance.handles.resumed is resumed
                assert here.appliance.link.model == "gemini-3.8-live"


async def test_other_settings_keep_the_model_that_was_there(tmp_path: Path) -> None:
    async with (
        party(offering("b")) as (other, address),
        with_models(tmp_path, address, "b") as here,
    ):
        await here.until(lambda: here.link.model == "b" and here.handles.kept)
        options = structs.replace(OPTIONS, voice="Puck")
        server = Server(address, "a-key", options, ("b",))
        here.link.use(server, leave_after=0)
        await here.until(lambda: len(other.setups) == 3 and here.link.status == "up")

    assert asked(other) == [OPTIONS.model, "b", "b"]
    assert other.setups[-1]["sessionResumption"]["handle"]
