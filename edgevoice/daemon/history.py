"""What was said, in a file for a person to read: only if ``[history]`` asks for it.

One paragraph for each turn::

    2026-11-21 14:48:55, turn 3
    user: Is it cold outside?
    tool: thermometer
    assistant: It is four degrees.
    (talked over)

A slow or full disk costs paragraphs, never a turn: all writing is done in a thread.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections import deque
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.keptfile import Writes
from edgevoice.daemon.threads import PATIENCE_S

log = logging.getLogger(__name__)

MOST_WAITING: Final = 100
"""Paragraphs kept for a disk that hangs; older ones are lost."""

OLD: Final = ".old"
"""Added to the name of a file that has become too long."""


class _Turn(Struct):
    """What is known of the turn under way."""

    number: int
    time: float
    user: str = ""
    assistant: str = ""
    tools: list[str] = field(default_factory=list)

    def paragraph(self, outcome: str) -> str:
        """As it stands in the file; a caption may have line ends of its own."""
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.time))
        said = [("user", self.user), ("assistant", self.assistant)]
        said[1:1] = [("tool", name) for name in self.tools]
        lines = [f"{when}, turn {self.number}"]
        for who, text in said:
            words = " ".join("".join(map(_visible, text)).split())
            lines += [f"{who}: {words}"] if words else []
        lines += [] if outcome == "answered" else [f"({outcome})"]
        return "\n".join(lines) + "\n\n"


def _visible(letter: str) -> str:
    """The letter, or a space for what could move a terminal's cursor."""
    return letter if letter.isprintable() else " "


class History:
    """Writes turns down as they end; loop's thread only.

    Args:
        appliance: Whose turns; its settings say where they are written.
        folder: What a relative name in the settings is relative to.
    """

    def __init__(self, appliance: Appliance, folder: Path) -> None:
        self._appliance = appliance
        self._folder = folder
        self._turn: _Turn | None = None
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._bell = Bell()
        self._writes = Writes()
        self._failed = ""

    def hear(self, item: dict[str, Any]) -> None:
        """Something happened; see ``News``."""
        match item:
            case {"event": "turn", "outcome": "begun", "number": number, "time": now}:
                current = self._appliance.turns.current
                typed = current.text if current is not None else None
                self._turn = _Turn(number, now, user=typed or "")
            case {"event": "turn", "outcome": outcome} if self._turn is not None:
                self._end(self._turn, outcome)
            case {"event": "transcript", "who": who, "text": text} if self._turn:
                if who == "user":
                    self._turn.user += text
                else:
                    self._turn.assistant += text
            case {
                "event": "tool_call",
                "state": "called",
                "name": name,
            } if self._turn is not None:
                self._turn.tools.append(name)
            case _:
                pass

    def _end(self, turn: _Turn, outcome: str) -> None:
        self._turn = None
        if self._appliance.settings.history.file:
            self._waiting.append(turn.paragraph(outcome))
            self._bell.ring()

    async def keep(self) -> None:
        """Write down what there is, until cancelled."""
        while True:
            await self._bell.until(lambda: self._waiting)
            await self._save()

    async def close(self) -> None:
        """Write down the rest; a disk that hangs is left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._save()

    async def _save(self) -> None:
        """Write down what waits."""
        await self._writes.after_the_others(self._write)

    async def _write(self) -> None:
        settings = self._appliance.settings.history
        text = "".join(self._waiting)
        self._waiting.clear()
        if not (text and settings.file):
            return
        path = self._folder / os.path.expanduser(settings.file)
        try:
            await asyncio.to_thread(_append, path, text, settings.max_kb * 1000)
        except OSError as error:
            if self._failed != str(error):
                log.warning("%s: %s; turns are not written down", path, error.strerror)
            self._failed = str(error)
        else:
            self._failed = ""


def _append(path: Path, text: str, most: int) -> None:
    """Add to a file that only its owner may read; begin a new one if it is too long.

    Args:
        path: The file.
        text: What is added.
        most: Bytes that it may have.

    Raises:
        OSError: The disk is full, or the like.
    """
    data = text.encode("utf-8", "replace")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = path.stat().st_size if path.exists() else 0
    if size and size + len(data) > most:
        path.replace(path.with_name(path.name + OLD))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        os.fchmod(descriptor, 0o600)  # somebody may have made it
        file.write(data)
