import contextlib
import json

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from edgevoice.errors import ConfigError
from edgevoice.simulator import BEHAVIOURS, Simulator, describe
from tests.simulator_client import (
    END,
    START,
    Json,
    audio,
    content,
    dialled,
    handle_of,
    has_audio,
    outline,
    setup,
    talking,
    text,
    tone,
    transcript_of,
)

INTERNAL = (1011, "Internal error encountered.")
WEATHER = [{"functionDeclarations": [{"name": "weather"}]}]


def test_every_behaviour_has_one_line_of_help() -> None:
    told = dict(describe())
    assert told.keys() == BEHAVIOURS.keys()
    assert all(
        line.endswith((".", "(default).")) or "=" in line for line in told.values()
    )


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("ecko", "unknown behaviour 'ecko'; there is echo"),
        ("close=abc", "close code"),
        ("close=1006:local only", "close code"),
        ("refuse=200", "400 to 599"),
        ("go_away=soon", "seconds"),
        ("delay=-1", "seconds"),
        ("drop@never", "unknown behaviour 'drop@never'"),
    ],
)
def test_a_behaviour_that_makes_no_sense_is_a_config_error(
    behaviour: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        Simulator(behaviours=[behaviour])


async def test_an_at_sign_may_be_part_of_the_value() -> None:
    async with (
        Simulator(pace=0, behaviours=["say=Write to me@home."]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        assert transcript_of(await client.turn()) == "Write to me@home."


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


async def test_a_silent_turn_stays_open_until_it_is_interrupted() -> None:
    async with (
        Simulator(pace=0, behaviours=["silent"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.4))
        await client.send(START)
        silent = await client.turn()
    assert outline(silent) == ["interrupted", "turnComplete", "newHandle"]


async def test_a_stalled_answer_sends_its_first_message_and_no_more() -> None:
    async with (
        Simulator(pace=0, behaviours=["stall"]) as simulator,
        talking(simulator, outputAudioTranscription=None) as client,
    ):
        await client.speak(tone(2.0))
        await client.until(has_audio)
        assert await client.receive() == {"sessionResumptionUpdate": {}}
        await client.send(START)
        assert outline(await client.turn())[0] == "interrupted"


async def test_an_empty_answer_completes_the_turn_without_sound() -> None:
    async with (
        Simulator(pace=0, behaviours=["empty"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.4))
        assert outline(await client.turn()) == [
            "generationComplete",
            "turnComplete",
            "newHandle",
        ]


async def test_a_poisoned_session_hears_but_never_answers_once_resumed() -> None:
    async with Simulator(pace=0, behaviours=["poisoned"]) as simulator:
        async with talking(simulator) as client:
            await client.speak(tone(0.1))
            resume = {"handle": handle_of(await client.turn())}
        async with talking(
            simulator, sessionResumption=resume, inputAudioTranscription={}
        ) as client:
            await client.speak(tone(0.1))
            assert outline([await client.receive()]) == ["inputTranscription"]
            await client.send(START)
            assert outline(await client.turn())[0] == "interrupted"


async def test_a_delay_holds_back_what_follows() -> None:
    async with (
        Simulator(pace=0, behaviours=["delay=3600@answer"]) as simulator,
        talking(simulator, sessionResumption=None) as client,
    ):
        await client.speak(tone(2.0))
        assert has_audio(await client.receive())
        await client.send(START)
        assert outline([await client.receive()]) == ["interrupted"]


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


async def test_a_turn_can_be_left_without_its_turn_complete() -> None:
    async with (
        Simulator(pace=0, behaviours=["no_turn_complete@1"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        assert outline(await client.turn())[-2:] == ["generationComplete", "newHandle"]
        await client.speak(tone(0.1))
        assert outline(await client.turn())[-2:] == ["turnComplete", "newHandle"]


async def test_late_sound_of_the_old_answer_can_follow_its_turn_complete() -> None:
    async with (
        Simulator(pace=1, behaviours=["late_audio"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(2.0))
        await client.until(has_audio)
        await client.send(START)
        await client.turn()
        assert has_audio(await client.receive())


async def test_sound_and_transcript_can_come_together() -> None:
    async with (
        Simulator(pace=0, behaviours=["together"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(1.0))
        turn = await client.turn()
    mixed = [m for m in turn if "outputTranscription" in content(m)]
    assert mixed
    assert all(len(content(message)) == 2 for message in mixed)
    assert transcript_of(turn) == "You spoke for 1.0 seconds."


async def test_the_mime_type_can_lack_its_rate() -> None:
    async with (
        Simulator(pace=0, behaviours=["bare_mime"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        [sound] = [m for m in await client.turn() if has_audio(m)]
    for part in content(sound)["modelTurn"]["parts"]:
        assert part["inlineData"]["mimeType"] == "audio/pcm"


async def test_unknown_fields_and_empty_messages_can_be_strewn_in() -> None:
    async with (
        Simulator(pace=0, behaviours=["unknown"]) as simulator,
        dialled(simulator) as client,
    ):
        await client.send(setup())
        messages = [await client.receive() for _ in range(4)]
    assert messages == [
        {},
        {"serverContent": {}},
        {"tomorrow": {"level": 7}},
        {"setupComplete": {"novelty": [1]}, "tomorrow": {"level": 7}},
    ]


async def test_messages_can_come_as_text() -> None:
    async with (
        Simulator(pace=0, behaviours=["text_messages"]) as simulator,
        dialled(simulator) as client,
    ):
        await client.send(setup())
        message = await client.socket.recv()
    assert isinstance(message, str)
    assert json.loads(message) == {"setupComplete": {}}


async def test_a_message_can_be_garbage() -> None:
    async with (
        Simulator(pace=0, behaviours=["garbage"]) as simulator,
        talking(simulator, sessionResumption=None) as client,
    ):
        await client.speak(tone(0.4))
        await client.until(has_audio)
        with pytest.raises(UnicodeDecodeError):
            await client.receive()


async def test_a_declared_function_is_called_and_its_response_awaited() -> None:
    async with (
        Simulator(pace=0, behaviours=["call=weather"]) as simulator,
        talking(simulator, tools=WEATHER) as client,
    ):
        await client.speak(tone(0.1))
        call = await client.receive()
        [function] = call["toolCall"]["functionCalls"]
        assert function["name"] == "weather"
        assert await client.receive() == {"sessionResumptionUpdate": {}}
        await client.send(response_to(function["id"]))
        assert "modelTurn" in outline(await client.turn())


async def test_a_call_is_cancelled_by_an_interruption_and_a_late_response_dropped() -> (
    None
):
    async with (
        Simulator(pace=0, behaviours=["call=weather@1"]) as simulator,
        talking(simulator, tools=WEATHER) as client,
    ):
        await client.speak(tone(0.1))
        call = await client.receive()
        [function] = call["toolCall"]["functionCalls"]
        await client.receive()
        await client.send(START)
        assert await client.receive() == {
            "toolCallCancellation": {"ids": [function["id"]]}
        }
        assert outline(await client.turn())[0] == "interrupted"
        await client.send(response_to(function["id"]), audio(tone(0.1)), END)
        assert "modelTurn" in outline(await client.turn())


async def test_a_function_that_was_not_declared_is_not_called() -> None:
    async with (
        Simulator(pace=0, behaviours=["call=weather"]) as simulator,
        talking(simulator) as client,
    ):
        await client.send(text("Rain?"))
        assert "toolCall" not in outline(await client.turn())
        tools = {"tools": WEATHER}
        await client.send({"contextUpdate": {"tools": tools}}, text("Rain?"))
        assert outline([await client.receive()]) == ["toolCall"]


def response_to(call: str) -> Json:
    response = {"id": call, "name": "weather", "response": {"output": "sun"}}
    return {"toolResponse": {"functionResponses": [response]}}
