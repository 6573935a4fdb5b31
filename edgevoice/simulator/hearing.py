"""What the client may say after its setup, and what that sets off.

The rules are those of the real server in their strictest reading. Where reports
contradict each other (sound outside an activity, text inside one), the message is
refused, so that a client which passes here offends nobody.
"""

import re
from typing import Final

from edgevoice.audio.pcm import BYTES_PER_FRAME, UPLINK_HZ
from edgevoice.simulator.pictures import Picture, look
from edgevoice.simulator.reasons import refused
from edgevoice.simulator.responder import Responder
from edgevoice.simulator.sessions import IMAGE_TOKENS, Piece, Session, spoken, typed
from edgevoice.simulator.setup import Setup, check_model
from edgevoice.simulator.turn import Prompt
from edgevoice.simulator.when import Moment
from edgevoice.simulator.wire import JsonObject, invalid_argument

_AUDIO: Final = re.compile(r"audio/pcm;\s*rate=(\d{4,6})")


class Hearing:
    """Takes one client message after the other and keeps the open activity."""

    def __init__(self, setup: Setup, session: Session, responder: Responder) -> None:
        self._setup = setup
        self._session = session
        self._responder = responder
        self._activity: bytearray | None = None
        self._hz = UPLINK_HZ
        self._seeding = setup.seeded
        self._pictures: list[Picture] = []

    async def take(self, key: str, body: JsonObject) -> None:
        """Act on a message.

        Args:
            key: The message's top-level key.
            body: What is under it.

        Raises:
            Refused: The message is illegal here and now.
        """
        match key:
            case "realtimeInput":
                await self._realtime(body)
            case "clientContent":
                await self._client_content(body)
            case "toolResponse":
                await self._responder.respond(body.get("functionResponses", []))
            case "contextUpdate":
                self._update(body)
            case _:
                raise refused("setup_first")

    async def _realtime(self, body: JsonObject) -> None:
        if "mediaChunks" in body:
            raise refused("media_chunks")
        if len(body) != 1:
            raise invalid_argument()
        match body:
            case {"activityStart": _}:
                await self._activity_start()
            case {"activityEnd": _}:
                self._activity_end()
            case {"audio": blob}:
                await self._audio(blob)
            case {"video": blob}:
                self._video(blob)
            case {"text": text}:
                await self._text(text)
            case {"audioStreamEnd": _} if self._setup.manual:
                raise invalid_argument()

    async def _activity_start(self) -> None:
        if not self._setup.manual:
            raise refused("explicit_activity")
        if self._activity is not None:
            raise invalid_argument()
        self._activity = bytearray()
        self._responder.listening = True
        await self._interrupt()
        await self._responder.moment(Moment.START)

    def _activity_end(self) -> None:
        if not self._setup.manual:
            raise refused("explicit_activity")
        if self._activity is None:
            raise invalid_argument()
        pcm = bytes(self._activity)
        self._activity = None
        self._responder.listening = False
        if pcm:
            prompt = Prompt(pcm=pcm, hz=self._hz, pictures=self._shown())
            self._add(spoken("user", prompt.spoken))
            self._responder.ask(prompt)
        else:  # the server says nothing about an empty activity
            self._responder.go_on()

    async def _audio(self, blob: JsonObject) -> None:
        pcm = blob.get("data", b"")
        mime = _AUDIO.fullmatch(blob.get("mimeType", ""))
        if not mime or not pcm or len(pcm) % BYTES_PER_FRAME:
            raise invalid_argument()
        if not self._setup.manual:
            return  # heard, but there is no voice detection that would answer
        if self._activity is None:
            raise invalid_argument()
        if self._activity and int(mime[1]) != self._hz:
            raise invalid_argument()
        self._hz = int(mime[1])
        self._activity += pcm
        await self._responder.moment(Moment.AUDIO)

    def _video(self, blob: JsonObject) -> None:
        picture = _picture(blob)
        if self._activity is None and self._setup.manual and not self._setup.all_video:
            return  # taken, but the model never sees it, and nobody pays for it
        self._see(picture)

    def _see(self, picture: Picture) -> None:
        self._add(Piece("user", "IMAGE", IMAGE_TOKENS))
        self._pictures.append(picture)

    def _shown(self) -> tuple[Picture, ...]:
        """The pictures since the last turn; they are not shown again."""
        pictures = tuple(self._pictures)
        self._pictures.clear()
        return pictures

    async def _text(self, text: str) -> None:
        if self._activity is not None:
            raise invalid_argument()
        self._responder.listening = True
        await self._interrupt()
        self._responder.listening = False
        self._add(typed("user", text))
        self._responder.ask(Prompt(text=text, pictures=self._shown()))

    async def _client_content(self, body: JsonObject) -> None:
        turns = body.get("turns", [])
        pieces = [piece for turn in turns for piece in _texts(turn)]
        pictures = [picture for turn in turns for picture in _images(turn)]
        answered = body.get("turnComplete", False) and not self._seeding
        if answered:  # whatever activityHandling says
            self._responder.listening = True
            await self._responder.interrupt()
            self._responder.listening = self._activity is not None
        self._add(*pieces)
        for picture in pictures:
            self._see(picture)
        if answered:
            text = _text_of(turns[-1]) if turns else ""
            self._responder.ask(Prompt(text=text, pictures=self._shown()))
        elif body.get("turnComplete", False):
            self._seeding = False

    def _update(self, body: JsonObject) -> None:
        if not self._setup.family.updates:
            raise invalid_argument()
        if "systemInstruction" in body:
            self._setup.fields["systemInstruction"] = body["systemInstruction"]
        if "tools" in body:
            self._setup.fields["tools"] = body["tools"].get("tools", [])
        check_model(self._setup)

    async def _interrupt(self) -> None:
        if self._setup.interrupts:
            await self._responder.interrupt()

    def _add(self, *pieces: Piece) -> None:
        self._session.context = self._session.context.add(*pieces)


def _texts(content: JsonObject) -> list[Piece]:
    """The text that a turn of clientContent adds to the context."""
    role = content.get("role", "user")
    parts = content.get("parts", [])
    if role not in ("user", "model") or any("functionCall" in part for part in parts):
        raise invalid_argument()
    if any("functionResponse" in part for part in parts):
        raise invalid_argument()
    return [typed(role, part["text"]) for part in parts if "text" in part]


def _images(content: JsonObject) -> list[Picture]:
    """The pictures of such a turn."""
    blobs = (part.get("inlineData") for part in content.get("parts", []))
    return [_picture(blob) for blob in blobs if blob]


def _picture(blob: JsonObject) -> Picture:
    try:
        return look(blob.get("mimeType", ""), blob.get("data", b""))
    except ValueError:
        raise invalid_argument() from None


def _text_of(content: JsonObject) -> str:
    return " ".join(part["text"] for part in content.get("parts", []) if "text" in part)
