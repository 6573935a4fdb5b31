import asyncio
import itertools
import json
from collections.abc import Callable

import numpy as np
import pytest

from edgevoice.audio.samples import to_samples
from edgevoice.simulator import Answered, Sent, Simulator
from tests.simulator_client import (
    END,
    START,
    Client,
    Json,
    audio,
    content,
    handle_of,
    has_audio,
    has_handle,
    jpeg,
    outline,
    pcm_of,
    talking,
    text,
    tone,
    transcript_of,
    video,
)

INVALID = (1007, "Request contains an invalid argument.")
INTERRUPTED = ["interrupted", "turnComplete"]
ANSWER = [
    "modelTurn",
    "sessionResumptionUpdate",
    "outputTranscription",
    "modelTurn",
    "outputTranscription",
    "generationComplete",
    "turnComplete",
    "newHandle",
]


async def test_a_spoken_turn_is_answered_in_the_order_of_the_real_server() -> None:
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, inputAudioTranscription={}) as client,
    ):
        await client.speak(tone(0.4))
        turn = await client.turn()
    assert outline(turn) == ["inputTranscription", *ANSWER]
    assert turn[-2]["serverContent"] == {"turnComplete": True}
    assert turn[-2]["usageMetadata"] == {
        "promptTokenCount": 10,
        "responseTokenCount": 10,
        "totalTokenCount": 20,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 10}],
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 10}],
    }
    update = turn[-1]["sessionResumptionUpdate"]
    assert update.keys() == {"newHandle", "resumable"}
    assert update["resumable"] is True
    assert transcript_of(turn, "inputTranscription") == " 0.4 seconds of speech"
    assert transcript_of(turn) == "You spoke for 0.4 seconds."


async def test_while_generating_the_session_is_said_to_be_not_resumable() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.speak(tone(1.0))
        turn = await client.turn()
    updates = [m for m in turn if "sessionResumptionUpdate" in m]
    assert updates[0] == {"sessionResumptionUpdate": {}}
    assert len(updates) == 2
    assert turn.index(updates[0]) < turn.index(
        {"serverContent": {"generationComplete": True}}
    )


async def test_transcripts_come_only_if_asked_for() -> None:
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, outputAudioTranscription=None) as client,
    ):
        await client.speak(tone(0.4))
        assert not [m for m in await client.turn() if "Transcription" in str(m)]


async def test_an_echo_is_the_very_sound_that_was_said() -> None:
    rng = np.random.default_rng(1)
    noise = np.cumsum(rng.normal(0, 300, 24_000)).astype(np.int16)  # 1.5 s at 16 kHz
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send(START)
        for block in np.split(noise, 75):
            await client.send(audio(block.tobytes()))
        await client.send(END)
        heard = to_samples(pcm_of(await client.turn()))
    assert len(heard) == 36_000
    # every third frame at 24 kHz falls on every second at 16 kHz
    again, said = heard[::3].astype(float), noise[::2].astype(float)
    assert np.corrcoef(again, said)[0, 1] > 0.999
    assert np.std(again) / np.std(said) == pytest.approx(1.0, abs=0.01)


async def test_sound_that_has_24_khz_already_comes_back_bit_by_bit() -> None:
    pcm = tone(0.3, hz=24_000)
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send(START, audio(pcm, hz=24_000), END)
        assert pcm_of(await client.turn()) == pcm


async def test_each_answer_belongs_to_its_own_turn() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        lengths = []
        for seconds in (0.5, 1.0, 0.2):
            await client.speak(tone(seconds))
            lengths.append(len(pcm_of(await client.turn())) / 48_000)
        journal = simulator.journal
    assert lengths == [0.5, 1.0, 0.2]
    answers = [entry for entry in journal if isinstance(entry, Answered)]
    assert [(a.turn, a.spoken, a.audio, a.interrupted) for a in answers] == [
        (1, 0.5, 24_000, False),
        (2, 1.0, 48_000, False),
        (3, 0.2, 9_600, False),
    ]
    sent = [entry.turn for entry in journal if isinstance(entry, Sent)]
    assert sent == sorted(sent)


async def test_messages_are_binary_json_of_about_13_kb_with_several_parts() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.speak(tone(1.0))
        raw = [await client.socket.recv()]
        while b"newHandle" not in raw[-1]:
            raw.append(await client.socket.recv())
    assert all(isinstance(message, bytes) for message in raw)
    sound = max(raw, key=len)
    assert 10_000 <= len(sound) <= 16_000
    parts = json.loads(sound)["serverContent"]["modelTurn"]["parts"]
    assert len(parts) == 5
    assert {p["inlineData"]["mimeType"] for p in parts} == {"audio/pcm;rate=24000"}


