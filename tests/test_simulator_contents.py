"""Server content of every kind, by behaviours and by typed keywords."""

import pytest

from edgevoice.errors import ConfigError
from edgevoice.simulator import Simulator
from tests.simulator_client import (
    END,
    START,
    Json,
    audio,
    content,
    outline,
    pcm_of,
    talking,
    text,
    tone,
    transcript_of,
)


async def spoken_turn(*behaviours: str) -> list[Json]:
    async with (
        Simulator(pace=0, behaviours=behaviours) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.2))
        return await client.turn()


def parts_of(messages: list[Json]) -> list[Json]:
    """All parts that are not sound."""
    return [
        part
        for message in messages
        for part in content(message).get("modelTurn", {}).get("parts", [])
        if "inlineData" not in part
    ]


async def test_thoughts_come_before_the_sound_and_are_billed() -> None:
    turn = await spoken_turn("thoughts=Sixteen letters.")
    assert parts_of(turn) == [{"text": "Sixteen letters.", "thought": True}]
    assert len(pcm_of(turn)) == 9_600
    bill = turn[-2]["usageMetadata"]
    assert bill["thoughtsTokenCount"] == 4
    assert bill["totalTokenCount"] == 5 + 5 + 4


async def test_a_part_may_be_text() -> None:
    assert parts_of(await spoken_turn("text=Well")) == [{"text": "Well"}]


async def test_code_and_its_result_are_parts() -> None:
    turn = await spoken_turn("code=print(1)")
    assert parts_of(turn) == [
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}},
    ]
    assert turn[-2]["usageMetadata"]["toolUsePromptTokenCount"] == 1


async def test_a_search_and_a_page_bring_metadata() -> None:
    turn = await spoken_turn("search=tides", "url_context=https://example.org/tides")
    [search] = [m for m in turn if "groundingMetadata" in content(m)]
    found = content(search)["groundingMetadata"]
    assert found["webSearchQueries"] == ["tides"]
    [page] = [m for m in turn if "urlContextMetadata" in content(m)]
    [read] = content(page)["urlContextMetadata"]["urlMetadata"]
    assert read["retrievedUrl"] == "https://example.org/tides"
    bill = turn[-2]["usageMetadata"]
    assert bill["toolUsePromptTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 800}
    ]


@pytest.mark.parametrize(
    ("words", "tool", "kind"),
    [
        ("search tides", "googleSearch", "groundingMetadata"),
        ("run 6 * 7", "codeExecution", "modelTurn"),
        ("Open https://example.org", "urlContext", "urlContextMetadata"),
    ],
)
async def test_a_declared_tool_is_used_at_a_keyword(
    words: str, tool: str, kind: str
) -> None:
    async with Simulator(pace=0) as simulator:
        fields = {"model": "models/simulator", "tools": [{tool: {}}]}
        async with talking(simulator, **fields) as client:
            await client.send(text(words))
            turn = await client.turn()
            assert kind in content(turn[0])
            assert not pcm_of(turn[:1])
            assert transcript_of(turn) == f"You said: {words}"
        async with talking(simulator) as client:
            await client.send(text(words))
            assert pcm_of((await client.turn())[:1])


async def test_a_turn_may_be_complete_for_a_reason() -> None:
    turn = await spoken_turn("reason=PROHIBITED_INPUT_CONTENT")
    assert outline(turn) == ["generationComplete", "turnComplete", "newHandle"]
    assert content(turn[-2]) == {
        "turnComplete": True,
        "turnCompleteReason": "PROHIBITED_INPUT_CONTENT",
    }


async def test_the_model_may_wait_for_more() -> None:
    turn = await spoken_turn("waiting")
    assert content(turn[0]) == {"waitingForInput": True}
    assert content(turn[-2])["turnCompleteReason"] == "NEED_MORE_INPUT"
    assert not pcm_of(turn)


async def test_any_model_may_tell_its_status() -> None:
    turn = await spoken_turn("status")
    assert content(turn[-2])["interactionStatus"] == "IDLE"
    turn = await spoken_turn("in_progress=2")
    states = [content(m).get("interactionStatus") for m in turn]
    assert [s for s in states if s] == ["IN_PROGRESS", "IN_PROGRESS", "IDLE"]


async def test_words_and_activity_may_be_told_while_the_user_speaks() -> None:
    names = ["interim=Goo", "voice_activity", "voice_activity=END@end"]
    async with (
        Simulator(pace=0, behaviours=names) as simulator,
        talking(simulator) as client,
    ):
        await client.send(START)
        assert await client.receive() == {
            "voiceActivity": {"type": "ACTIVITY_START", "audioOffset": "1.5s"}
        }
        await client.send(audio(tone(0.1)))
        heard = {"interimInputTranscription": {"text": "Goo"}}
        assert await client.receive() == {"serverContent": heard}
        await client.send(END)
        assert "voiceActivity" in await client.receive()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("reason=TIRED", "no turnCompleteReason; there is .*BLOCKLIST"),
        ("status=BUSY", "IDLE or IN_PROGRESS"),
        ("in_progress=few", "number of turns"),
        ("voice_activity=MIDDLE", "START or END"),
        ("call={", "calls nothing"),
        ("call=lights:{", "calls nothing"),
        ("call=lights weather", "calls nothing"),
        ('call=lights:{"a":"\\ud800"}', "calls nothing"),
        ("calls=/nowhere", "cannot be read"),
        ("usage=7", "no JSON object"),
        (
            'usage={"promptTokens": 7}',
            "no field 'promptTokens'; there is promptTokenCount",
        ),
        ("token_terms=7", "no JSON object"),
        ('token_terms={"use": 7}', "cannot be issued"),
    ],
)
def test_a_behaviour_of_the_wrong_form_is_a_config_error(
    behaviour: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        Simulator(behaviours=[behaviour])
