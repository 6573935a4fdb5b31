"""When a handle is written down."""

import asyncio
import threading
from pathlib import Path

import pytest

from edgevoice.daemon.handles import Handles
from edgevoice.daemon.state import KeptHandle, StateFile
from edgevoice.live.outgoing import SessionOptions

OPTIONS = SessionOptions(model="gemini-3.8-live")


async def test_the_newest_is_on_disk_at_the_end_however_slow_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    written: list[str] = []

    def slow(_: StateFile, kept: KeptHandle | None) -> None:
        begun.set()
        go_on.wait(5)
        written.append(kept.handle if kept else "")

    monkeypatch.setattr(StateFile, "save", slow)
    handles = Handles(StateFile(tmp_path), "wss://a.example", OPTIONS)
    keeping = asyncio.create_task(handles.keep_saved())
    handles.take("first", OPTIONS.model)
    await asyncio.to_thread(begun.wait, 5)

    keeping.cancel()
    await asyncio.wait([keeping])
    last = asyncio.create_task(handles.save())
    await asyncio.sleep(0)
    assert not last.done()
    handles.take("second", OPTIONS.model)
    go_on.set()
    await last

    assert written == ["first", "second"]
