"""The link against servers that misbehave: how often it tries, what it leaves."""

import asyncio
import contextlib
import gc
import json
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from edgevoice.conversation import Event
from edgevoice.daemon import backoff, connection
from edgevoice.daemon.backoff import SERVER, Backoff
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.calls import Calls
from edgevoice.daemon.handles import Handles
from edgevoice.daemon.link import Link
from edgevoice.daemon.news import News
from edgevoice.daemon.rotation import Rotation
from edgevoice.daemon.server import Server
from edgevoice.daemon.state import StateFile
from edgevoice.daemon.turns import Turns
from edgevoice.live import incoming
from edgevoice.live.outgoing import SessionOptions

KEY = "AIzaSy-a-key-of-nobody"
OPTIONS = SessionOptions(model="gemini-3.8-live")
SETUP_COMPLETE = '{"setupComplete": {}}'


async def silent(_: str) -> None:
    """Nothing is said late here."""


class Owner:
    """Stands for the appliance: notes what it is told."""

    def __init__(self, bell: Bell) -> None:
        self.events: list[Event] = []
        self.taken: list[incoming.ServerEvent] = []
        self.busy = False
        self._bell = bell

    def happened(self, event: Event) -> None:
        self.events.append(event)
        self._bell.ring()

    def take(self, event: incoming.ServerEvent) -> None:
        self.taken.append(event)
        self._bell.ring()

    def may_leave(self) -> bool:
        return not self.busy

    def settled(self) -> bool:
        return not self.busy

    def link_changed(self) -> None:
        self._bell.ring()


class Here:
    """A link that is kept, and what it speaks to."""

    def __init__(self, folder: Path, address: str) -> None:
        self.bell = Bell()
        self.owner = Owner(self.bell)
        self.handles = Handles(StateFile(folder), address, OPTIONS)
        server = Server(address, KEY, OPTIONS)
        clock = asyncio.get_running_loop().time
        news = News(lambda: 0.0)
        self.turns = Turns(news)
        self.calls = Calls(dict, silent, bool, self.owner.happened, news, clock)
        self.link = Link(
            self.owner,
            server,
            self.handles,
            self.turns,
            self.calls,
            self.bell,
            Rotation(after=0),
            clock,
        )

    async def until(self, true: Callable[[], object]) -> None:
        assert await self.bell.until(true, 5.0), (self.link.status, self.link.error)


@contextlib.asynccontextmanager
async def linked(folder: Path, address: str) -> AsyncIterator[Here]:
    here = Here(folder, address)
    keeping = asyncio.gather(here.calls.keep(), here.link.keep())
    try:
        yield here
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


class Party:
    """The other end: notes who called, and does what ``act`` says."""

    def __init__(self, act: Callable[["Party", ServerConnection], Awaitable[None]]):
        self.setups: list[dict[str, Any]] = []
        self.attempts = 0
        self.open = 0
        self.most_open = 0
        self._act = act

    def admit(self, socket: ServerConnection, request: Request) -> Response | None:
        self.attempts += 1
        return None

    async def serve(self, socket: ServerConnection) -> None:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await self._act(self, socket)
        except ConnectionClosed:
            pass
        finally:
            self.open -= 1

    async def hear_setup(self, socket: ServerConnection) -> str | None:
        """Take the setup; returns the handle in it."""
        self.setups.append(json.loads(await socket.recv())["setup"])
        handle: str | None = self.setups[-1]["sessionResumption"].get("handle")
        return handle

    async def set_up(self, socket: ServerConnection, handle: str = "") -> str | None:
        """Complete the setup, and give a handle."""
        heard = await self.hear_setup(socket)
        await socket.send(SETUP_COMPLETE)
        if handle:
            update = {"newHandle": handle, "resumable": True}
            await socket.send(json.dumps({"sessionResumptionUpdate": update}))
        return heard


def url(listener: Listener) -> str:
    return f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


@contextlib.asynccontextmanager
async def party(
    act: Callable[[Party, ServerConnection], Awaitable[None]],
) -> AsyncIterator[tuple[Party, str]]:
    other = Party(act)
    async with listen(
        other.serve, "127.0.0.1", 0, process_request=other.admit, close_timeout=1
    ) as listener:
        yield other, url(listener)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "LONGEST_S", 0.0)


# -- storms ----------------------------------------------------------------------


async def accept_and_close(_: Party, socket: ServerConnection) -> None:
    await socket.close(1000)


async def internal_error(_: Party, socket: ServerConnection) -> None:
    await socket.recv()
    await socket.close(1011, "Internal error encountered.")


