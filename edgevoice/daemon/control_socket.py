"""The commands of ``edgevoice press`` and its like: one JSON object a line each way.

A connection may send many commands; each gets one reply, in order. After
``watch`` it also gets every event. Nothing a client sends, or does not read, can
hold up the daemon.
"""

import asyncio
import base64
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.news import Item
from edgevoice.daemon.notes import LONGEST
from edgevoice.daemon.peer import Peer, peer_of
from edgevoice.daemon.status import status
from edgevoice.errors import ConfigError, CredentialError, DeviceError, PictureError

log = logging.getLogger(__name__)

LONGEST_LINE: Final = 1024 * 1024
"""Longest command taken, bytes: a picture that ``edgevoice look`` has made small."""

MOST_UNREAD: Final = 256 * 1024
"""Bytes kept for a watcher that does not read; then it is cut off."""

MOST_CLIENTS: Final = 100
"""Connections served at once; each costs a descriptor, of which there are 1024."""

READS: Final = frozenset({"status", "turns", "usage", "watch"})
"""Commands that change nothing, which monitoring sends all day: no line in the log."""

NO_OBJECT: Final = "not a JSON object on one line, or no valid UTF-8"

SOURCE: Final = "socket"
"""The name under which ``press`` holds the button."""

Reply: TypeAlias = dict[str, Any]


class Refused(Exception):
    """The command cannot be carried out; the text says why and what would do."""


