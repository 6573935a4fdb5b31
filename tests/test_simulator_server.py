import asyncio
import re
import ssl
import sys
from contextlib import suppress
from io import StringIO

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage

from edgevoice.errors import EdgeVoiceError
from edgevoice.simulator import (
    Disconnected,
    Dropped,
    Entry,
    Received,
    Refusal,
    Sent,
    Simulator,
    serve,
)
from edgevoice.simulator.sessions import HANDLE_LIFE, Session, Sessions
from tests.simulator_client import (
    END,
    KEY,
    START,
    Client,
    audio,
    dialled,
    handle_of,
    has_audio,
    path,
    setup,
    talking,
    text,
    tone,
)


def closings(journal: list[Entry]) -> list[int]:
    return [entry.code for entry in journal if isinstance(entry, Disconnected)]


async def test_the_journal_holds_every_client_message_with_sound_as_its_length() -> (
    None
):
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send(START, audio(tone(0.1)), END)
        await client.turn()
        received = [e.message for e in simulator.journal if isinstance(e, Received)]
    blob = {"mimeType": "audio/pcm;rate=16000", "data": 3200}
    assert received[0].keys() == {"setup"}
    assert received[1:] == [START, {"realtimeInput": {"audio": blob}}, END]


async def test_the_journal_holds_every_answer_with_its_turn() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.speak(tone(0.1))
        turn = await client.turn()
        sent = [e for e in simulator.journal if isinstance(e, Sent)]
    assert len(sent) == 1 + len(turn)
    assert [e.turn for e in sent] == [0] + [1] * len(turn)


async def test_the_journal_holds_every_refusal() -> None:
    async with Simulator(pace=0) as simulator:
        async with talking(simulator) as client:
            await client.send(END)
            await client.closed()
        await simulator.wait_for(lambda journal: closings(journal) == [1007])
        refusals = [e for e in simulator.journal if isinstance(e, Refusal)]
    assert refusals == [
        Refusal(connection=1, code=1007, reason="Request contains an invalid argument.")
    ]


async def test_waiting_returns_at_once_for_what_has_happened_already() -> None:
    async with Simulator(pace=0) as simulator:
        async with talking(simulator):
            pass
        await simulator.wait_for(lambda journal: closings(journal) == [1000])
        await simulator.wait_for(
            lambda journal: closings(journal) == [1000], timeout=0.01
        )


async def test_waiting_in_vain_ends_with_the_latest_entries() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator):
        with pytest.raises(TimeoutError, match="setupComplete"):
            await simulator.wait_for(lambda _: False, timeout=0.01)


async def test_drop_cuts_all_connections_without_a_close_handshake() -> None:
    async with Simulator(pace=1) as simulator:
        async with talking(simulator) as one, talking(simulator) as other:
            await one.speak(tone(2.0))
            await one.until(has_audio)
            assert simulator.connections == 2
            await simulator.drop()
            assert simulator.connections == 0
            assert await one.closed() == (1006, "")
            assert await other.closed() == (1006, "")
        await simulator.wait_for(lambda journal: closings(journal) == [1006, 1006])
        assert sum(isinstance(entry, Dropped) for entry in simulator.journal) == 2


async def test_a_dropped_session_can_be_resumed_at_once() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.speak(tone(0.1))
        resume = {"handle": handle_of(await client.turn())}
        await simulator.drop()
        async with talking(simulator, sessionResumption=resume):
            assert simulator.connections == 1


async def test_a_client_that_vanishes_frees_its_session() -> None:
    async with Simulator(pace=1) as simulator, talking(simulator) as client:
        await client.speak(tone(0.1))
        resume = {"handle": handle_of(await client.turn())}
        await client.speak(tone(2.0))
        client.socket.transport.abort()
        await simulator.wait_for(lambda journal: closings(journal) == [1006])
        async with talking(simulator, sessionResumption=resume):
            assert simulator.connections == 1


