"""Google's own client against the simulator: does it speak the dialect?"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pytest
from google import genai
from google.ai import generativelanguage_v1beta as published
from google.genai import (
    _common,
    _live_converters,
    _tokens_converters,
    live,
    tokens,
    types,
)
from google.protobuf import json_format

from edgevoice.simulator import Simulator
from tests.evening import match, speech
from tests.simulator_client import START, Json, audio, jpeg, talking, text, tone

pytestmark = [
    pytest.mark.sdk,
    # The SDK's own: it imports what is deprecated, and leaves a session unclosed.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:The SDK's ephemeral token support"),
]

MODEL = "gemini-3.8-live"


def config(**fields: object) -> types.LiveConnectConfig:
    """As a push-to-talk program would ask for it."""
    return types.LiveConnectConfig.model_validate(
        {
            "response_modalities": ["AUDIO"],
            "realtime_input_config": {
                "automatic_activity_detection": {"disabled": True}
            },
            "session_resumption": {},
            "output_audio_transcription": {},
            **fields,
        }
    )


@asynccontextmanager
async def session(
    simulator: Simulator,
    *,
    model: str = MODEL,
    key: str = "a-key",
    version: str = "v1beta",
    **fields: object,
) -> AsyncIterator[live.AsyncSession]:
    sdk = genai.Client(api_key=key, http_options=types.HttpOptions(api_version=version))
    # It forces wss; these two are how a plain server can be reached all the same.

    def address(_: types.HttpOptions | None = None) -> str:
        return simulator.url

    sdk._api_client._websocket_base_url = address  # type: ignore[assignment, method-assign]
    sdk._api_client._websocket_ssl_ctx = {}
    async with sdk.aio.live.connect(model=model, config=config(**fields)) as here:
        yield here


async def speak(here: live.AsyncSession, pcm: bytes) -> None:
    await here.send_realtime_input(activity_start=types.ActivityStart())
    for start in range(0, len(pcm), 1280):
        blob = types.Blob(
            data=pcm[start : start + 1280], mime_type="audio/pcm;rate=16000"
        )
        await here.send_realtime_input(audio=blob)
    await here.send_realtime_input(activity_end=types.ActivityEnd())


async def turn(here: live.AsyncSession) -> list[types.LiveServerMessage]:
    """All messages up to turnComplete, as the SDK delimits a turn."""
    return [message async for message in here.receive()]


def sound(messages: list[types.LiveServerMessage]) -> bytes:
    return b"".join(message.data or b"" for message in messages)


def said(messages: list[types.LiveServerMessage]) -> str:
    parts = (
        message.server_content.output_transcription
        for message in messages
        if message.server_content
    )
    return "".join(part.text or "" for part in parts if part)


async def test_an_audio_turn_is_echoed() -> None:
    async with Simulator(pace=0) as simulator, session(simulator) as here:
        question = speech(1.0)
        await speak(here, question.tobytes())
        answer = await turn(here)
    heard = np.frombuffer(sound(answer), np.int16)
    assert len(heard) == 24_000
    # Every third frame of 24 kHz is every second of 16 kHz.
    assert match(question[::2], heard[::3]) > 0.9
    assert said(answer) == "You spoke for 1.0 seconds."
    last = answer[-1]
    assert last.server_content is not None
    assert last.server_content.turn_complete
    assert last.usage_metadata is not None
    assert (last.usage_metadata.prompt_token_count or 0) >= 25
    assert any(
        m.server_content and m.server_content.generation_complete for m in answer
    )


async def test_a_text_turn_is_answered() -> None:
    async with Simulator(pace=0) as simulator, session(simulator) as here:
        await here.send_realtime_input(text="hello there")
        first = await turn(here)
        content = types.Content(role="user", parts=[types.Part(text="and again")])
        await here.send_client_content(turns=content, turn_complete=True)
        second = await turn(here)
    assert said(first) == "You said: hello there"
    assert said(second) == "You said: and again"
    assert sound(first)
    assert sound(second)


async def test_speaking_while_it_answers_interrupts_it() -> None:
    async with Simulator(pace=1) as simulator, session(simulator) as here:
        await speak(here, tone(3.0))
        answer = []
        async for message in here.receive():
            answer.append(message)
            if message.data and len(answer) < 5:
                await here.send_realtime_input(activity_start=types.ActivityStart())
                break
        rest = await turn(here)
        contents = [message.server_content for message in rest]
        assert any(content and content.interrupted for content in contents)
        assert not any(content and content.generation_complete for content in contents)
        blob = types.Blob(data=tone(0.5), mime_type="audio/pcm;rate=16000")
        await here.send_realtime_input(audio=blob)
        await here.send_realtime_input(activity_end=types.ActivityEnd())
        fresh = await turn(here)
    assert len(sound(answer + rest)) < 3.0 * 48_000
    assert len(sound(fresh)) == 0.5 * 48_000


async def test_a_session_is_resumed_with_its_handle() -> None:
    async with Simulator(pace=0) as simulator:
        async with session(simulator) as here:
            await speak(here, tone(0.5))
            await turn(here)
            update = await anext(here.receive())
            assert update.session_resumption_update is not None
            assert update.session_resumption_update.resumable
            handle = update.session_resumption_update.new_handle
            assert handle
        async with session(simulator, session_resumption={"handle": handle}) as here:
            await speak(here, tone(0.5))
            second = await turn(here)
        usage = second[-1].usage_metadata
        assert usage is not None
        # The context of the first turn is billed again: it was not forgotten.
        assert (usage.prompt_token_count or 0) > 25
        with pytest.raises(Exception, match="1007"):
            async with session(
                simulator, session_resumption={"handle": "made-up"}
            ) as here:
                await turn(here)


def tools(behavior: str) -> list[Json]:
    function = {"name": "dim_lights", "behavior": behavior}
    return [{"function_declarations": [function]}]


def response(call: types.FunctionCall, **fields: object) -> types.FunctionResponse:
    return types.FunctionResponse.model_validate(
        {"id": call.id, "name": call.name, "response": {"output": "dim"}, **fields}
    )


async def called(here: live.AsyncSession) -> types.FunctionCall:
    """The one function that the model calls next."""
    async for message in here.receive():
        if message.tool_call:
            [call] = message.tool_call.function_calls or []
            return call
    raise AssertionError("the turn ended without a call")


async def test_the_model_waits_for_a_blocking_function() -> None:
    async with (
        Simulator(pace=0) as simulator,
        session(simulator, tools=tools("BLOCKING")) as here,
    ):
        await here.send_realtime_input(text='call dim_lights {"level": 40}')
        call = await called(here)
        assert call.args == {"level": 40}
        await here.send_tool_response(function_responses=[response(call)])
        assert said(await turn(here)) == 'dim_lights answered {"output":"dim"}'


async def test_a_function_that_does_not_block_answers_later_and_twice() -> None:
    async with (
        Simulator(pace=0) as simulator,
        session(simulator, tools=tools("NON_BLOCKING")) as here,
    ):
        await here.send_realtime_input(text="call dim_lights")
        call = await called(here)
        assert said(await turn(here)) == "You said: call dim_lights"
        for more in (True, False):
            answer = response(call, will_continue=more, scheduling="WHEN_IDLE")
            await here.send_tool_response(function_responses=[answer])
            assert said(await turn(here)) == 'dim_lights answered {"output":"dim"}'


async def test_a_call_that_is_talked_over_is_cancelled() -> None:
    async with (
        Simulator(pace=0) as simulator,
        session(simulator, tools=tools("BLOCKING")) as here,
    ):
        await here.send_realtime_input(text="call dim_lights")
        call = await called(here)
        await here.send_realtime_input(activity_start=types.ActivityStart())
        cancellations = [m.tool_call_cancellation for m in await turn(here)]
        assert [c.ids for c in cancellations if c] == [[call.id]]


async def test_a_picture_is_described() -> None:
    async with Simulator(pace=0) as simulator, session(simulator) as here:
        shown = types.Blob(data=jpeg(768, 512), mime_type="image/jpeg")
        await here.send_realtime_input(video=shown)
        await here.send_realtime_input(text="What is it?")
        first = await turn(here)
        parts = [types.Part(text="And now?"), types.Part(inline_data=shown)]
        content = types.Content(role="user", parts=parts)
        await here.send_client_content(turns=content, turn_complete=True)
        second = await turn(here)
    seen = "I see a JPEG of 768 x 512 pixels, 0.0 kB."
    assert said(first) == f"You said: What is it? {seen}"
    assert said(second) == f"You said: And now? {seen}"


async def test_a_token_opens_a_session_once() -> None:
    async with Simulator(pace=0, behaviours=["issued_tokens"]) as simulator:
        token = simulator.issue_token(
            {
                "bidiGenerateContentSetup": {"model": f"models/{MODEL}"},
                "fieldMask": "model",
            }
        )
        wanted = {"key": token, "version": "v1alpha", "model": "nonsense"}
        async with session(simulator, **wanted) as here:
            await speak(here, tone(0.1))
            assert said(await turn(here)) == "You spoke for 0.1 seconds."
        with pytest.raises(Exception, match="Token has been used too many times"):
            async with session(simulator, **wanted) as here:
                await turn(here)


def asked_of_google(config: types.CreateAuthTokenConfig) -> Json:
    """The body that the client would post for a token."""
    sdk = genai.Client(api_key="a-key")._api_client
    parameters = types.CreateAuthTokenParameters(config=config)
    body = _tokens_converters._CreateAuthTokenParameters_to_mldev(sdk, parameters)
    body.pop("config", None)
    body = tokens._convert_bidi_setup_to_token_setup(body, config)
    encoded: Json = json.loads(
        json.dumps(_common.encode_unserializable_types(_common.convert_to_dict(body)))
    )
    return encoded


async def test_a_token_is_issued_to_the_words_of_the_client() -> None:
    wanted = types.CreateAuthTokenConfig.model_validate(
        {
            "uses": 2,
            "expire_time": datetime.now(UTC) + timedelta(minutes=5),
            "live_connect_constraints": {
                "model": MODEL,
                "config": {"temperature": 0.7, "output_audio_transcription": {}},
            },
            "lock_additional_fields": ["topP"],
        }
    )
    body = asked_of_google(wanted)
    assert body.keys() == {
        "uses",
        "expireTime",
        "bidiGenerateContentSetup",
        "fieldMask",
    }
    async with Simulator(pace=0) as simulator:
        token = simulator.issue_token(body)
        async with session(simulator, key=token, version="v1alpha") as here:
            await speak(here, tone(0.1))
            assert said(await turn(here)) == "You spoke for 0.1 seconds."


async def test_every_count_and_every_thought_reaches_the_client() -> None:
    behaviours = ["thoughts=Hmm.", "full_usage"]
    async with (
        Simulator(pace=0, behaviours=behaviours) as simulator,
        session(simulator) as here,
    ):
        await speak(here, tone(0.4))
        answer = await turn(here)
    usage = answer[-1].usage_metadata
    assert usage is not None
    missing = {name for name, value in usage if value is None}
    assert missing == {"traffic_type"}  # the other platform's
    parts = [
        part
        for message in answer
        if message.server_content and message.server_content.model_turn
        for part in message.server_content.model_turn.parts or []
    ]
    assert [part.text for part in parts if part.thought] == ["Hmm."]


async def test_extended_thinking_is_one_turn_to_the_client() -> None:
    config = {"thinking_level": "LOW"}
    model = "gemini-3.8-live-extended-thinking"
    async with (
        Simulator(pace=0) as simulator,
        session(simulator, model=model, thinking_config=config) as here,
    ):
        await speak(here, tone(0.1))
        answer = await turn(here)
    assert said(answer) == "One moment.You spoke for 0.1 seconds."
    ends = [m.server_content for m in answer if m.server_content]
    assert sum(bool(end.turn_complete) for end in ends) == 2


NEWER: Final = {
    "serverContent.interactionStatus",
    "serverContent.interimInputTranscription",
    "serverContent.turnCompleteReason",
    "usageMetadata.serviceTier",
    "voiceActivity",
}
"""What Google's own client knows, but not yet the published definitions."""