async def test_an_empty_activity_is_not_answered_and_does_no_harm() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send(START, END)
        await client.speak(tone(0.4))
        assert outline(await client.turn()) == ANSWER


@pytest.mark.parametrize(
    "messages",
    [
        [audio(tone(0.1))],
        [END],
        [START, START],
        [START, END, END],
        [START, END, audio(tone(0.1))],
        [START, text("hello")],
        [START, {"realtimeInput": {"audioStreamEnd": True}}],
        [{"realtimeInput": {}}],
        [{"realtimeInput": {"activityStart": {}, "text": "hello"}}],
        [START, audio(b"123")],
        [START, audio(b"")],
        [
            START,
            {"realtimeInput": {"audio": {"mimeType": "audio/pcm", "data": "AAA="}}},
        ],
        [
            START,
            {"realtimeInput": {"audio": {"mimeType": "audio/mp3", "data": "AAA="}}},
        ],
        [START, audio(tone(0.1)), audio(tone(0.1), hz=24_000)],
        [{"realtimeInput": {"video": {"mimeType": "audio/pcm", "data": "AAA="}}}],
        [{"toolResponse": {"functionResponses": [{"id": "x", "response": {}}]}}],
        [{"toolResponse": {"functionResponses": [{"response": {}}]}}],
        [{"clientContent": {"turns": [{"role": "system", "parts": []}]}}],
        [{"clientContent": {"turns": [{"parts": [{"functionCall": {}}]}]}}],
        [{"clientContent": {"turns": [{"parts": [{"functionResponse": {}}]}]}}],
    ],
)
async def test_an_illegal_message_closes_the_session(messages: list[Json]) -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send(*messages)
        assert await client.closed() == INVALID


async def test_media_chunks_are_deprecated() -> None:
    chunk = {"mimeType": "audio/pcm;rate=16000", "data": "AAA="}
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send({"realtimeInput": {"mediaChunks": [chunk]}})
        assert await client.closed() == (
            1007,
            "realtime_input.media_chunks is deprecated. "
            "Use audio, video, or text instead.",
        )


async def test_typed_text_is_answered_with_a_soft_sound_of_its_own() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        answers = []
        for words in ("Good morning.", "Good night.", "Good morning."):
            await client.send(text(words))
            answers.append(await client.turn())
    assert [transcript_of(answer) for answer in answers] == [
        "You said: Good morning.",
        "You said: Good night.",
        "You said: Good morning.",
    ]
    first, other, again = (pcm_of(answer) for answer in answers)
    assert first == again != other
    assert len(first) > 48_000
    assert 1000 < np.max(np.abs(to_samples(first))) < 4000


async def test_a_very_long_text_is_answered_for_no_more_than_15_seconds() -> None:
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send(text("word " * 500))
        assert 14 * 48_000 < len(pcm_of(await client.turn())) <= 15 * 48_000


async def test_client_content_is_answered_if_its_turn_is_complete() -> None:
    turns = [
        {"role": "model", "parts": [{"text": "Ask!"}]},
        {"role": "user", "parts": [{"text": "How"}, {"text": "late?"}]},
    ]
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send({"clientContent": {"turns": turns, "turnComplete": True}})
        assert transcript_of(await client.turn()) == "You said: How late?"


async def test_client_content_is_appended_silently_if_it_is_not() -> None:
    turns = [{"role": "user", "parts": [{"text": "It is late."}]}]
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send({"clientContent": {"turns": turns}})
        await client.send(video(jpeg()))
        await client.speak(tone(0.4))
        turn = await client.turn()
    assert outline(turn) == ANSWER
    assert turn[-2]["usageMetadata"]["promptTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 3},
        {"modality": "IMAGE", "tokenCount": 258},
        {"modality": "AUDIO", "tokenCount": 10},
    ]


@pytest.mark.parametrize(
    "barge_in",
    [START, text("stop"), {"clientContent": {"turns": [], "turnComplete": True}}],
)
async def test_talking_over_the_answer_interrupts_it(barge_in: Json) -> None:
    async with Simulator(pace=1) as simulator, talking(simulator) as client:
        await client.speak(tone(5.0))
        await client.until(has_audio)
        await client.send(barge_in)
        rest = await client.until(has_handle)
        assert outline(rest)[-3:] == [*INTERRUPTED, "newHandle"]
        assert "generationComplete" not in outline(rest)
        heard = [e for e in simulator.journal if isinstance(e, Answered)]
        assert heard[0].interrupted
        assert heard[0].audio < 5 * 48_000
        bill = rest[-2]["usageMetadata"]
        assert bill["responseTokenCount"] == round(heard[0].audio / 48_000 * 25)


