"""The state in plain words."""

import asyncio
from pathlib import Path

import pytest

from edgevoice.daemon.systemd_status import in_words
from tests.evening import evening
from tests.life import Life
from tests.test_life import live


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


async def test_it_says_what_it_does_and_what_is_wrong(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        appliance = here.appliance

        def words() -> str:
            return in_words(appliance, appliance.link.reached_since or 0.0)

        assert words() == "ready: link up"
        appliance.press("test")
        assert words() == "listening: link up"
        appliance.silence()
        appliance.sound.microphone.error = "cannot open usb: it is not there"
        assert words() == (
            "idle: link up; no microphone: cannot open usb: it is not there"
        )
        appliance.sound.microphone.error = None
        appliance.control_error = "button gone: plug it in"
        assert words() == "idle: link up; no button: button gone: plug it in"


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        ("connecting", None, "idle: connecting to the server"),
        ("connecting", "no route", "idle: waiting for the server: no route"),
        ("down", "no route", "idle: waiting for the server: no route"),
        ("refused", "no such model", "idle: the server refuses: no such model"),
    ],
)
async def test_without_a_link_it_says_what_it_waits_for(
    status: str, error: str | None, words: str, tmp_path: Path
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.link.status, here.appliance.link.error = status, error

        assert in_words(here.appliance, 0.0) == words

        here.appliance.link.status, here.appliance.link.error = "up", None


def test_the_age_of_the_link_goes_on_over_rotations_and_ends_with_a_loss() -> None:
    async def age(here: Life) -> None:
        loop = asyncio.get_running_loop()
        appliance = here.appliance
        await asyncio.sleep(2 * 3600)
        await here.is_settled()
        assert appliance.link.generation > 10
        assert in_words(appliance, loop.time()) == "ready: link up for 2 h 0 min"
        await here.simulator.drop()
        await here.until(lambda: appliance.link.reached_since is None)
        await here.is_settled()
        assert in_words(appliance, loop.time()) == "ready: link up"

    live(age)
