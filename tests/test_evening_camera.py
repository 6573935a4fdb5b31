"""A camera in a whole appliance: what the model sees, and what that costs."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.evening import Evening, evening
from tests.photos import ffmpeg_source
from tests.test_tools_command import marked

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept over a restart goes into the test's own folder."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


def tokens(here: Evening) -> list[dict[str, int]]:
    """What each turn was billed, by kind."""
    return [item["tokens"] for item in here.guest.news if item["event"] == "usage"]


async def test_the_model_sees_what_the_camera_sees_and_it_is_billed_as_a_picture(
    tmp_path: Path,
) -> None:
    source = {"command": ffmpeg_source(), "when": "press", "timeout_s": 20}
    async with evening(tmp_path, pace=0, camera=source) as here:
        await here.is_idle()
        assert (await here.ask(1.0))["outcome"] == "answered"
        assert "I see a JPEG of 768 x 432 pixels, " in here.captions()
        [billed] = tokens(here)
        assert billed["input_image"] == 258
        here.reload(camera={"when": "never"})
        assert (await here.ask(1.0))["outcome"] == "answered"
        assert len(here.received("video")) == 1
        assert tokens(here)[1]["input_image"] == 258, "each turn pays for it again"


async def test_a_barge_in_is_shown_though_its_picture_comes_late(
    tmp_path: Path,
) -> None:
    """It is being taken while the answer to the question before is cut short."""
    slow = ["sh", "-c", 'sleep 0.7; exec "$@"', "sh", *ffmpeg_source("320x240")]
    source = {"command": slow, "when": "press", "timeout_s": 20}
    async with evening(tmp_path, pace=0.5, camera=source) as here:
        await here.is_idle()
        await here.speak(2.5)
        await here.until(lambda: here.appliance.phase == "speaking")
        cut = len(here.captions())
        turn = await here.ask(0.3)
        await here.until(lambda: len(here.outcomes()) == 2)
        assert [one["outcome"] for one in here.outcomes()] == [
            "talked over",
            "answered",
        ]
        assert turn["number"] == 1
        assert len(here.received("video")) == 2
        said = here.captions()[cut:]
        assert "I see a JPEG of 320 x 240 pixels, " in said.partition("You spoke")[2]
        assert here.refusals() == []


async def test_a_camera_ends_with_the_question_that_nobody_wants_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_OF_THIS_TEST", str(tmp_path))  # it inherits LC_*
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = ["sh", "-c", f"echo here >{pipe}; sleep 300 & wait"]
    stuck = {"command": command, "when": "press", "timeout_s": 30}
    async with evening(tmp_path, pace=0, camera=stuck) as here:
        await here.is_idle()
        await here.speak(0.5)
        assert await asyncio.to_thread(pipe.read_text) == "here\n"
        assert marked(f"LC_OF_THIS_TEST={tmp_path}")
        here.appliance.silence()
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "cancelled"
        here.reload(camera={"command": ffmpeg_source("320x240")})
        assert (await here.ask(1.0))["outcome"] == "answered"
        assert not marked(f"LC_OF_THIS_TEST={tmp_path}")
        assert len(here.received("video")) == 1
