"""A bare client of the simulator for its tests: sends what it is told, legal or not."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from edgevoice.simulator import Simulator

Json = dict[str, Any]

PATH = "/ws/google.ai.generativelanguage.{}.GenerativeService.{}"
KEY = {"x-goog-api-key": "test-key"}
START: Json = {"realtimeInput": {"activityStart": {}}}
END: Json = {"realtimeInput": {"activityEnd": {}}}


def path(version: str = "v1beta", method: str = "BidiGenerateContent") -> str:
    return PATH.format(version, method)


def setup(**fields: Any) -> Json:
    """A push-to-talk setup; a field given here replaces the default one."""
    return {
        "setup": {
            "model": "models/gemini-3.8-live",
            "generationConfig": {"responseModalities": ["AUDIO"]},
            "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}},
            "sessionResumption": {},
            "outputAudioTranscription": {},
            **fields,
        }
    }


def tone(seconds: float, hz: int = 16_000, pitch: float = 440.0) -> bytes:
    t = np.arange(round(seconds * hz)) / hz
    return bytes((np.sin(2 * np.pi * pitch * t) * 8000).astype("<i2").tobytes())


def audio(pcm: bytes, hz: int = 16_000) -> Json:
    data = base64.b64encode(pcm).decode()
    blob = {"mimeType": f"audio/pcm;rate={hz}", "data": data}
    return {"realtimeInput": {"audio": blob}}


def text(words: str) -> Json:
    return {"realtimeInput": {"text": words}}


def jpeg(width: int = 640, height: int = 480) -> bytes:
    """The header of a JPEG: start, JFIF segment, start of frame."""
    jfif = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    size = height.to_bytes(2) + width.to_bytes(2)
    return b"\xff\xd8" + jfif + b"\xff\xc0\x00\x11\x08" + size + bytes(10)


def png(width: int = 640, height: int = 480) -> bytes:
    """The header of a PNG."""
    size = width.to_bytes(4) + height.to_bytes(4)
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size + bytes(9)


def picture(data: bytes, mime: str = "image/jpeg") -> Json:
    """As ``realtimeInput.video`` or ``inlineData`` takes it."""
    return {"mimeType": mime, "data": base64.b64encode(data).decode()}


def video(data: bytes, mime: str = "image/jpeg") -> Json:
    return {"realtimeInput": {"video": picture(data, mime)}}


class Client:
    """One connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, *messages: Json) -> None:
        for message in messages:
            await self.socket.send(json.dumps(message))

    async def speak(self, pcm: bytes) -> None:
        await self.send(START, audio(pcm), END)

    async def receive(self) -> Json:
        message: Json = json.loads(await self.socket.recv())
        return message

    async def until(self, last: Callable[[Json], object]) -> list[Json]:
        """All messages up to the first that ``last`` holds for."""
        received = [await self.receive()]
        while not last(received[-1]):
            received.append(await self.receive())
        return received

    async def turn(self) -> list[Json]:
        """All messages up to the new handle after turnComplete."""
        return await self.until(has_handle)

    async def closed(self) -> tuple[int, str]:
        """Code and reason of the server's close, whatever it sends before.

        1006 tells that the connection was cut without a close handshake.
        """
        with suppress(ConnectionClosed):
            while True:
                await self.socket.recv()
        return self.socket.close_code or 0, self.socket.close_reason or ""


@asynccontextmanager
async def dialled(
    simulator: Simulator, target: str | None = None, headers: Json = KEY
) -> AsyncIterator[Client]:
    """A connection before its setup."""
    url = simulator.url + (target or path())
    async with connect(url, additional_headers=headers, compression=None) as socket:
        yield Client(socket)


@asynccontextmanager
async def talking(simulator: Simulator, **fields: Any) -> AsyncIterator[Client]:
    """A connection after setupComplete."""
    async with dialled(simulator) as client:
        await client.send(setup(**fields))
        assert await client.receive() == {"setupComplete": {}}
        yield client


def content(message: Json) -> Json:
    found: Json = message.get("serverContent", {})
    return found


def has_audio(message: Json) -> bool:
    return bool(pcm_of([message]))


def has_handle(message: Json) -> bool:
    return "newHandle" in message.get("sessionResumptionUpdate", {})


def handle_of(messages: list[Json]) -> str:
    return str(messages[-1]["sessionResumptionUpdate"]["newHandle"])


def pcm_of(messages: list[Json]) -> bytes:
    return b"".join(
        base64.b64decode(part["inlineData"]["data"], validate=True)
        for message in messages
        for part in content(message).get("modelTurn", {}).get("parts", [])
        if "inlineData" in part
    )


def transcript_of(messages: list[Json], name: str = "outputTranscription") -> str:
    return "".join(content(m).get(name, {}).get("text", "") for m in messages)


def outline(messages: list[Json]) -> list[str]:
    """What each message is, repetitions once."""
    names: list[str] = []
    for message in messages:
        body = content(message) or message.get("sessionResumptionUpdate") or message
        name = next(iter(body)) if body else ""
        names += [] if names[-1:] == [name] else [name]
    return names
