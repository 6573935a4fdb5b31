from typing import Any

import pytest

from edgevoice.simulator import Answered, Simulator
from tests.simulator_client import (
    END,
    START,
    Json,
    audio,
    content,
    dialled,
    handle_of,
    setup,
    talking,
    text,
    tone,
)

INVALID = (1007, "Request contains an invalid argument.")
SETUP_FIRST = (1007, "setup must be the first message and only the first")


@pytest.mark.parametrize(
    "message",
    [
        START,
        text("hello"),
        audio(tone(0.1)),
        {"clientContent": {}},
        {"toolResponse": {}},
    ],
)
async def test_anything_before_the_setup_is_refused(message: Json) -> None:
    async with Simulator(pace=0) as simulator, dialled(simulator) as client:
        await client.send(message)
        assert await client.closed() == SETUP_FIRST


async def test_a_second_setup_is_refused() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send(setup())
        assert await client.closed() == SETUP_FIRST


@pytest.mark.parametrize(
    "name",
    [
        "gemini-3.8-live",
        "gemini-3.1-flash-live-preview",
        "gemini-2.5-flash-native-audio-preview-12-2025",
        "my-simulator-model",
    ],
)
async def test_models_of_the_live_api_are_accepted(name: str) -> None:
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, model=f"models/{name}"),
    ):
        assert simulator.connections == 1


@pytest.mark.parametrize(
    "model", ["models/gemini-2.0-flash-live-001", "models/nonsense", "gemini-3.8-live"]
)
async def test_an_unknown_model_is_refused_with_1008(model: str) -> None:
    async with Simulator(pace=0) as simulator, dialled(simulator) as client:
        await client.send(setup(model=model))
        code, reason = await client.closed()
        whole = (
            f"{model} is not found for API version v1beta, or is not supported for "
            "bidiGenerateContent"
        )
        assert code == 1008
        assert reason == whole[:123]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"model": ""}, INVALID),
        (
            {"generationConfig": {"responseModalities": ["TEXT"]}},
            (1007, "Cannot extract voices from a non-audio request"),
        ),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}},
            (1007, "Thinking level is not supported for this model."),
        ),
        (
            {"sessionResumption": {"handle": "nonsense"}},
            (1007, "Invalid session handle"),
        ),
    ],
)
async def test_a_setup_that_the_model_cannot_serve_is_refused(
    fields: Json, refusal: tuple[int, str]
) -> None:
    async with Simulator(pace=0) as simulator, dialled(simulator) as client:
        await client.send(setup(**fields))
        assert await client.closed() == refusal


async def test_a_handle_continues_the_session_with_its_turns_and_its_context() -> None:
    async with Simulator(pace=0) as simulator:
        async with talking(simulator) as client:
            await client.speak(tone(2.0))
            first = await client.turn()
        resume = {"handle": handle_of(first)}
        async with talking(simulator, sessionResumption=resume) as client:
            await client.speak(tone(1.0))
            second = await client.turn()
    assert prompt_tokens(first) == 50
    assert prompt_tokens(second) == 50 + 50 + 25  # heard, said, heard
    turns = [e.turn for e in simulator.journal if isinstance(e, Answered)]
    assert turns == [1, 2]


async def test_an_older_handle_goes_back_to_where_it_was_issued() -> None:
    async with Simulator(pace=0) as simulator:
        async with talking(simulator) as client:
            await client.speak(tone(2.0))
            early = handle_of(await client.turn())
            await client.speak(tone(2.0))
            late = handle_of(await client.turn())
        assert early != late
        async with talking(simulator, sessionResumption={"handle": early}) as client:
            await client.speak(tone(1.0))
            assert prompt_tokens(await client.turn()) == 125


async def test_a_handle_of_another_model_is_refused() -> None:
    async with Simulator(pace=0) as simulator:
        async with talking(simulator) as client:
            await client.speak(tone(0.1))
            resume = {"handle": handle_of(await client.turn())}
        async with dialled(simulator) as client:
            other = "models/gemini-3.1-flash-live-preview"
            await client.send(setup(model=other, sessionResumption=resume))
            assert await client.closed() == (1007, "Invalid session handle")


