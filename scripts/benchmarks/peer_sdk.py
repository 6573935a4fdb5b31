"""Push-to-talk with Google's own client: what edgevoice is compared with (A).

Written as its documentation and its sample for the Live API do it: one task that reads
the microphone in a thread and sends each block, one that receives, one that plays in a
thread. Lines on stdin are the button: ``press``, ``release``.
"""

import argparse
import asyncio
import os
import sys
from typing import Any

from google import genai
from google.genai import types
from google.genai.live import AsyncSession

from benchmarks.peer_devices import Microphone, Speaker

MODEL = "gemini-3.8-live"
CONFIG = types.LiveConnectConfig(
    response_modalities=[types.Modality.AUDIO],
    realtime_input_config=types.RealtimeInputConfig(
        automatic_activity_detection=types.AutomaticActivityDetection(disabled=True)
    ),
    session_resumption=types.SessionResumptionConfig(),
    context_window_compression=types.ContextWindowCompressionConfig(
        sliding_window=types.SlidingWindow()
    ),
    input_audio_transcription=types.AudioTranscriptionConfig(),
    output_audio_transcription=types.AudioTranscriptionConfig(),
)


class Talk:
    """One session, the button, and the sound of both sides."""

    def __init__(self, session: AsyncSession, args: argparse.Namespace) -> None:
        self._session = session
        self._block = args.block
        self._microphone = Microphone(args.microphone)
        self._speaker = Speaker(args.speaker)
        self._pressed = False
        self._answer: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(self) -> None:
        while True:
            pcm = await asyncio.to_thread(self._microphone.read, self._block)
            if self._pressed:
                blob = types.Blob(data=pcm, mime_type="audio/pcm;rate=16000")
                await self._session.send_realtime_input(audio=blob)

    async def receive(self) -> None:
        while True:
            async for message in self._session.receive():
                content = message.server_content
                if content and content.interrupted:
                    self._answer = asyncio.Queue()
                if content and content.model_turn:
                    for part in content.model_turn.parts or []:
                        if part.inline_data and part.inline_data.data:
                            self._answer.put_nowait(part.inline_data.data)

    async def play(self) -> None:
        while True:
            pcm = await self._answer.get()
            await asyncio.to_thread(self._speaker.write, pcm)

    async def button(self, lines: asyncio.StreamReader) -> None:
        """Return at the end of stdin."""
        async for line in lines:
            if line == b"press\n":
                start = types.ActivityStart()
                await self._session.send_realtime_input(activity_start=start)
                self._pressed = True
            else:
                self._pressed = False
                end = types.ActivityEnd()
                await self._session.send_realtime_input(activity_end=end)


async def stdin() -> asyncio.StreamReader:
    lines = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(lines)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: protocol, sys.stdin)
    return lines


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--microphone", required=True)
    parser.add_argument("--speaker", required=True)
    parser.add_argument("--block", type=int, required=True, help="frames")
    args = parser.parse_args()
    options: Any = {"base_url": args.endpoint, "api_version": "v1beta"}
    client = genai.Client(api_key=os.environ["GEMINI_API_KEY"], http_options=options)
    async with client.aio.live.connect(model=MODEL, config=CONFIG) as session:
        talk = Talk(session, args)
        lines = await stdin()
        tasks = [talk.listen(), talk.receive(), talk.play()]
        running = [asyncio.create_task(task) for task in tasks]
        print("ready", flush=True)
        await talk.button(lines)
        for task in running:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
