"""Always on: whatever happens, each utterance is answered once, or the user is told.

Everything but the clock is real: sockets, simulator, the whole appliance.
"""

import asyncio
import tempfile
from pathlib import Path

import pytest

from tests import virtual_time
from tests.life import life


def test_an_hour_of_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with life(tmp_path, monkeypatch) as here:
            for _ in range(60):
                label = await here.say(1.0)
                await asyncio.sleep(0.5)
                await here.is_settled()
                assert here.mouth.runs[-1] == label
                await asyncio.sleep(58)
            assert len(here.mouth.runs) == 60
            print(here.appliance.link.generation, here.simulator._world.journal.attempts)

    virtual_time.run(main())
