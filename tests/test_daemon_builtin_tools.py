"""What the model may do to the appliance itself; a real appliance, the simulator."""

import asyncio
from pathlib import Path

import pytest

from edgevoice.daemon.builtin_tools import BuiltIns
from edgevoice.daemon.toolbox import local_tools
from tests.evening import evening


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


async def test_the_model_may_set_the_volume_and_learn_it(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        builtin = BuiltIns(here.appliance)

        assert await builtin.volume() == {"volume": 100, "muted": False}
        assert await builtin.volume(level=30) == {"volume": 30, "muted": False}
        assert await builtin.volume(muted=True) == {"volume": 30, "muted": True}
        assert here.appliance.sound.volume == 30
        with pytest.raises(ValueError, match="level must be 0 to 100"):
            await builtin.volume(level=101)


async def test_stop_silences_an_answer_at_once(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.speak(0.5)
        await here.until(lambda: here.appliance.phase == "speaking")

        assert await BuiltIns(here.appliance).stop() == "silent"
        await here.until(lambda: here.appliance.phase == "idle")
        assert not here.appliance.sound.sounding


async def test_a_new_conversation_begins_when_the_answer_was_heard(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path) as here:
        builtin = BuiltIns(here.appliance)
        task = asyncio.create_task(builtin.keep())
        await here.is_idle()
        await here.speak(0.5)
        await here.until(lambda: here.appliance.phase == "speaking")

        await builtin.new_conversation()
        assert here.appliance.link.generation == 1
        await here.until(lambda: here.appliance.link.generation == 2)
        assert here.outcomes()[-1]["outcome"] == "answered"
        await here.is_idle()
        task.cancel()


async def test_the_status_holds_nothing_personal(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        told = await BuiltIns(here.appliance).device_status()

    assert told["link"] == "up"
    assert told["speaker"]["state"] == "open"
    assert "last_turn" not in told


async def test_all_of_them_are_cheap_to_declare(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        functions = BuiltIns(here.appliance).functions
        tools = local_tools(here.appliance.settings, functions)

    assert [*functions] == [*tools]
    for tool in tools.values():
        assert 10 < len(tool.description) < 60
        assert len(str(tool.parameters or "")) < 200