async def die_after_setup(other: Party, socket: ServerConnection) -> None:
    await other.set_up(socket, "a-handle")
    await socket.close(1011, "Internal error encountered.")


async def cut(_: Party, socket: ServerConnection) -> None:
    socket.transport.abort()


async def leave_soon(other: Party, socket: ServerConnection) -> None:
    await other.set_up(socket, "a-handle")
    await socket.send('{"goAway": {"timeLeft": "0.1s"}}')
    await socket.wait_closed()


async def leave_later(other: Party, socket: ServerConnection) -> None:
    await other.set_up(socket, "a-handle")
    await socket.send('{"goAway": {"timeLeft": "300s"}}')
    await socket.wait_closed()


async def garbage(_: Party, socket: ServerConnection) -> None:
    for nonsense in ("[", b"\x00\xff", "null", '{"setupComplete": 7}', "{}"):
        await socket.send(nonsense)
    await socket.wait_closed()


async def say_nothing(_: Party, socket: ServerConnection) -> None:
    await socket.wait_closed()


async def stay(other: Party, socket: ServerConnection) -> None:
    await other.set_up(socket)
    await socket.wait_closed()


async def break_utf8(_: Party, socket: ServerConnection) -> None:
    await socket.send(b"\xff", text=True)
    await socket.wait_closed()


STORMS = {
    accept_and_close: (range(3, 5), "connection closed (1000)"),
    internal_error: (range(3, 5), "Internal error encountered. (1011)"),
    die_after_setup: (range(3, 5), "Internal error encountered. (1011)"),
    cut: (range(3, 5), "the connection broke"),
    leave_soon: (range(3, 5), None),
    leave_later: (range(1, 2), None),
    # After the wait for the setup, 0.2 s here.
    garbage: (range(2, 5), "the server did not complete the setup in time"),
    say_nothing: (range(2, 5), "the server did not complete the setup in time"),
    break_utf8: (range(3, 5), "the connection broke"),
}
"""What a server does: connections in two seconds, and what the person is told."""


async def test_no_server_can_make_the_link_storm_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SETUP_TIMEOUT_S", 0.2)
    async with contextlib.AsyncExitStack() as stack:
        others, links = {}, {}
        for act in STORMS:
            others[act], address = await stack.enter_async_context(party(act))
            folder = tmp_path / act.__name__
            links[act] = await stack.enter_async_context(linked(folder, address))
        await asyncio.sleep(2.0)  # so long it is counted
        tries = {act.__name__: others[act].attempts for act in STORMS}
        told = {act.__name__: links[act].link.error for act in STORMS}

    for act, (expected, error) in STORMS.items():
        assert tries[act.__name__] in expected, (act, tries)
        assert told[act.__name__] in {error, None}, told


