"""Function calls of the simulated model: who waits for whom, and what is said."""

import random
from typing import Any

import pytest

from edgevoice.simulator import CallCancelled, Called, Responded, Simulator
from tests.simulator_client import (
    END,
    START,
    Client,
    Json,
    audio,
    content,
    has_audio,
    has_handle,
    outline,
    talking,
    text,
    tone,
    transcript_of,
)

INVALID = (1007, "Request contains an invalid argument.")
NOT_IMPLEMENTED = (1008, "Operation is not implemented, or supported, or enabled.")
OLD = "models/gemini-3.1-flash-live-preview"
OLDEST = "models/gemini-2.5-flash-native-audio-latest"


def declared(*names: str, behavior: str = "BLOCKING") -> list[Json]:
    return [
        {"functionDeclarations": [{"name": n, "behavior": behavior} for n in names]}
    ]


BLOCKING = declared("weather", "lights")
FREE = declared("weather", "lights", behavior="NON_BLOCKING")


def respond(call: Json, response: Json, **fields: Any) -> Json:
    one = {"id": call["id"], "name": call["name"], "response": response, **fields}
    return {"toolResponse": {"functionResponses": [one]}}


async def called(client: Client) -> list[Json]:
    """The calls of the next message that makes some."""
    last = (await client.until(lambda message: "toolCall" in message))[-1]
    calls: list[Json] = last["toolCall"]["functionCalls"]
    return calls


async def test_typed_words_call_a_function_with_arguments() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=BLOCKING) as me:
        await me.send(text('call lights {"level": 40, "rooms": ["}{"]}'))
        [call] = await called(me)
        assert call["name"] == "lights"
        assert call["args"] == {"level": 40, "rooms": ["}{"]}
        assert await me.receive() == {"sessionResumptionUpdate": {}}
        await me.send(respond(call, {"output": "dimmed"}))
        turn = await me.turn()
    assert transcript_of(turn) == 'lights answered {"output":"dimmed"}'
    assert outline(turn)[0] == "modelTurn"


@pytest.mark.parametrize(
    "words", ["call heating {}", "call lights {", "call", "callme"]
)
async def test_other_words_call_nothing(words: str) -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=BLOCKING) as me:
        await me.send(text(words))
        assert transcript_of(await me.turn()) == f"You said: {words}"


async def test_a_long_response_is_said_shortened_and_billed_whole() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=BLOCKING) as me:
        await me.send(text("call lights"))
        [call] = await called(me)
        await me.send(respond(call, {"output": "x" * 500}))
        turn = await me.turn()
    said = transcript_of(turn)
    assert said.endswith("xxx...")
    assert len(said) == len("lights answered ") + 120 + len("...")
    assert turn[-2]["usageMetadata"]["promptTokenCount"] == 3 + len(said) // 4 + 1


async def test_several_calls_come_in_one_message_and_are_waited_for_one_and_all() -> (
    None
):
    behaviour = 'call=weather:{"town": "Ulm"},lights'
    async with (
        Simulator(pace=0, behaviours=[behaviour]) as simulator,
        talking(simulator, tools=BLOCKING) as me,
    ):
        await me.speak(tone(0.1))
        first, second = await called(me)
        assert (first["name"], first["args"]) == ("weather", {"town": "Ulm"})
        assert (second["name"], second["args"]) == ("lights", {})
        await me.send(respond(second, {"output": 2}))
        await me.send(respond(first, {"output": 1}))
        turn = await me.turn()
    assert transcript_of(turn) == (
        'lights answered {"output":2}. weather answered {"output":1}'
    )
    heard = [e.id for e in simulator.journal if isinstance(e, Responded)]
    assert heard == [second["id"], first["id"]]


async def test_a_script_calls_line_by_line(tmp_path: Any) -> None:
    script = tmp_path / "calls"
    script.write_text('lights {"level": 1}\n\nweather\n')
    async with (
        Simulator(pace=0, behaviours=[f"calls={script}"]) as simulator,
        talking(simulator, tools=FREE) as me,
    ):
        for _ in range(4):
            await me.speak(tone(0.1))
            await me.until(lambda m: content(m).get("turnComplete"))
    made = [(e.name, e.args) for e in simulator.journal if isinstance(e, Called)]
    assert made == [("lights", {"level": 1}), ("weather", {})]


