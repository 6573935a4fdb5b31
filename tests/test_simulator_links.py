import contextlib

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from edgevoice.simulator import Answered, Sent, Simulator
from tests.simulator_client import (
    END,
    START,
    Json,
    audio,
    dialled,
    handle_of,
    outline,
    setup,
    talking,
    tone,
)

INTERNAL = (1011, "Internal error encountered.")
DEADLINE = (1011, "Deadline expired before operation could complete.")


async def test_a_fault_can_be_kept_for_the_nth_turn_counted_over_connections() -> None:
    fault = "close=1011:Internal error encountered.@3"
    async with Simulator(pace=0, behaviours=["echo", fault]) as simulator:
        async with talking(simulator) as client:
            for _ in range(2):
                await client.speak(tone(0.4))
                await client.turn()
        async with talking(simulator) as client:
            await client.speak(tone(0.4))
            assert await client.closed() == INTERNAL
        async with talking(simulator) as client:
            await client.speak(tone(0.4))
            assert await client.turn()


@pytest.mark.parametrize("moment", ["setup", "ready", "start", "audio2", "end", "idle"])
async def test_the_server_can_close_or_cut_at_any_moment(moment: str) -> None:
    for fault, expected in (("close=1008:Gone", (1008, "Gone")), ("drop", (1006, ""))):
        async with (
            Simulator(pace=0, behaviours=[f"{fault}@{moment}"]) as simulator,
            dialled(simulator) as client,
        ):
            # the client may find the socket closed under its hands
            with contextlib.suppress(ConnectionClosedError):
                await client.send(
                    setup(), START, audio(tone(0.1)), audio(tone(0.1)), END
                )
            assert await client.closed() == expected


async def test_a_resumption_alone_can_be_refused() -> None:
    fault = "close=1007:Invalid session handle@resume1"
    async with Simulator(pace=0, behaviours=[fault]) as simulator:
        async with talking(simulator) as client:
            await client.speak(tone(0.1))
            resume = {"handle": handle_of(await client.turn())}
        async with dialled(simulator) as client:
            await client.send(setup(sessionResumption=resume))
            assert await client.closed() == (1007, "Invalid session handle")
        async with talking(simulator, sessionResumption=resume):
            assert simulator.connections == 1


async def test_a_handshake_can_be_refused_with_any_http_status() -> None:
    async with Simulator(pace=0, behaviours=["refuse=503@2"]) as simulator:
        async with talking(simulator):
            pass
        with pytest.raises(InvalidStatus) as refused:
            async with dialled(simulator):
                pass
        assert refused.value.response.status_code == 503
        async with talking(simulator):
            pass


async def test_go_away_is_announced_and_carried_out() -> None:
    async with (
        Simulator(pace=0, behaviours=["go_away=0.05"]) as simulator,
        talking(simulator) as client,
    ):
        assert await client.receive() == {"goAway": {"timeLeft": "0.05s"}}
        assert await client.closed() == (
            1011,
            "Deadline expired before operation could complete.",
        )


