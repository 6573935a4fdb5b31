import asyncio

from websockets.asyncio.client import connect
from websockets.frames import Close

from edgevoice.simulator import Answered, Received, Sent, Simulator
from tests.simulator_client import (
    KEY,
    START,
    Client,
    dialled,
    handle_of,
    has_audio,
    outline,
    path,
    setup,
    talking,
    tone,
)


async def test_a_delay_holds_back_what_follows() -> None:
    async with (
        Simulator(pace=0, behaviours=["delay=3600@answer"]) as simulator,
        talking(simulator, sessionResumption=None) as client,
    ):
        await client.speak(tone(2.0))
        assert has_audio(await client.receive())
        await client.send(START)
        assert outline([await client.receive()]) == ["interrupted"]


async def test_a_deaf_server_reads_nothing_until_the_buffers_are_full() -> None:
    async with (
        Simulator(pace=0, behaviours=["deaf@end2"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        resume = {"handle": handle_of(await client.turn())}
        await client.speak(tone(0.1))
        await simulator.wait_for(lambda _: len(answered(simulator)) == 2)
        transport = client.socket.transport
        async with asyncio.timeout(5):
            while not transport.get_write_buffer_size():
                transport.write(bytes(65536))
                await asyncio.sleep(0)
        turns = {entry.turn for entry in simulator.journal if isinstance(entry, Sent)}
        assert turns == {0, 1}
        async with talking(simulator, sessionResumption=resume) as second:
            await second.speak(tone(0.1))
            assert await second.turn()
        await simulator.drop()


async def test_pongs_can_be_late_while_all_else_is_in_time() -> None:
    async with (
        Simulator(pace=0, behaviours=["late_pong=3600"]) as simulator,
        talking(simulator) as client,
    ):
        pong = asyncio.ensure_future(await client.socket.ping())
        await client.speak(tone(0.1))
        assert await client.turn()
        assert not pong.done()


async def test_a_late_pong_does_come() -> None:
    async with (
        Simulator(pace=0, behaviours=["late_pong=0.1"]) as simulator,
        talking(simulator) as client,
    ):
        assert await (await client.socket.ping()) >= 0.1


async def test_a_client_that_waits_for_pongs_too_short_closes_the_link_itself() -> None:
    async with (
        Simulator(pace=0, behaviours=["late_pong=3600"]) as simulator,
        connect(
            simulator.url + path(),
            additional_headers=KEY,
            ping_interval=0.05,
            ping_timeout=0.05,
        ) as socket,
    ):
        client = Client(socket)
        await client.send(setup())
        await client.closed()
    ended = socket.protocol.close_exc
    assert ended.rcvd is None
    assert ended.sent == Close(1011, "keepalive ping timeout")


async def test_the_setup_can_be_slow() -> None:
    clock = asyncio.get_running_loop().time
    async with Simulator(pace=0, behaviours=["delay=0.1@link1.setup"]) as simulator:
        began = clock()
        async with talking(simulator):
            assert clock() - began >= 0.1


async def test_a_delay_does_not_hold_up_the_end_of_the_server() -> None:
    simulator = Simulator(pace=0, behaviours=["delay=3600@setup"])
    await simulator.__aenter__()
    async with dialled(simulator) as client:
        await client.send(setup())
        await simulator.wait_for(lambda j: isinstance(j[-1], Received))
        async with asyncio.timeout(5):
            await simulator.__aexit__(None, None, None)
        assert (await client.closed())[0] == 1001


def answered(simulator: Simulator) -> list[Answered]:
    """The turns that are over for the server."""
    return [entry for entry in simulator.journal if isinstance(entry, Answered)]