class ControlSocket:
    """Answers commands; loop's thread only."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._clients = 0
        self._commands: dict[
            str, Callable[[dict[str, Any]], Reply | Awaitable[Reply]]
        ] = {
            "press": self._press,
            "release": self._release,
            "tap": self._tap,
            "say": self._say,
            "look": self._look,
            "note": self._note,
            "stop": self._stop,
            "new": self._new,
            "mute": lambda _: self._volume({"muted": True}),
            "unmute": lambda _: self._volume({"muted": False}),
            "volume": self._volume,
            "status": lambda _: status(appliance),
            "turns": lambda _: _turns(appliance),
            "watch": lambda _: {},
            "reload": self._reload,
            "usage": lambda _: appliance.budget.purse.days(),
        }

    @contextlib.asynccontextmanager
    async def listen(self, path: Path) -> AsyncIterator[None]:
        """Listen at ``path`` for as long as the block runs.

        Raises:
            DeviceError: The path cannot be used, or another daemon listens there.
        """
        await _make_room(path)
        try:
            server = await asyncio.start_unix_server(
                self._serve, path, limit=LONGEST_LINE
            )
            path.chmod(0o660)
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            yield
        finally:
            server.close()
            with contextlib.suppress(OSError):
                path.unlink()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        stop_watching: Callable[[], None] | None = None
        self._clients += 1
        try:
            if self._clients > MOST_CLIENTS:
                _write(writer, _error(f"{MOST_CLIENTS} others are being served"))
                return
            peer = peer_of(writer.get_extra_info("socket"))
            async for line in _lines(reader, writer):
                reply = await self._answer(line, peer)
                # What it began goes out before the reply: the bell wakes in the next
                # round of the loop, who was woken sends in the one after it. And with
                # a thousand lines at once, others come between.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                watches = reply.pop("watch", False)
                _write(writer, reply)
                if watches and stop_watching is None:
                    stop_watching = self._appliance.news.listen(_teller(writer))
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # the client is gone, or the daemon stops
        finally:
            self._clients -= 1
            if stop_watching is not None:
                stop_watching()
            writer.close()

    async def _answer(self, line: bytes, peer: Peer) -> Reply:
        try:
            request = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _error(NO_OBJECT)
        if not isinstance(request, dict):
            return _error(NO_OBJECT)
        command = request.get("command")
        if not isinstance(command, str) or command not in self._commands:
            known = ", ".join(self._commands)
            return _error(f"unknown command {command!r}; known: {known}")
        try:
            done = self._commands[command](request)
            reply = {"ok": True, **(done if isinstance(done, dict) else await done)}
        except Refused as refusal:
            return _error(str(refusal))
        if command not in READS:
            self._appliance.news.later(_log, command, peer)
        return {**reply, "watch": True} if command == "watch" else reply

    # -- the commands ----------------------------------------------------------------

    def _press(self, _: dict[str, Any]) -> Reply:
        self._appliance.press(SOURCE)
        return {}

    def _release(self, _: dict[str, Any]) -> Reply:
        self._appliance.release(SOURCE)
        return {}

    def _tap(self, _: dict[str, Any]) -> Reply:
        if self._appliance.settings.button.mode == "toggle":
            self._appliance.toggle(SOURCE)
        else:
            self._appliance.tap()
        return {}

    def _say(self, request: dict[str, Any]) -> Reply:
        text, link = _text(request, "say"), self._appliance.link
        if link.status == "refused":  # it would be lost at once
            raise Refused(link.error or "the server refuses the link")
        if not self._appliance.say(text):
            raise Refused(
                self._appliance.budget.error
                or "another question comes first: wait for its answer, or forget it "
                "with `edgevoice tap`"
            )
        return {}

    async def _look(self, request: dict[str, Any]) -> Reply:
        pictures = self._appliance.pictures
        try:
            if "picture" in request:
                await pictures.show(_picture(request["picture"]))
            else:
                await pictures.look()
        except PictureError as error:
            raise Refused(str(error)) from None
        return {}

    def _note(self, request: dict[str, Any]) -> Reply:
        text = _text(request, "note")
        if len(text) > LONGEST:
            raise Refused(f"a note has at most {LONGEST} characters")
        self._appliance.note(text)
        return {}

    def _stop(self, _: dict[str, Any]) -> Reply:
        self._appliance.silence()
        return {}

    def _new(self, _: dict[str, Any]) -> Reply:
        self._appliance.begin_anew()
        return {}

    def _reload(self, _: dict[str, Any]) -> Reply:
        if self._appliance.reload is None:
            raise Refused("`edgevoice talk` takes new settings at its next start only")
        try:
            return self._appliance.reload()
        except (ConfigError, CredentialError) as error:
            raise Refused(str(error)) from None

    def _volume(self, request: dict[str, Any]) -> Reply:
        level = request.get("level")
        if level is not None and not (type(level) is int and 0 <= level <= 100):
            raise Refused("level must be a whole number from 0 to 100")
        muted = request.get("muted")
        if muted is not None and not isinstance(muted, bool):
            raise Refused("muted must be true or false")
        if level is not None or muted is not None:
            self._appliance.set_volume(level, muted=muted)
        return {
            "volume": self._appliance.sound.volume,
            "muted": self._appliance.sound.muted,
        }


def _turns(appliance: Appliance) -> Reply:
    """What ``edgevoice turns`` shows."""
    tally = appliance.turns.tally
    return {"turns": tally.last_turns(), "latency": tally.latency()}


def _text(request: dict[str, Any], command: str) -> str:
    """What is to be said, without the space around it."""
    text = request.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refused(f'{command} needs "text": what to say')
    return text.strip()


def _picture(text: object) -> bytes:
    """The bytes of a picture."""
    try:
        return base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except ValueError:
        raise Refused('"picture" must be a JPEG or PNG in base64') from None


def _log(command: str, peer: Peer) -> None:
    log.info(
        "%s over the control socket, by process %d of user %d",
        command,
        peer.pid,
        peer.uid,
        extra={"REQUEST": command, "PEER_PID": peer.pid, "PEER_UID": peer.uid},
    )


async def _make_room(path: Path) -> None:
    """Remove what a daemon that died left; refuse to push a living one aside."""
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        if not path.is_socket():
            return
        _, writer = await asyncio.open_unix_connection(path)
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
        return
    except OSError as error:
        raise _unusable(path, error) from None
    writer.close()
    raise DeviceError(
        f"another edgevoice already listens on {path}: stop it, or set [control] socket"
    )


def _unusable(path: Path, error: OSError) -> DeviceError:
    # A path that is too long has no words of the system.
    words = error.strerror or error
    return DeviceError(f"control socket {path}: {words}; set [control] socket")


async def _lines(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> AsyncIterator[bytes]:
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            _write(writer, _error(f"a line of over {LONGEST_LINE} bytes"))
            return
        if not line:
            return
        yield line


def _teller(writer: asyncio.StreamWriter) -> Callable[[Item], None]:
    def tell(item: Item) -> None:
        transport = writer.transport
        if transport.get_write_buffer_size() > MOST_UNREAD:
            transport.abort()  # it does not read; memory is not its to take
        elif not transport.is_closing():
            _write(writer, item)

    return tell


def _write(writer: asyncio.StreamWriter, item: Item) -> None:
    writer.write(json.dumps(item, ensure_ascii=False).encode() + b"\n")


def _error(words: str) -> Reply:
    return {"ok": False, "error": words}
