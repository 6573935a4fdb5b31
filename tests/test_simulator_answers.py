import asyncio
import itertools

from edgevoice.simulator import Simulator
from tests.simulator_client import (
    END,
    START,
    audio,
    content,
    handle_of,
    has_audio,
    outline,
    pcm_of,
    talking,
    tone,
)


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


async def test_a_turn_talked_over_before_its_answer_began_counts_as_one() -> None:
    async with (
        Simulator(pace=0, behaviours=["silent@1"]) as simulator,
        talking(simulator) as client,
    ):
        await client.send(START, audio(tone(0.1)), END, START, audio(tone(0.1)), END)
        assert outline(await client.turn())[0] == "interrupted"
        assert "modelTurn" in outline(await client.turn())


async def test_a_fault_can_be_kept_for_a_turn_of_one_link() -> None:
    async with Simulator(pace=0, behaviours=["empty@link2.end2"]) as simulator:
        sounds = []
        for _ in range(3):
            async with talking(simulator) as client:
                for _ in range(2):
                    await client.speak(tone(0.1))
                    sounds.append(bool(pcm_of(await client.turn())))
    assert sounds == [True, True, True, False, True, True]


async def test_sound_can_come_slower_than_it_is_played() -> None:
    arrivals = await arrivals_of(tone(1.0), "speed=0.5", pace=0.1)
    assert arrivals[-1] - arrivals[0] > 0.15  # 0.064 s else


async def test_sound_can_come_much_faster_than_it_is_played() -> None:
    arrivals = await arrivals_of(tone(3.0), "speed=100", pace=1)
    assert arrivals[-1] - arrivals[0] < 1.5  # 2.24 s else


async def test_sound_can_stand_still_and_then_come_in_a_burst() -> None:
    arrivals = await arrivals_of(tone(4.0), "gaps", pace=0.2)
    steps = [b - a for a, b in itertools.pairwise(arrivals)]
    longest = sorted(range(len(steps)), key=lambda step: steps[step])[-2:]
    assert sorted(longest) == [4, 14]
    assert min(steps[4], steps[14]) > 0.2
    assert arrivals[14] - arrivals[0] < 0.6  # 0.45 s without gaps; 0.71 s without burst


async def arrivals_of(pcm: bytes, behaviour: str, pace: float) -> list[float]:
    """When each message of sound of one answer came, in seconds."""
    arrivals = []
    async with (
        Simulator(pace=pace, behaviours=[behaviour]) as simulator,
        talking(simulator, outputAudioTranscription=None) as client,
    ):
        await client.speak(pcm)
        while "generationComplete" not in content(message := await client.receive()):
            if has_audio(message):
                arrivals.append(asyncio.get_running_loop().time())
    return arrivals