async def test_a_call_in_mid_answer_is_taken_up_behind_it() -> None:
    async with (
        Simulator(pace=0, behaviours=["call=weather@answer"]) as simulator,
        talking(simulator, tools=BLOCKING) as me,
    ):
        await me.speak(tone(1.0))
        [call] = await called(me)
        await me.send(respond(call, {"output": "sun"}))
        turn = await me.turn()
    assert transcript_of(turn) == (
        'You spoke for 1.0 seconds.weather answered {"output":"sun"}'
    )
    assert len([e for e in simulator.journal if isinstance(e, Called)]) == 1


async def test_a_call_after_the_generation_is_taken_up_too() -> None:
    async with (
        Simulator(pace=0, behaviours=["call=weather@generated"]) as simulator,
        talking(simulator, tools=BLOCKING) as me,
    ):
        await me.speak(tone(0.1))
        [call] = await called(me)
        await me.send(respond(call, {"output": "sun"}))
        assert transcript_of(await me.turn()) == 'weather answered {"output":"sun"}'


async def test_a_function_that_was_not_declared_is_not_called() -> None:
    async with (
        Simulator(pace=0, behaviours=["call=weather"]) as simulator,
        talking(simulator) as me,
    ):
        await me.send(text("Rain?"))
        assert "toolCall" not in outline(await me.turn())
        tools = {"tools": BLOCKING}
        await me.send({"contextUpdate": {"tools": tools}}, text("Rain?"))
        assert outline([await me.receive()]) == ["toolCall"]


async def test_a_function_can_be_called_that_nobody_declared() -> None:
    async with (
        Simulator(pace=0, behaviours=["call_anyway=format_disk"]) as simulator,
        talking(simulator, tools=BLOCKING) as me,
    ):
        await me.speak(tone(0.1))
        [call] = await called(me)
        assert call["name"] == "format_disk"


@pytest.mark.parametrize(
    ("model", "behavior", "waits"),
    [
        ("models/gemini-3.8-live", "UNSPECIFIED", False),
        ("models/gemini-3.8-live", "BLOCKING", True),
        (OLD, "UNSPECIFIED", True),
        (OLDEST, "NON_BLOCKING", False),
    ],
)
async def test_the_newest_models_wait_only_for_functions_that_say_so(
    model: str, behavior: str, waits: bool
) -> None:
    tools = declared("weather", behavior=behavior)
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, model=model, tools=tools) as me,
    ):
        await me.send(text("call weather"))
        [call] = await called(me)
        if not waits:
            await me.until(lambda m: content(m).get("turnComplete"))
        await me.send(respond(call, {"output": "sun"}))
        turn = await me.turn()
    assert transcript_of(turn) == 'weather answered {"output":"sun"}'
    [entry] = [e for e in simulator.journal if isinstance(e, Called)]
    assert entry.blocking is waits


async def test_while_a_call_is_open_there_is_no_handle() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=FREE) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.until(lambda m: content(m).get("turnComplete"))
        assert await me.receive() == {"sessionResumptionUpdate": {}}
        await me.send(respond(call, {"output": "sun"}, scheduling="SILENT"))
        assert has_handle(await me.receive())


async def test_a_silent_response_only_adds_to_the_context() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=FREE) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.until(lambda m: content(m).get("turnComplete"))
        await me.receive()
        await me.send(respond(call, {"output": "sun"}, scheduling="SILENT"))
        assert has_handle(await me.receive())
        await me.send(text("And?"))
        turn = await me.turn()
    assert transcript_of(turn) == "You said: And?"
    details = turn[-2]["usageMetadata"]["promptTokensDetails"]
    assert details[0] == {"modality": "TEXT", "tokenCount": 3 + 9 + 1}


