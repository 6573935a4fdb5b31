import json

import pytest

from edgevoice.simulator import Disconnected, Sent, Simulator
from tests.simulator_client import (
    START,
    content,
    dialled,
    handle_of,
    has_audio,
    outline,
    setup,
    talking,
    tone,
    transcript_of,
)


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
        async with talking(simulator) as other:  # it has no old answer
            await other.speak(tone(0.1))
            await other.send(START)
            await other.turn()
            assert not [
                m
                for m in simulator.journal
                if isinstance(m, Sent) and m.connection == 2 and has_audio(m.message)
            ]


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


async def test_messages_can_come_as_text_on_one_link_only() -> None:
    kinds = []
    async with Simulator(pace=0, behaviours=["text_messages@link2"]) as simulator:
        for _ in range(3):
            async with dialled(simulator) as client:
                await client.send(setup())
                kinds.append(type(await client.socket.recv()))
    assert kinds == [bytes, str, bytes]


async def test_a_message_can_be_garbage() -> None:
    async with (
        Simulator(pace=0, behaviours=["garbage"]) as simulator,
        talking(simulator, sessionResumption=None) as client,
    ):
        await client.speak(tone(0.4))
        await client.until(has_audio)
        with pytest.raises(UnicodeDecodeError):
            await client.receive()


async def test_turn_complete_can_come_twice() -> None:
    async with (
        Simulator(pace=0, behaviours=["double_turn_complete@link1.1"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        turn = await client.turn()
        assert [content(m) for m in turn].count({"turnComplete": True}) == 2
        await client.speak(tone(0.1))
        turn = await client.turn()
        assert [content(m) for m in turn].count({"turnComplete": True}) == 1


async def test_an_empty_update_can_stand_in_place_of_the_handle() -> None:
    async with (
        Simulator(pace=0, behaviours=["empty_update@2"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        assert handle_of(await client.turn())
        await client.speak(tone(0.1))
        await client.until(lambda m: "turnComplete" in content(m))
        assert await client.receive() == {"sessionResumptionUpdate": {}}


async def test_the_transcript_of_the_input_can_follow_turn_complete() -> None:
    async with (
        Simulator(pace=0, behaviours=["late_transcript"]) as simulator,
        talking(simulator, inputAudioTranscription={}) as client,
    ):
        await client.speak(tone(0.1))
        names = outline(await client.turn())
    assert names[-3:] == ["turnComplete", "inputTranscription", "newHandle"]
    assert names.count("inputTranscription") == 1


async def test_a_message_can_be_padded_to_any_size() -> None:
    async with (
        Simulator(pace=0, behaviours=["big=900000"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        sizes = []
        while "turnComplete" not in content(message := await client.receive()):
            sizes.append(len(json.dumps(message)))
    assert [size for size in sizes if size > 800_000] == [max(sizes)]
    assert 900_000 <= max(sizes) < 920_000


async def test_a_message_of_2_mib_is_too_much_for_a_client_with_the_usual_limit() -> (
    None
):
    async with (
        Simulator(pace=0, behaviours=["big"]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        await client.closed()
        await simulator.wait_for(
            lambda j: j[-1] == Disconnected(connection=1, code=1009)
        )


async def test_messages_can_be_changed_in_some_turns_only() -> None:
    async with (
        Simulator(pace=0, behaviours=["unknown@2"]) as simulator,
        talking(simulator) as client,
    ):
        strange = []
        for _ in range(3):
            await client.speak(tone(0.1))
            strange.append("tomorrow" in str(await client.turn()))
    assert strange == [False, True, False]