async def test_go_away_tells_every_client_and_then_ends_the_connection() -> None:
    async with Simulator(pace=0) as simulator:  # noqa: SIM117 - the order matters
        async with talking(simulator) as client, dialled(simulator) as unready:
            await simulator.go_away(0.05)
            assert await client.receive() == {"goAway": {"timeLeft": "0.05s"}}
            assert (await client.closed())[0] == 1011
            await unready.send(setup())
            assert await unready.receive() == {"setupComplete": {}}


async def test_leaving_closes_the_sockets_and_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    async with Simulator(pace=1) as simulator:
        socket = await connect(simulator.url + path(), additional_headers=KEY)
        client = Client(socket)
        await client.send(setup())
        await client.speak(tone(5.0))
        await client.until(has_audio)
        ours = asyncio.all_tasks() - before
        assert {"turn"} <= {task.get_name() for task in ours}
    assert (await client.closed())[0] == 1001
    await socket.wait_closed()
    assert {task for task in asyncio.all_tasks() - before if not task.done()} == set()


async def test_a_server_that_comes_back_keeps_its_port_and_its_sessions() -> None:
    simulator = Simulator(pace=0)
    async with simulator:
        url = simulator.url
        async with talking(simulator) as client:
            await client.speak(tone(0.1))
            resume = {"handle": handle_of(await client.turn())}
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        async with dialled(simulator):
            pass
    async with simulator:
        assert simulator.url == url
        async with talking(simulator, sessionResumption=resume):
            assert simulator.connections == 1


async def test_with_a_certificate_it_does_not_speak_in_the_clear() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with Simulator(tls=tls) as simulator:
        assert simulator.url.startswith("wss://127.0.0.1:")
        with pytest.raises((InvalidMessage, ConnectionResetError)):
            await connect(simulator.url.replace("wss", "ws") + path())


async def test_a_port_that_is_taken_is_one_line_that_says_so() -> None:
    async with Simulator() as simulator:
        port = int(simulator.url.rpartition(":")[2])
        with pytest.raises(EdgeVoiceError, match=f"cannot listen on 127.0.0.1:{port}"):
            await Simulator(port=port).__aenter__()


def test_a_handle_dies_after_two_hours() -> None:
    sessions = Sessions()
    session = Session("models/simulator")
    handle = sessions.issue(session, now=100.0)
    assert sessions.find(handle, session.model, now=99.0 + HANDLE_LIFE) is session
    assert sessions.find(handle, session.model, now=100.0 + HANDLE_LIFE) is None
    sessions.issue(session, now=200.0 + HANDLE_LIFE)
    assert sessions.find(handle, session.model, now=100.0) is None


async def test_the_command_prints_its_address_and_one_line_for_what_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, err = StringIO(), Announced()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    service = asyncio.create_task(serve("127.0.0.1", 0, ["empty@1"]))
    while not out.getvalue():  # noqa: ASYNC110 - a StringIO tells nobody
        await asyncio.sleep(0)
    line = out.getvalue()
    assert re.fullmatch(r"listening on ws://127\.0\.0\.1:\d+\n", line)
    there = Elsewhere(line.split()[-1])
    async with talking(there) as client:
        await client.speak(tone(1.0))
        await client.turn()
        await client.send(text("secret"), END)
        await client.closed()
    async with asyncio.timeout(5):
        while "closed" not in err.getvalue():
            err.written.clear()
            await err.written.wait()
    service.cancel()
    with suppress(asyncio.CancelledError):
        await service
    assert err.getvalue().splitlines() == [
        "connection 1: open, v1beta, key header",
        "connection 1: turn 1: 1.0 s of speech, answered 0.0 s",
        "connection 1: refused, 1007 Request contains an invalid argument.",
        "connection 1: closed, 1007",
    ]


class Elsewhere(Simulator):
    """A simulator that another task runs."""

    def __init__(self, url: str) -> None:
        super().__init__(port=int(url.rpartition(":")[2]))


class Announced(StringIO):
    """Text that tells when something was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)
