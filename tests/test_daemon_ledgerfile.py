"""When the ledger is written."""

import asyncio
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon.keptfile import KeptFile
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


async def test_what_was_spent_is_on_disk_at_the_end_however_slow_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, at_once = threading.Event(), threading.Event(), threading.Lock()
    write = KeptFile.write

    def slow(self: KeptFile[Any], content: Any) -> None:
        assert at_once.acquire(blocking=False), "two threads write one file"
        begun.set()
        go_on.wait(5)
        write(self, content)
        at_once.release()

    monkeypatch.setattr(KeptFile, "write", slow)
    file = LedgerFile(tmp_path)
    keeping = asyncio.create_task(file.keep_saved())
    file.ledger.add(MONDAY, Sum(turns=1))
    file.changed()
    await asyncio.to_thread(begun.wait, 5)

    keeping.cancel()
    await asyncio.wait([keeping])
    last = asyncio.create_task(file.save())
    await asyncio.sleep(0)
    assert not last.done()
    file.ledger.add(MONDAY, Sum(turns=1))
    go_on.set()
    await last

    assert turns_on_disk(tmp_path) == 2
