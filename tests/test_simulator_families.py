import pytest

from edgevoice.simulator import Simulator
from edgevoice.simulator.families import family
from tests.simulator_client import (
    Json,
    content,
    dialled,
    outline,
    path,
    setup,
    talking,
    text,
    tone,
    transcript_of,
)

INVALID = (1007, "Request contains an invalid argument.")
NO_LEVEL = (1007, "Thinking level is not supported for this model.")
NEWEST = "models/gemini-3.8-live"
EXTENDED = "models/gemini-3.8-live-extended-thinking"
OLDER = "models/gemini-3.1-flash-live-preview"
OLDEST = "models/gemini-2.5-flash-native-audio-latest"
TRANSLATOR = "models/gemini-3.5-live-translate-preview"
TRANSCRIBER = "models/gemini-3.5-transcribe-live"


def thinking(**fields: object) -> Json:
    modalities = ["AUDIO"]
    return {
        "generationConfig": {"responseModalities": modalities, "thinkingConfig": fields}
    }


FREE = {"functionDeclarations": [{"name": "f", "behavior": "NON_BLOCKING"}]}
SPEECH = {"generationConfig": {"speechConfig": {"languageCode": "de-DE"}}}
TRANSLATION: Json = {
    "generationConfig": {"translationConfig": {"targetLanguageCode": "de"}}
}
AFFECTIVE = {"generationConfig": {"enableAffectiveDialog": True}}


@pytest.mark.parametrize(
    ("model", "fields", "refusal"),
    [
        (NEWEST, thinking(thinkingLevel="LOW"), NO_LEVEL),
        (NEWEST, thinking(thinkingBudget=100), INVALID),
        (NEWEST, thinking(includeThoughts=True), INVALID),
        (NEWEST, thinking(includeThoughts=False), None),
        (OLDER, thinking(thinkingBudget=100), INVALID),
        (OLDEST, thinking(thinkingBudget=100), None),
        (OLDER, {"proactivity": {"proactiveAudio": True}}, INVALID),
        (OLDER, {"tools": [FREE]}, INVALID),
        (OLDEST, {"tools": [FREE]}, None),
        (NEWEST, {"tools": [{"googleSearch": {}}]}, None),
        (NEWEST, {"tools": [{"codeExecution": {}}]}, INVALID),
        (NEWEST, {"tools": [FREE, {"urlContext": {}}]}, INVALID),
        (OLDEST, SPEECH, INVALID),
        (OLDER, SPEECH, None),
        (NEWEST, TRANSLATION, INVALID),
        (TRANSLATOR, TRANSLATION, None),
        (TRANSLATOR, {}, INVALID),
        (TRANSLATOR, TRANSLATION | {"tools": [FREE]}, INVALID),
        (TRANSLATOR, TRANSLATION | {"systemInstruction": {"parts": []}}, INVALID),
        (OLDER, thinking(thinkingLevel="LOW"), None),
        (OLDEST, thinking(thinkingLevel="LOW"), NO_LEVEL),
        (EXTENDED, {}, INVALID),
        (EXTENDED, thinking(includeThoughts=True), INVALID),
        (EXTENDED, thinking(thinkingLevel="LOW", thinkingBudget=1), INVALID),
        (EXTENDED, thinking(thinkingLevel="LOW"), None),
        (EXTENDED, thinking(thinkingBudget=1), None),
        (OLDEST, AFFECTIVE, None),
        (OLDER, AFFECTIVE, INVALID),
        (NEWEST, AFFECTIVE, INVALID),
        (NEWEST, {"proactivity": {"proactiveAudio": False}}, INVALID),
        (NEWEST, {"proactivity": {"proactiveAudio": True}}, None),
        (OLDEST, {"proactivity": {"proactiveAudio": False}}, None),
        (TRANSCRIBER, {"generationConfig": {"responseModalities": ["TEXT"]}}, None),
    ],
)
async def test_a_model_refuses_what_others_take(
    model: str, fields: Json, refusal: tuple[int, str] | None
) -> None:
    async with (
        Simulator(pace=0) as simulator,
        dialled(simulator, path("v1alpha")) as client,
    ):
        await client.send(setup(model=model, **fields))
        if refusal:
            assert await client.closed() == refusal
        else:
            assert await client.receive() == {"setupComplete": {}}


@pytest.mark.parametrize("version", ["v1beta", "v1"])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"proactivity": {"proactiveAudio": True}},
            "Unknown name \"proactivity\" at 'setup'",
        ),
        (AFFECTIVE, "\"enableAffectiveDialog\" at 'setup.generation_config'"),
    ],
)
async def test_some_fields_are_unknown_to_all_but_v1alpha(
    version: str, fields: Json, words: str
) -> None:
    async with (
        Simulator(pace=0) as simulator,
        dialled(simulator, path(version)) as client,
    ):
        await client.send(setup(model=OLDEST, **fields))
        code, reason = await client.closed()
    assert code == 1007
    assert words in reason


async def test_extended_thinking_completes_several_turns_for_one_request() -> None:
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, model=EXTENDED, **thinking(thinkingLevel="LOW")) as client,
    ):
        await client.speak(tone(0.4))
        turn = await client.turn()
    ends = [content(m) for m in turn if "turnComplete" in content(m)]
    assert ends == [
        {"turnComplete": True, "interactionStatus": "IN_PROGRESS"},
        {"turnComplete": True, "interactionStatus": "IDLE"},
    ]
    assert transcript_of(turn) == "One moment.You spoke for 0.4 seconds."
    assert outline(turn).count("generationComplete") == 2


async def test_a_transcriber_hears_and_says_nothing() -> None:
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, model=TRANSCRIBER, inputAudioTranscription={}) as client,
    ):
        await client.speak(tone(0.4))
        assert outline(await client.turn()) == [
            "inputTranscription",
            "generationComplete",
            "turnComplete",
            "newHandle",
        ]


@pytest.mark.parametrize(("model", "takes"), [(NEWEST, True), (OLDER, False)])
async def test_only_the_newest_models_take_a_context_update(
    model: str, *, takes: bool
) -> None:
    update = {"systemInstruction": {"parts": [{"text": "Sing."}]}}
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, model=model) as client,
    ):
        await client.send({"contextUpdate": update}, text("Hello"))
        if takes:
            turn = await client.turn()
            assert turn[-2]["usageMetadata"]["promptTokenCount"] == 2 + 2
        else:
            assert await client.closed() == INVALID


async def test_a_context_update_cannot_bring_what_the_model_refuses() -> None:
    update: Json = {"tools": {"tools": [{"codeExecution": {}}]}}
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send({"contextUpdate": update})
        assert await client.closed() == INVALID


def test_a_model_of_the_simulators_own_takes_everything() -> None:
    own = family("models/my-simulator")
    assert not own.refuses
    assert not own.needs
    assert own.updates


async def test_client_content_may_be_only_a_seed() -> None:
    turns = [{"role": "user", "parts": [{"text": "It is late."}]}]
    seed = {"clientContent": {"turns": turns}}
    async with (
        Simulator(pace=0, behaviours=["seed_only"]) as simulator,
        talking(simulator, model=OLDER) as client,
    ):
        await client.send(seed, text("And?"))
        assert transcript_of(await client.turn()) == "You said: And?"
        await client.send(seed)
        assert await client.closed() == INVALID