async def test_no_sound_of_an_interrupted_answer_comes_after_turn_complete() -> None:
    async with Simulator(pace=1) as simulator, talking(simulator) as client:
        await client.speak(tone(5.0, pitch=300))
        await client.until(has_audio)
        await client.send(START)
        await client.until(has_handle)
        await client.send(audio(tone(0.4, pitch=900)), END)
        turn = await client.turn()
    assert len(pcm_of(turn)) == round(0.4 * 48_000)
    assert loudest_hz(pcm_of(turn)) == pytest.approx(900, abs=5)


async def test_an_answer_may_be_interrupted_while_it_is_only_being_played() -> None:
    async with Simulator(pace=1) as simulator, talking(simulator) as client:
        await client.speak(tone(2.0))
        await client.until(lambda m: content(m).get("generationComplete"))
        await client.send(START)
        assert outline(await client.turn()) == [*INTERRUPTED, "newHandle"]


async def test_a_question_may_be_talked_over_before_its_answer_began() -> None:
    async with Simulator(pace=1) as simulator, talking(simulator) as client:
        await client.speak(tone(2.0))
        await client.send(START)
        turn = await client.turn()
    assert outline(turn) == [*INTERRUPTED, "newHandle"]
    assert "responseTokenCount" not in turn[1]["usageMetadata"]


async def test_with_quiet_interrupt_nothing_is_said_about_such_a_question() -> None:
    async with (
        Simulator(pace=0.2, behaviours=["quiet_interrupt"]) as simulator,
        talking(simulator, sessionResumption=None) as client,
    ):
        await client.speak(tone(2.0))
        await client.send(START, audio(tone(1.0)), END)
        turn = await client.until(lambda m: content(m).get("turnComplete"))
    assert len(pcm_of(turn)) == 48_000
    assert "interrupted" not in outline(turn)


async def test_without_interruption_the_model_talks_on_and_then_answers() -> None:
    config = {
        "automaticActivityDetection": {"disabled": True},
        "activityHandling": "NO_INTERRUPTION",
    }
    async with (
        Simulator(pace=0.1) as simulator,
        talking(simulator, realtimeInputConfig=config) as client,
    ):
        await client.speak(tone(3.0))
        await client.until(has_audio)
        await client.speak(tone(1.0))
        await client.send(text("and this"))
        first, second, third = [await client.turn() for _ in range(3)]
    assert "interrupted" not in outline(first + second + third)
    assert len(pcm_of(first)) == round(2.8 * 48_000)
    assert len(pcm_of(second)) == 48_000
    assert transcript_of(third) == "You said: and this"


async def test_what_an_interrupted_session_heard_is_kept_by_its_handle() -> None:
    async with Simulator(pace=1) as simulator:
        async with talking(simulator) as client:
            await client.speak(tone(5.0))
            await client.until(has_audio)
            await client.send(START)
            resume = {"handle": handle_of(await client.turn())}
        async with talking(simulator, sessionResumption=resume) as client:
            await client.send(text("go on"))
            turn = await client.until(has_audio)
            assert turn
        numbers = {e.turn for e in simulator.journal if isinstance(e, Sent)}
    assert numbers == {0, 1, 2}


async def test_an_answer_begins_after_300_ms_and_runs_a_bit_ahead_of_time() -> None:
    clock = asyncio.get_running_loop().time
    async with Simulator(pace=1) as simulator, talking(simulator) as client:
        await client.speak(tone(2.0))
        asked = clock()
        arrivals = await sounds(client, clock)
        generated = clock()
        await client.until(lambda m: content(m).get("turnComplete"))
        complete = clock()
    assert arrivals[0] - asked == pytest.approx(0.3, abs=0.08)
    gaps = [later - earlier for earlier, later in itertools.pairwise(arrivals)]
    assert sum(gaps) / len(gaps) == pytest.approx(0.2 / 1.25, abs=0.02)
    assert generated - asked == pytest.approx(0.3 + 9 * 0.16, abs=0.1)
    assert complete - asked == pytest.approx(0.3 + 2.0, abs=0.1)


async def sounds(client: Client, clock: Callable[[], float]) -> list[float]:
    """Arrival times of the messages of sound, up to generationComplete."""
    arrivals = []
    while True:
        message = await client.receive()
        if has_audio(message):
            arrivals.append(clock())
        if content(message).get("generationComplete"):
            return arrivals


def loudest_hz(pcm: bytes, hz: int = 24_000) -> float:
    spectrum = np.abs(np.fft.rfft(to_samples(pcm)))
    return float(np.argmax(spectrum)) * hz / len(to_samples(pcm))
