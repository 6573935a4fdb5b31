"""Push-to-talk with plain websockets and json: what edgevoice is compared with (B).

Written as Google's guide to the WebSocket API does it. See ``peer_sdk``, which does the
same with Google's own client.
"""

import argparse
import asyncio
import base64
import json
import os
import sys
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from benchmarks.peer_devices import Microphone, Speaker

PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
SETUP: dict[str, Any] = {
    "setup": {
        "model": "models/gemini-3.8-live",
        "generationConfig": {"responseModalities": ["AUDIO"]},
        "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}},
        "sessionResumption": {},
        "contextWindowCompression": {"slidingWindow": {}},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
    }
}


class Talk:
    """One connection, the button, and the sound of both sides."""

    def __init__(self, socket: ClientConnection, args: argparse.Namespace) -> None:
        self._socket = socket
        self._block = args.block
        self._microphone = Microphone(args.microphone)
        self._speaker = Speaker(args.speaker)
        self._pressed = False
        self._answer: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(self) -> None:
        while True:
            pcm = await asyncio.to_thread(self._microphone.read, self._block)
            if self._pressed:
                data = base64.b64encode(pcm).decode("utf-8")
                audio = {"data": data, "mimeType": "audio/pcm;rate=16000"}
                await self._send({"realtimeInput": {"audio": audio}})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(message))

    async def receive(self) -> None:
        async for message in self._socket:
            content = json.loads(message).get("serverContent", {})
            if content.get("interrupted"):
                self._answer = asyncio.Queue()
            for part in content.get("modelTurn", {}).get("parts", []):
                if "inlineData" in part:
                    data = base64.b64decode(part["inlineData"]["data"])
                    self._answer.put_nowait(data)

    async def play(self) -> None:
        while True:
            pcm = await self._answer.get()
            await asyncio.to_thread(self._speaker.write, pcm)

    async def button(self, lines: asyncio.StreamReader) -> None:
        """Return at the end of stdin."""
        async for line in lines:
            if line == b"press\n":
                await self._send({"realtimeInput": {"activityStart": {}}})
                self._pressed = True
            else:
                self._pressed = False
                await self._send({"realtimeInput": {"activityEnd": {}}})


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
    address = f"{args.endpoint}{PATH}?key={os.environ['GEMINI_API_KEY']}"
    async with websockets.connect(address) as socket:
        await socket.send(json.dumps(SETUP))
        await socket.recv()  # setupComplete
        talk = Talk(socket, args)
        lines = await stdin()
        tasks = [talk.listen(), talk.receive(), talk.play()]
        running = [asyncio.create_task(task) for task in tasks]
        print("ready", flush=True)
        await talk.button(lines)
        for task in running:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
