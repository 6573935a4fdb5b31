"""The ledger on disk: read at the start, written now and then."""

import asyncio
from pathlib import Path
from typing import Final

from edgevoice.daemon.bell import Bell
from edgevoice.daemon.keptfile import KeptFile, Writes
from edgevoice.daemon.ledger import Days, Ledger

FILE_NAME: Final = "usage.json"

SAVE_EVERY_S: Final = 20.0
"""SD cards wear, and turns may come every few seconds. Seconds."""


def days_file(directory: Path) -> KeptFile[Days]:
    """The file of the days in a state directory."""
    return KeptFile(
        directory / FILE_NAME,
        Days,
        unread="counting tokens and money from zero",
        unwritten="a restart will forget what was spent",
    )


class LedgerFile:
    """Keeps a ledger on disk; loop's thread, a worker writes.

    Args:
        directory: The state directory.

    Attributes:
        ledger: What was read there, and what has come since.
    """

    def __init__(self, directory: Path) -> None:
        self._file = days_file(directory)
        self.ledger = Ledger(self._file.read())
        self._saved = self.ledger.kept()
        self._writes = Writes()
        self._urgent = False
        self._bell = Bell()

    def changed(self, *, urgent: bool = False) -> None:
        """Something was counted; ``urgent``: a restart must not forget it."""
        self._urgent = self._urgent or urgent
        self._bell.ring()

    async def keep_saved(self) -> None:
        """Write what is new, but seldom, until cancelled."""
        while True:
            await self._bell.until(lambda: self.ledger.kept() != self._saved)
            await self.save()
            await self._bell.until(lambda: self._urgent, SAVE_EVERY_S)

    async def save(self) -> None:
        """Write what is not written yet; a disk may be slow."""
        await self._writes.after_the_others(self._write)

    async def _write(self) -> None:
        self._urgent = False
        newest = self.ledger.kept()
        if newest != self._saved:
            await asyncio.to_thread(self._file.write, newest)
            self._saved = newest