async def test_a_response_waits_until_the_model_is_idle() -> None:
    async with Simulator(pace=0.2) as simulator, talking(simulator, tools=FREE) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.until(has_audio)
        await me.send(respond(call, {"output": "sun"}))
        first, second = await me.turn(), await me.turn()
    assert "interrupted" not in outline(first + second)
    assert "weather" not in transcript_of(first).removeprefix("You said: call weather")
    assert transcript_of(second) == 'weather answered {"output":"sun"}'


async def test_a_response_waits_until_the_user_has_spoken_and_is_answered() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=FREE) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.until(lambda m: content(m).get("turnComplete"))
        await me.send(START, respond(call, {"output": "sun"}))
        await me.send(audio(tone(0.4)), END)
        spoken, result = await me.turn(), await me.turn()
    assert transcript_of(spoken) == "You spoke for 0.4 seconds."
    assert transcript_of(result) == 'weather answered {"output":"sun"}'


async def test_an_interrupting_response_cuts_what_the_model_says() -> None:
    async with Simulator(pace=1) as simulator, talking(simulator, tools=FREE) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.until(has_audio)
        await me.send(respond(call, {"output": "sun"}, scheduling="INTERRUPT"))
        cut = await me.turn()
        assert outline(cut)[-3:] == ["interrupted", "turnComplete", "newHandle"]
        said = await me.until(lambda m: content(m).get("generationComplete"))
    assert transcript_of(said) == 'weather answered {"output":"sun"}'
    assert not [e for e in simulator.journal if isinstance(e, CallCancelled)]


async def test_more_responses_may_follow_until_the_last() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=FREE) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.until(lambda m: content(m).get("turnComplete"))
        await me.send(respond(call, {"output": 1}, willContinue=True))
        first = await me.until(lambda m: content(m).get("turnComplete"))
        await me.send(respond(call, {"output": 2}))
        second = await me.turn()
        assert transcript_of(first) == 'weather answered {"output":1}'
        assert transcript_of(second) == 'weather answered {"output":2}'
        await me.send(respond(call, {"output": 3}))
        assert await me.closed() == INVALID
    heard = [e.will_continue for e in simulator.journal if isinstance(e, Responded)]
    assert heard == [True, False]


async def test_for_a_blocking_call_scheduling_and_continuation_are_ignored() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=BLOCKING) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        fields = {"scheduling": "SILENT", "willContinue": True}
        await me.send(respond(call, {"output": "sun"}, **fields))
        assert transcript_of(await me.turn()) == 'weather answered {"output":"sun"}'
        await me.send(respond(call, {"output": "rain"}))
        assert await me.closed() == INVALID


@pytest.mark.parametrize("tools", [BLOCKING, FREE])
async def test_a_call_is_cancelled_if_its_turn_is_talked_over(tools: Json) -> None:
    async with Simulator(pace=1) as simulator, talking(simulator, tools=tools) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.receive()
        await me.send(START)
        assert await me.receive() == {"toolCallCancellation": {"ids": [call["id"]]}}
        assert outline(await me.turn())[0] == "interrupted"
        await me.send(respond(call, {"output": "late"}), audio(tone(0.1)), END)
        turn = await me.turn()
    assert transcript_of(turn) == "You spoke for 0.1 seconds."
    [cancelled] = [e for e in simulator.journal if isinstance(e, CallCancelled)]
    [late] = [e for e in simulator.journal if isinstance(e, Responded)]
    assert cancelled.id == late.id == call["id"]
    assert not late.taken
    assert cancelled.when <= late.when


async def test_a_call_that_does_not_block_outlives_later_turns() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=FREE) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.until(lambda m: content(m).get("turnComplete"))
        await me.speak(tone(0.1))
        await me.until(lambda m: content(m).get("turnComplete"))
        await me.send(respond(call, {"output": "sun"}))
        assert transcript_of(await me.turn()) == 'weather answered {"output":"sun"}'


