"""Resumption handles: which one to use, when to drop it, when to write it down."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from typing import Final

from edgevoice.daemon.backoff import STABLE_S
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.keptfile import Writes
from edgevoice.daemon.state import HANDLE_LIFE_S, KeptHandle, StateFile
from edgevoice.live.closing import Ending, Remedy
from edgevoice.live.outgoing import SessionOptions

log = logging.getLogger(__name__)

SAVE_EVERY_S: Final = 20.0
"""Handles come as often as once a second; SD cards wear. Seconds."""


class Handles:
    """The newest handle, in memory and on disk; loop's thread only.

    Args:
        file: Where it is kept.
        address: Of the server; a handle belongs to it.
        options: What the session is asked for; a handle belongs to that, too.
        life: How old a handle from before the start may be, seconds.
        fallbacks: Models beside that of ``options``.

    Attributes:
        resumed: Whether the present connection resumed an earlier session.
        session_began: When the session began, loop's clock; None before.
    """

    def __init__(
        self,
        file: StateFile,
        address: str,
        options: SessionOptions,
        life: float = HANDLE_LIFE_S,
        fallbacks: Sequence[str] = (),
    ) -> None:
        self.resumed = False
        self.session_began: float | None = None
        self._file = file
        self._scope = _fingerprint(address, options, fallbacks)
        self._newest = file.load(self._scope, time.time(), life)
        self._saved = self._newest
        self._writes = Writes()
        self._internal_errors = 0
        self._bell = Bell()

    @property
    def kept(self) -> bool:
        """Whether there is a handle."""
        return self._newest is not None

    @property
    def model(self) -> str:
        """The model to which the session is bound; empty: the first, or none yet."""
        return self._newest.model if self._newest else ""

    def current(self) -> str | None:
        """The handle for the next connection, or None for a new session."""
        newest = self._newest
        self.resumed = newest is not None
        return newest.handle if newest else None

    def belong_to(
        self, address: str, options: SessionOptions, fallbacks: Sequence[str] = ()
    ) -> bool:
        """Go on with this server and these options; False if a handle is no good there.

        Voice, language, transcripts and compression may change over a resumption; a
        session is bound to its model, and would forget other instructions. Other
        models are meant to be asked for at once.
        """
        scope = _fingerprint(address, options, fallbacks)
        before, self._scope = self._scope, scope
        return scope == before

    def take(self, handle: str, model: str) -> None:
        """The server gave a new one, for a session of this model."""
        self._newest = KeptHandle(handle, self._scope, time.time(), model)
        self._bell.ring()

    def drop(self) -> None:
        """The session is over, or its handle is dead."""
        self._newest = None
        self.session_began = None
        self._bell.ring()

    def session_is_up(self, now: float) -> None:
        """Setup is complete."""
        if not self.resumed or self.session_began is None:
            self.session_began = now

    def ended(self, ending: Ending, lived: float) -> None:
        """Judge the handle by how the connection ended."""
        retried = ending.remedy is Remedy.RESUME  # a quota is not the handle's fault
        failed = retried and ending.internal and lived < STABLE_S
        self._internal_errors = self._internal_errors + 1 if failed else 0
        if ending.remedy is Remedy.FRESH or self._internal_errors >= 2:
            if self._newest is not None:
                log.warning("the session cannot be resumed; starting a new one")
            self.drop()

    async def keep_saved(self) -> None:
        """Write the newest handle down now and then, until cancelled."""
        while True:
            await self._bell.until(lambda: self._newest != self._saved)
            await self.save()
            # What is to be forgotten is forgotten at once, not after the pause.
            await self._bell.until(lambda: self._newest is None, SAVE_EVERY_S)

    async def save(self) -> None:
        """Write the newest handle down if it is not yet; a disk may be slow."""
        await self._writes.after_the_others(self._write)

    async def _write(self) -> None:
        newest = self._newest
        if newest != self._saved:
            await asyncio.to_thread(self._file.save, newest)
            self._saved = newest


def _fingerprint(
    address: str, options: SessionOptions, fallbacks: Sequence[str]
) -> str:
    # A handle is tied to its model; with other instructions it would forget them.
    text = "\n".join((address, options.model, *fallbacks, options.instructions))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
