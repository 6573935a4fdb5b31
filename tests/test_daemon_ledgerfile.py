"""When the ledger is written."""

import asyncio
from datetime import date
from pathlib import Path

from edgevoice.daemon.ledgerfile import SAVE_EVERY_S, LedgerFile
from edgevoice.live.usage import Sum
from tests.virtual_time import run

MONDAY = date(2026, 11, 23)


def turns_on_disk(folder: Path) -> int:
    return LedgerFile(folder).ledger.of(MONDAY).turns


def test_it_is_written_at_once_then_seldom_and_at_once_if_it_is_urgent(
    tmp_path: Path,
) -> None:
    async def evening() -> list[int]:
        file = LedgerFile(tmp_path)
        keeping = asyncio.create_task(file.keep_saved())
        seen = []
        for urgent, pause in ((False, 1), (False, SAVE_EVERY_S - 2), (False, 2)):
            file.ledger.add(MONDAY, Sum(turns=1))
            file.changed(urgent=urgent)
            await asyncio.sleep(pause)
            seen.append(turns_on_disk(tmp_path))
        file.ledger.add(MONDAY, Sum(turns=1))
        file.changed(urgent=True)
        await asyncio.sleep(0.01)
        seen.append(turns_on_disk(tmp_path))
        keeping.cancel()
        file.ledger.add(MONDAY, Sum(turns=1))
        await file.save()
        return [*seen, turns_on_disk(tmp_path)]

    assert run(evening()) == [1, 1, 3, 4, 5]
