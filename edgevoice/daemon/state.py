"""The resumption handle outlives a restart."""

from pathlib import Path
from typing import Final

from msgspec import Struct

from edgevoice.daemon.keptfile import KeptFile

HANDLE_LIFE_S: Final = 2 * 3600 - 60
"""A handle is valid for two hours after the last connection (Live API, "Session
management"); a minute less, since clocks differ."""


class KeptHandle(Struct, frozen=True):
    """A resumption handle and what it belongs to.

    Attributes:
        handle: The token; a secret, never logged.
        scope: Fingerprint of endpoint, models and instructions; a handle is
            refused or forgets when they have changed.
        time: When it was issued, seconds since the epoch.
        model: The one of several to which the session is bound; empty: the first.
    """

    handle: str
    scope: str
    time: float
    model: str = ""


class StateFile:
    """Keeps the newest handle in ``DIRECTORY/session.json``."""

    def __init__(self, directory: Path) -> None:
        self._file = KeptFile(
            directory / "session.json",
            KeptHandle,
            unread="starting a new session",
            unwritten="a restart will forget",
        )

    def load(self, scope: str, now: float, life: float) -> KeptHandle | None:
        """The kept handle if it belongs to ``scope`` and is young enough.

        Args:
            scope: See ``KeptHandle``.
            now: Seconds since the epoch.
            life: How old it may be, seconds.
        """
        kept = self._file.read()
        if kept is None:
            return None
        young = 0 <= now - kept.time < min(life, HANDLE_LIFE_S)
        return kept if young and kept.scope == scope else None

    def save(self, kept: KeptHandle | None) -> None:
        """Replace the kept handle in one step; None removes it."""
        if kept is None:
            self._file.remove()
        else:
            self._file.write(kept)