class Least(random.Random):
    """Draws the shortest pause every time."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


@pytest.mark.parametrize(
    ("refused", "lived", "most"),
    [(False, 0.0, 12), (False, 1.0, 12), (False, 29.0, 3), (True, 0.0, 2)],
)
def test_a_minute_holds_few_attempts(refused: bool, lived: float, most: int) -> None:
    pauses, now, attempts = Backoff(Least()), 0.0, 0
    while now < 60:
        attempts += 1
        now += lived + pauses.pause(lived=lived, whose=SERVER, refused=refused)

    assert attempts <= most


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (404, "refused", "check `endpoint` and `api_version`"),
        (403, "refused", "check the API key"),
        (503, "down", "HTTP status 503"),
    ],
)
async def test_a_refused_handshake_is_tried_again_slowly_if_a_person_must_act(
    status: int, state: str, words: str, tmp_path: Path
) -> None:
    def refuse(socket: ServerConnection, _: Request) -> Response:
        return socket.respond(status, "no\n")

    async with (
        listen(say_nothing, "127.0.0.1", 0, process_request=refuse) as listener,  # type: ignore[arg-type]
        linked(tmp_path, url(listener)) as here,
    ):
        await here.until(lambda: here.link.error)

        assert here.link.status == state
        assert words in str(here.link.error)
        if state == "down":
            await here.until(lambda: here.link.generation == 3)


# -- where the key may go --------------------------------------------------------


async def test_a_redirect_is_not_followed_since_the_key_would_go_along(
    tmp_path: Path,
) -> None:
    async with party(say_nothing) as (stranger, elsewhere):

        def redirect(socket: ServerConnection, _: Request) -> Response:
            response = socket.respond(302, "")
            response.headers["Location"] = f"{elsewhere}/"
            return response

        async with (
            listen(say_nothing, "127.0.0.1", 0, process_request=redirect) as first,  # type: ignore[arg-type]
            linked(tmp_path, url(first)) as here,
        ):
            await here.until(lambda: here.link.generation == 2)

    assert "a login page stands between" in str(here.link.error)
    assert stranger.attempts == 0


@pytest.mark.parametrize(
    ("address", "proxy", "words"),
    [
        ("wss://.nowhere", "", "no host name"),
        ("wss://localhost:1", "socks5://me:secret@127.0.0.1:1", "proxy cannot be used"),
        ("wss://localhost:1", "gopher://me:secret@127.0.0.1", "proxy cannot be used"),
        ("wss://localhost:1", "http://127.0.0.1:1", "cannot connect"),
        ("wss://localhost:1", "", "cannot connect"),
    ],
)
async def test_an_address_or_a_proxy_that_is_none_is_told_and_tried_again(
    address: str,
    proxy: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("all_proxy", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("https_proxy", proxy)

    async with linked(tmp_path, address) as here:
        await here.until(lambda: here.link.generation == 2)

    assert words in str(here.link.error)
    assert "secret" not in str(here.link.error)


# -- sessions --------------------------------------------------------------------


async def test_a_dead_handle_is_followed_by_one_fresh_session_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_S", 60.0)  # any pause would be seen
    monkeypatch.setattr(backoff, "LONGEST_S", 60.0)

    async def refuse_handles(other: Party, socket: ServerConnection) -> None:
        if await other.hear_setup(socket):
            await socket.close(1007, "Invalid session handle")
            return
        await socket.send(SETUP_COMPLETE)
        await socket.wait_closed()

    async with (
        party(refuse_handles) as (other, address),
        linked(tmp_path, address) as here,
    ):
        here.handles.take("dead", OPTIONS.model)  # before the link's first step
        await here.until(lambda: here.link.status == "up")

    assert [setup["sessionResumption"] for setup in other.setups] == [
        {"handle": "dead"},
        {},
    ]
    assert here.owner.events == [Event.LINK_UP, Event.LINK_DOWN]


@pytest.mark.usefixtures("no_pauses")
async def test_the_old_socket_is_closed_before_the_session_is_resumed(
    tmp_path: Path,
) -> None:
    async with (
        party(leave_soon) as (other, address),
        linked(tmp_path, address) as here,
    ):
        await here.until(lambda: here.link.generation == 6)

    handles = [setup["sessionResumption"].get("handle") for setup in other.setups]
    assert handles[0] is None
    assert set(handles[1:]) == {"a-handle"}
    assert other.most_open == 1


@pytest.mark.usefixtures("no_pauses")
async def test_a_resume_that_is_refused_once_keeps_the_handle(tmp_path: Path) -> None:
    async def occupied(other: Party, socket: ServerConnection) -> None:
        if len(other.setups) == 1:  # the server has not noticed that we are gone
            await other.hear_setup(socket)
            await socket.close(1011, "Internal error encountered.")
            return
        await other.set_up(socket, "a-handle")
        if len(other.setups) == 1:
            socket.transport.abort()
        await socket.wait_closed()

    async with (
        party(occupied) as (other, address),
        linked(tmp_path, address) as here,
    ):
        await here.until(lambda: here.link.generation == 3 and here.handles.resumed)
        await here.until(lambda: here.link.status == "up")

    handles = [setup["sessionResumption"].get("handle") for setup in other.setups]
    assert handles == [None, "a-handle", "a-handle"]


@pytest.mark.usefixtures("no_pauses")
async def test_a_handle_that_kills_every_session_is_dropped(tmp_path: Path) -> None:
    async def poisoned(other: Party, socket: ServerConnection) -> None:
        if await other.hear_setup(socket):
            await socket.close(1011, "Internal error encountered.")
            return
        await socket.send(SETUP_COMPLETE)
        await socket.wait_closed()

    async with party(poisoned) as (other, address), linked(tmp_path, address) as here:
        here.handles.take("poisoned", OPTIONS.model)
        await here.until(lambda: here.link.status == "up")

    handles = [setup["sessionResumption"].get("handle") for setup in other.setups]
    assert handles == ["poisoned", "poisoned", None]


async def test_a_superseded_connection_has_no_say_any_more(tmp_path: Path) -> None:
    """Neither its sound nor its handle reaches the new conversation."""

    async def send_on(other: Party, socket: ServerConnection) -> None:
        number = len(other.setups) + 1
        await other.set_up(socket, f"handle-{number}")
        if number > 1:
            await socket.wait_closed()
        while True:
            update = {"newHandle": f"late-{number}", "resumable": True}
            await socket.send(json.dumps({"sessionResumptionUpdate": update}))
            await asyncio.sleep(0)

    def handles_taken(here: Here) -> list[str]:
        taken = here.owner.taken
        return [e.handle for e in taken if isinstance(e, incoming.ResumptionHandle)]

    async with party(send_on) as (other, address), linked(tmp_path, address) as here:
        await here.until(lambda: "late-1" in handles_taken(here))
        here.link.start_afresh()
        await here.until(lambda: "handle-2" in handles_taken(here))

    assert other.setups[1]["sessionResumption"] == {}
    assert handles_taken(here)[-1] == "handle-2"
    assert other.most_open == 1


async def test_a_late_handle_of_a_forgotten_session_is_not_kept(tmp_path: Path) -> None:
    here = Here(tmp_path, "ws://127.0.0.1:1")
    here.handles.take("old", OPTIONS.model)

    here.link.start_afresh()
    here.link.take(incoming.ResumptionHandle("late"))

    assert here.handles.current() is None


# -- leaks -----------------------------------------------------------------------


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def counted() -> Iterator[None]:
    gc.collect()
    before = descriptors()
    yield
    gc.collect()
    assert descriptors() <= before


@pytest.mark.usefixtures("no_pauses", "counted")
async def test_thirty_reconnects_leave_no_task_and_no_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "MOST_A_MINUTE", 100)

    def tasks() -> list[str]:
        names = (task.get_name() for task in asyncio.all_tasks() if not task.done())
        return sorted(name for name in names if name in {"downlink", "uplink", "leave"})

    ends = [accept_and_close, die_after_setup, cut, leave_soon, break_utf8]

    async def one_after_another(other: Party, socket: ServerConnection) -> None:
        if len(reached) < 30:
            reached.append(socket.id)
            await ends[len(reached) % len(ends)](other, socket)
            return
        await other.set_up(socket)
        await socket.wait_closed()

    reached: list[object] = []
    async with party(one_after_another) as (other, address):
        async with linked(tmp_path, address) as here:
            await here.until(lambda: here.link.generation > 30)
            await here.until(lambda: here.link.status == "up")
            assert other.open == 1
            assert tasks() == ["downlink", "leave", "uplink"]
        assert tasks() == []


@pytest.mark.parametrize("rounds", range(8))
async def test_an_end_that_comes_as_the_link_is_left_is_not_overheard(
    rounds: int, tmp_path: Path
) -> None:
    """TaskGroup swallows a cancellation that collides with an error of its own."""
    async with party(stay) as (_, address):
        here = Here(tmp_path, address)
        keeping = asyncio.create_task(here.link.keep())
        await here.until(lambda: here.link.status == "up")
        here.link.reconnect()
        for _ in range(rounds):
            await asyncio.sleep(0)

        keeping.cancel()

        done, _ = await asyncio.wait({keeping}, timeout=3.0)
        for _ in range(3):  # let a test that fails end
            keeping.cancel()
            await asyncio.sleep(0.01)
        assert done


async def test_a_server_that_refuses_notes_costs_the_note_and_not_the_link(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Some models take none in mid-session; told again, the link would never live."""
    heard = []

    async def refuse_content(other: Party, socket: ServerConnection) -> None:
        await other.set_up(socket)
        heard.append(json.loads(await socket.recv()))
        await socket.close(1007, "Request contains an invalid argument.")

    async with (
        party(refuse_content) as (other, address),
        linked(tmp_path, address) as here,
    ):
        here.turns.note("hello")
        await here.until(lambda: here.link.generation == 2)
        await here.until(lambda: here.link.status == "up")

    assert len(other.setups) == 2
    assert [[*message] for message in heard] == [["clientContent"]]
    assert "refuses notes" in caplog.text
    assert here.turns.notes.waiting == ()


async def test_a_note_that_the_handle_knows_of_is_not_told_on_the_next_link(
    tmp_path: Path,
) -> None:
    told = []

    async def hear(other: Party, socket: ServerConnection) -> None:
        await other.set_up(socket)
        while True:
            content = json.loads(await socket.recv())["clientContent"]
            told.append([turn["parts"][0]["text"] for turn in content["turns"]])
            update = {"newHandle": f"handle-{len(told)}", "resumable": True}
            await socket.send(json.dumps({"sessionResumptionUpdate": update}))

    async with (
        party(hear) as (_, address),
        linked(tmp_path, address) as here,
    ):
        here.turns.note("one")
        await here.until(lambda: here.handles.current() == "handle-1")
        here.link.reconnect()
        await here.until(lambda: here.link.generation == 2)
        here.turns.note("two")
        await here.until(lambda: here.handles.current() == "handle-2")

    assert told == [["one"], ["two"]]