async def test_go_away_speaks_in_whole_seconds_where_it_can() -> None:
    async with (
        Simulator(pace=0, behaviours=["go_away=50@idle1"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        await client.turn()
        assert await client.receive() == {"goAway": {"timeLeft": "50s"}}


async def test_a_fault_can_be_kept_for_one_link_and_counted_within_it() -> None:
    async with Simulator(pace=0, behaviours=["drop@link2.audio2"]) as simulator:
        for expected in (1000, 1006, 1000):
            async with talking(simulator) as client:
                with contextlib.suppress(ConnectionClosedError):
                    await client.send(START, *[audio(tone(0.1))] * 3, END)
                    await client.turn()
            assert client.socket.close_code == expected


async def test_the_handshake_of_one_link_can_be_refused() -> None:
    async with Simulator(pace=0, behaviours=["refuse=429@link2"]) as simulator:
        async with talking(simulator):
            pass
        with pytest.raises(InvalidStatus, match="429"):
            async with dialled(simulator):
                pass
        async with talking(simulator):
            pass


async def outcomes(seed: int) -> list[int]:
    """Close codes of ten links that are cut by chance."""
    codes = []
    behaviours = ["close=deadline@ready~0.5"]
    async with Simulator(pace=0, behaviours=behaviours, seed=seed) as simulator:
        for _ in range(10):
            async with dialled(simulator) as client:
                await client.send(setup())
                await client.receive()
                with contextlib.suppress(ConnectionClosedError):
                    await client.speak(tone(0.1))
                    await client.turn()
            codes.append(client.socket.close_code or 0)
    return codes


async def test_a_fault_can_be_left_to_chance_and_the_seed_repeats_it() -> None:
    codes = await outcomes(seed=1)
    assert set(codes) == {1000, 1011}
    assert codes == await outcomes(seed=1)
    assert codes != await outcomes(seed=2)


async def test_the_link_can_break_at_any_message_that_the_server_sends() -> None:
    async with (
        Simulator(pace=0, behaviours=["drop@link1.message4"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(2.0))
        for _ in range(3):  # after setupComplete
            await client.receive()
        with pytest.raises(ConnectionClosedError):
            await client.receive()


async def test_the_link_can_break_once_the_input_was_transcribed() -> None:
    async with (
        Simulator(pace=0, behaviours=["drop@heard"]) as simulator,
        talking(simulator, inputAudioTranscription={}) as client,
    ):
        await client.speak(tone(0.1))
        assert outline([await client.receive()]) == ["inputTranscription"]
        assert await client.closed() == (1006, "")


async def test_a_session_can_be_set_up_and_closed_at_once() -> None:
    async with (
        Simulator(pace=0, behaviours=["close=internal@link1.ready"]) as simulator,
        dialled(simulator) as client,
    ):
        await client.send(setup())
        assert await client.receive() == {"setupComplete": {}}
        assert await client.closed() == INTERNAL


async def test_a_dead_handle_is_refused_for_ever_and_a_fresh_session_works() -> None:
    async with Simulator(pace=0, behaviours=["dead_handle"]) as simulator:
        for _ in range(2):
            async with talking(simulator) as client:
                await client.speak(tone(0.1))
                resume = {"handle": handle_of(await client.turn())}
            async with dialled(simulator) as client:
                await client.send(setup(sessionResumption=resume))
                assert await client.closed() == (
                    1008,
                    "BidiGenerateContent session not found",
                )


async def test_a_resumed_session_can_die_at_its_next_turn() -> None:
    async with Simulator(pace=0, behaviours=["resume_then_die"]) as simulator:
        async with talking(simulator) as client:
            await client.speak(tone(0.1))
            resume = {"handle": handle_of(await client.turn())}
        async with talking(simulator, sessionResumption=resume) as client:
            await client.speak(tone(0.1))
            assert await client.closed() == INTERNAL


async def test_a_connection_can_end_of_old_age_without_a_go_away() -> None:
    async with (
        Simulator(pace=0, behaviours=["lifetime=0.05"]) as simulator,
        talking(simulator) as client,
    ):
        assert await client.closed() == DEADLINE
        assert sent(simulator) == [{"setupComplete": {}}]


@pytest.mark.parametrize("order", [1, -1])
async def test_after_its_go_away_the_server_can_fall_silent(order: int) -> None:
    behaviours = ["go_away=0.05@end", "mute@end"][::order]
    async with (
        Simulator(pace=0, behaviours=behaviours) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        assert await client.receive() == {"goAway": {"timeLeft": "0.05s"}}
        assert await client.closed() == DEADLINE
        assert [next(iter(m)) for m in sent(simulator)] == ["setupComplete", "goAway"]


async def test_a_mute_server_keeps_the_socket_open_and_other_links_speak() -> None:
    async with Simulator(pace=0, behaviours=["mute@link1.end"]) as simulator:
        async with talking(simulator) as mute, talking(simulator) as other:
            await mute.speak(tone(0.1))
            await other.speak(tone(0.1))
            await other.turn()
            await (await mute.socket.ping())
            assert {e.connection for e in answered(simulator)} == {1, 2}
        assert [e.connection for e in simulator.journal if isinstance(e, Sent)].count(
            1
        ) == 1


async def test_a_close_at_the_go_away_that_a_test_asks_for_is_carried_out() -> None:
    async with (
        Simulator(pace=0, behaviours=["close=unavailable@message2"]) as simulator,
        talking(simulator) as client,
    ):
        await simulator.go_away(50)
        assert await client.closed() == (1011, "The service is currently unavailable.")


def sent(simulator: Simulator) -> list[Json]:
    """All messages that were sent."""
    return [entry.message for entry in simulator.journal if isinstance(entry, Sent)]


def answered(simulator: Simulator) -> list[Answered]:
    """The turns that are over for the server."""
    return [entry for entry in simulator.journal if isinstance(entry, Answered)]
