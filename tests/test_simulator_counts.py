from edgevoice.simulator import Simulator
from edgevoice.simulator.counts import FIELDS
from tests.simulator_client import Json, has_audio, talking, tone


async def bills(*behaviours: str) -> list[Json]:
    """Every usageMetadata of one turn."""
    async with (
        Simulator(pace=0, behaviours=behaviours) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.4))
        turn = await client.turn()
    assert has_audio(turn[0])
    return [m["usageMetadata"] for m in turn if "usageMetadata" in m]


async def test_a_turn_may_have_no_counts() -> None:
    assert await bills("no_usage") == []


async def test_every_field_may_be_there_and_the_total_is_the_sum() -> None:
    [bill] = await bills("full_usage")
    assert bill.keys() == FIELDS
    assert bill["totalTokenCount"] == 10 + 10 + 30 + 12
    assert bill["cachedContentTokenCount"] == 5
    assert bill["serviceTier"] == "standard"


async def test_counts_may_be_made_up() -> None:
    [bill] = await bills('usage={"promptTokenCount": 7, "totalTokenCount": null}')
    assert bill["promptTokenCount"] == 7
    assert "totalTokenCount" not in bill
    assert bill["responseTokenCount"] == 10


async def test_counts_may_come_with_every_message_of_sound() -> None:
    counts = await bills("repeated_usage")
    assert [bill["responseTokenCount"] for bill in counts] == [5, 10, 10]
    assert [bill["totalTokenCount"] for bill in counts] == [15, 20, 20]


async def test_a_call_may_have_its_own_count() -> None:
    behaviours = ["call_usage", "call=door"]
    tools = [{"functionDeclarations": [{"name": "door", "behavior": "BLOCKING"}]}]
    async with (
        Simulator(pace=0, behaviours=behaviours) as simulator,
        talking(simulator, tools=tools) as client,
    ):
        await client.speak(tone(0.4))
        before = (await client.until(lambda message: "toolCall" in message))[-1]
        [call] = before["toolCall"]["functionCalls"]
        answer = {"id": call["id"], "name": "door", "response": {"output": "open"}}
        await client.send({"toolResponse": {"functionResponses": [answer]}})
        after = (await client.until(lambda message: "usageMetadata" in message))[-1]

    first, second = before["usageMetadata"], after["usageMetadata"]
    assert first["promptTokenCount"] == 10
    assert first["responseTokensDetails"][0]["modality"] == "TEXT"
    assert second["promptTokenCount"] > first["promptTokenCount"], "with the result"