async def test_a_session_cannot_be_resumed_while_its_old_socket_is_open() -> None:
    async with Simulator(pace=0) as simulator:
        async with talking(simulator) as old:
            await old.speak(tone(0.1))
            resume = {"handle": handle_of(await old.turn())}
            async with dialled(simulator) as client:
                await client.send(setup(sessionResumption=resume))
                assert await client.closed() == (1011, "Internal error encountered.")
            await old.speak(tone(0.1))
            assert await old.turn()
        async with talking(simulator, sessionResumption=resume):
            assert simulator.connections == 1


async def test_without_session_resumption_no_updates_are_sent() -> None:
    fields: dict[str, Any] = setup()["setup"]
    del fields["sessionResumption"]
    async with Simulator(pace=0) as simulator, dialled(simulator) as client:
        await client.send({"setup": fields})
        await client.receive()
        await client.speak(tone(0.1))
        first = await client.until(lambda m: content(m).get("turnComplete"))
        await client.speak(tone(0.1))
        second = await client.until(lambda m: content(m).get("turnComplete"))
    assert not [m for m in first + second if "sessionResumptionUpdate" in m]


async def test_the_system_instruction_is_billed_with_every_turn() -> None:
    instruction = {"parts": [{"text": "Be brief, be kind and be gone."}]}  # 30 letters
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, systemInstruction=instruction) as client,
    ):
        await client.speak(tone(1.0))
        turn = await client.turn()
        update = {"parts": [{"text": "Sing."}]}
        await client.send({"contextUpdate": {"systemInstruction": update}})
        await client.speak(tone(1.0))
        later = await client.turn()
    assert usage(turn)["promptTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 8},
        {"modality": "AUDIO", "tokenCount": 25},
    ]
    assert prompt_tokens(later) == 2 + 25 + 25 + 25


async def test_compression_drops_the_oldest_turns_down_to_the_target() -> None:
    window = {"triggerTokens": 200, "slidingWindow": {"targetTokens": "100"}}
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, contextWindowCompression=window) as client,
    ):
        billed = []
        for _ in range(4):
            await client.speak(tone(2.0))
            billed.append(prompt_tokens(await client.turn()))
    # 50 heard and 50 said a turn; at 250 the first two answers and questions go
    assert billed == [50, 150, 50, 150]


async def test_history_may_be_seeded_without_an_answer() -> None:
    config = {"initialHistoryInClientContent": True}
    turns = [
        {"role": "user", "parts": [{"text": "Who am I?"}]},
        {"role": "model", "parts": [{"text": "You are Ada."}]},
    ]
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, historyConfig=config) as client,
    ):
        await client.send({"clientContent": {"turns": turns, "turnComplete": True}})
        await client.speak(tone(1.0))
        turn = await client.turn()
    assert prompt_tokens(turn) == 3 + 3 + 25


async def test_automatic_detection_takes_audio_but_no_activity_marks() -> None:
    automatic: Json = {"realtimeInputConfig": {}}
    refusal = (
        1007,
        "Explicit activity control is not supported when automatic activity detection "
        "is enabled.",
    )
    async with Simulator(pace=0) as simulator:
        for mark in (START, END):
            async with talking(simulator, **automatic) as client:
                await client.send(audio(tone(0.1)))
                await client.send({"realtimeInput": {"audioStreamEnd": True}})
                await client.send(mark)
                assert await client.closed() == (1007, refusal[1][:123])


def usage(messages: list[Json]) -> Json:
    [found] = [m["usageMetadata"] for m in messages if "usageMetadata" in m]
    assert isinstance(found, dict)
    return found


def prompt_tokens(messages: list[Json]) -> int:
    counts = usage(messages)
    assert counts["totalTokenCount"] == (
        counts["promptTokenCount"] + counts.get("responseTokenCount", 0)
    )
    return int(counts["promptTokenCount"])