EVERYTHING: Final = [
    "thoughts",
    "text",
    "code",
    "search",
    "url_context",
    "full_usage",
    "interim",
    "voice_activity",
    "in_progress@1",
    "waiting@2",
    "reason=BLOCKLIST@3",
]


async def everything() -> list[Json]:
    """Messages of every kind, by behaviours and calls."""
    declared = [{"functionDeclarations": [{"name": "lights", "behavior": "BLOCKING"}]}]
    messages: list[Json] = []
    async with (
        Simulator(pace=0, behaviours=EVERYTHING) as simulator,
        talking(simulator, tools=declared, inputAudioTranscription={}) as client,
    ):
        for _ in range(3):
            await client.speak(tone(0.2))
            messages += await client.turn()
        await client.send(text('call lights {"level": 4}'))
        messages += await client.until(lambda message: "toolCall" in message)
        await client.send(START)
        messages += await client.turn()
    return messages


def without_newer(message: Json) -> Json:
    """The message without ``NEWER``; what is newest in it must be known to the SDK."""
    read = _live_converters._LiveServerMessage_from_mldev(message)
    assert len(read) == len(message)
    types.LiveServerMessage.model_validate(read)  # forbids unknown fields
    kept: Json = {}
    for kind, body in message.items():
        old = {k: v for k, v in body.items() if f"{kind}.{k}" not in NEWER}
        kept |= {} if kind in NEWER else {kind: old}
    return kept


