"""What outlives a restart: the resumption handle.

A damaged or unreadable file is set aside with a warning and never stops the
daemon; a disk that cannot be written costs resumption, nothing else.
"""

import contextlib
import logging
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

HANDLE_LIFE_S: Final = 2 * 3600 - 60
"""A handle is valid for two hours after the last connection (Live API, "Session
management"); a minute less, since clocks differ."""


class KeptHandle(Struct, frozen=True):
    """A resumption handle and what it belongs to.

    Attributes:
        handle: The token; a secret, never logged.
        scope: Fingerprint of endpoint, model and instructions; a handle is
            refused or forgets when they have changed.
        time: When it was issued, seconds since the epoch.
    """

    handle: str
    scope: str
    time: float


class StateFile:
    """Keeps the newest handle in ``DIRECTORY/session.json``, mode 0600."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "session.json"

    def load(self, scope: str, now: float, life: float) -> KeptHandle | None:
        """The kept handle if it belongs to ``scope`` and is young enough.

        Args:
            scope: See ``KeptHandle``.
            now: Seconds since the epoch.
            life: How old it may be, seconds.
        """
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=KeptHandle)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("%s: %s; starting a new session", self._path, error.strerror)
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._set_aside()
            return None
        young = 0 <= now - kept.time < min(life, HANDLE_LIFE_S)
        return kept if young and kept.scope == scope else None

    def save(self, kept: KeptHandle | None) -> None:
        """Replace the kept handle in one step; None removes it."""
        if kept is None:
            self._remove()
            return
        new = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # What a crash left there may be open to others: never write into it.
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(kept))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            log.warning("%s: %s; a restart will forget", self._path, error.strerror)

    def _remove(self) -> None:
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