async def test_to_talk_over_a_later_turn_cancels_no_earlier_call() -> None:
    async with (
        Simulator(pace=0, behaviours=["silent@2"]) as simulator,
        talking(simulator, tools=FREE) as me,
    ):
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.until(lambda m: content(m).get("turnComplete"))
        await me.speak(tone(0.1))
        await me.send(START, END)
        await me.until(lambda m: content(m).get("turnComplete"))
        await me.send(respond(call, {"output": "sun"}))
        assert transcript_of(await me.turn()) == 'weather answered {"output":"sun"}'
    assert not [e for e in simulator.journal if isinstance(e, CallCancelled)]


@pytest.mark.parametrize(
    "fields", [{"id": "function-call-1"}, {"name": "lights"}, {"name": ""}]
)
async def test_a_response_to_another_call_closes_the_session(fields: Json) -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, tools=BLOCKING) as me:
        await me.send(text("call weather"))
        [call] = await called(me)
        await me.send(respond(call | fields, {"output": "sun"}))
        assert await me.closed() == INVALID


@pytest.mark.parametrize(("tools", "closes"), [(BLOCKING, True), (FREE, False)])
async def test_a_strict_server_takes_no_press_while_a_blocking_call_waits(
    tools: Json, closes: bool
) -> None:
    async with (
        Simulator(pace=0, behaviours=["strict_calls"]) as simulator,
        talking(simulator, tools=tools) as me,
    ):
        await me.send(START, END)
        await me.send(text("call weather"))
        await called(me)
        await me.send(START, audio(tone(0.1)), END)
        if closes:
            assert await me.closed() == NOT_IMPLEMENTED
        else:
            turn = await me.until(lambda m: "spoke" in str(content(m)))
            assert turn


@pytest.mark.parametrize("tools", [BLOCKING, FREE])
async def test_of_two_hundred_calls_each_is_answered_once_or_cancelled(
    tools: list[Json],
) -> None:
    chance = random.Random(5)
    async with Simulator(pace=0) as simulator, talking(simulator, tools=tools) as me:
        for _ in range(200):
            await me.send(text("call weather"))
            [call] = await called(me)
            answers, presses = chance.random() < 0.7, chance.random() < 0.5
            if answers:
                scheduling = chance.choice(["SILENT", "WHEN_IDLE", "INTERRUPT"])
                await me.send(respond(call, {"output": 1}, scheduling=scheduling))
            if presses or not answers:
                await me.send(START, audio(tone(0.02)), END)
            elif tools is BLOCKING:
                await me.turn()
        await me.send(text("The end."))
        await me.until(lambda m: content(m).get("turnComplete"))
        entries = list(simulator.journal)
    made = [e.id for e in entries if isinstance(e, Called)]
    taken = [e.id for e in entries if isinstance(e, Responded) and e.taken]
    cancelled = [e.id for e in entries if isinstance(e, CallCancelled)]
    assert len(made) == 200
    assert len(set(taken + cancelled)) == len(taken + cancelled)
    assert min(len(taken), len(cancelled)) > 20
    left = set(made) - set(taken + cancelled)
    assert not (left if tools is BLOCKING else left - unanswered(entries))


def unanswered(entries: list[Any]) -> set[str]:
    """Calls that do not block, outlived their turns, and got no response at all."""
    free = {e.id for e in entries if isinstance(e, Called) and not e.blocking}
    return free - {e.id for e in entries if isinstance(e, Responded)}


async def test_a_result_does_not_cut_a_model_that_waits_for_another() -> None:
    both = declared("weather") + declared("lights", behavior="NON_BLOCKING")
    async with (
        Simulator(pace=0, behaviours=["call=weather,lights"]) as simulator,
        talking(simulator, tools=both) as me,
    ):
        await me.speak(tone(0.1))
        weather, lights = await called(me)
        await me.send(respond(lights, {"output": 2}, scheduling="INTERRUPT"))
        await me.send(respond(weather, {"output": 1}))
        first, second = await me.turn(), await me.turn()
    assert "interrupted" not in outline(first + second)
    assert transcript_of(first) == 'weather answered {"output":1}'
    assert transcript_of(second) == 'lights answered {"output":2}'
