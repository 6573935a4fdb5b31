"""A file in the state directory: one struct, as JSON; and writes one after another.

A damaged or unreadable file is set aside with a warning and never stops the daemon; a
disk that cannot be written costs what the file was for, nothing else.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

Content = TypeVar("Content", bound=Struct)


class KeptFile(Generic[Content]):
    """One struct in one file, mode 0600; any thread, but one at a time.

    Args:
        path: Of the file; its folder is made, mode 0700.
        kind: What it holds.
        unread: What comes of it if it cannot be read, for the warning.
        unwritten: The same if it cannot be written.
    """

    def __init__(
        self, path: Path, kind: type[Content], *, unread: str, unwritten: str
    ) -> None:
        self._path = path
        self._kind = kind
        self._unread = unread
        self._unwritten = unwritten

    def read(self) -> Content | None:
        """What it holds; None if there is none, or none that is any good."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=self._kind)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("%s: %s; %s", self._path, error.strerror, self._unread)
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._set_aside()
            return None

    def write(self, content: Content) -> None:
        """Replace what it holds in one step."""
        new = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # What a crash left there may be open to others: never write into it.
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(content))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            log.warning("%s: %s; %s", self._path, error.strerror, self._unwritten)

    def remove(self) -> None:
        """Have none."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.warning(
                "%s: %s; delete it, or the next start goes on with what was forgotten",
                self._path,
                error.strerror,
            )

    def _set_aside(self) -> None:
        aside = self._path.with_suffix(".damaged")
        log.warning("%s is damaged; set aside as %s", self._path, aside.name)
        with contextlib.suppress(OSError):
            self._path.replace(aside)


class Writes:
    """Writes to one file, each after the one before; loop's thread only.

    A write goes on though whoever awaits it is cancelled, so that what is told to be
    written is, and no two threads write at once.
    """

    def __init__(self) -> None:
        self._last: asyncio.Future[None] | None = None

    async def after_the_others(
        self, write: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Write once all that was begun before is done, and return when it is done.

        Args:
            write: Called then, so that it writes what is the newest then.
        """
        self._last = asyncio.ensure_future(_after(self._last, write))
        await asyncio.shield(self._last)


async def _after(
    before: "asyncio.Future[None] | None",
    write: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    if before is not None:
        await asyncio.wait([before])
    await write()