async def test_what_else_it_says_is_known_to_googles_definitions_or_client() -> None:
    messages = await everything()
    names = {f"{kind}.{name}" for m in messages for kind in m for name in m[kind]}
    kinds = {kind for message in messages for kind in message}
    assert names | kinds >= NEWER
    assert kinds >= {"toolCall", "toolCallCancellation"}
    for message in messages:
        reply = published.BidiGenerateContentServerMessage.pb()()
        older = without_newer(message)
        json_format.ParseDict(older, reply, ignore_unknown_fields=False)
        if older != message:
            with pytest.raises(json_format.ParseError):
                json_format.ParseDict(message, reply, ignore_unknown_fields=False)


async def test_all_that_the_simulator_says_is_in_googles_definitions() -> None:
    messages: list[Json] = []
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, inputAudioTranscription={}) as client,
    ):
        await client.speak(tone(0.5))
        messages += await client.turn()
        await client.speak(tone(2.0))
        await client.send(START)
        messages += await client.turn()
        await client.send(audio(tone(0.2)), {"realtimeInput": {"activityEnd": {}}})
        messages += await client.turn()
        await simulator.go_away(5.0)
        messages += await client.until(lambda message: "goAway" in message)
    kinds = {kind for message in messages for kind in message}
    assert kinds >= {"serverContent", "sessionResumptionUpdate", "goAway"}
    for message in messages:
        reply = published.BidiGenerateContentServerMessage.pb()()
        json_format.ParseDict(message, reply, ignore_unknown_fields=False)
