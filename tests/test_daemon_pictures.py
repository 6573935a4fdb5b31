"""Which picture goes with which turn; a whole appliance against the simulator."""

import asyncio
import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edgevoice import cli, jpeg
from edgevoice.daemon import uplink
from edgevoice.errors import PictureError
from edgevoice.simulator import Received
from tests.evening import Evening, evening
from tests.photos import colour, ffmpeg_source, photograph


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept over a restart goes into the test's own folder."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


PICTURES = {"red": colour("red", (64, 48)), "blue": colour("blue", (640, 480))}


def camera(folder: Path, *, after: float = 0.0, when: str = "press") -> dict[str, Any]:
    """``[camera]`` with a command that prints a red picture after some seconds."""
    picture = folder / "red.jpg"
    picture.write_bytes(PICTURES["red"])
    command = ["sh", "-c", f"sleep {after}; cat {picture}"]
    return {"command": command, "when": when, "timeout_s": 10}


def kinds(here: Evening) -> list[str]:
    """What the server got, a name for each message; sound only once."""
    found: list[str] = []
    for entry in here.simulator.journal:
        if isinstance(entry, Received) and "setup" not in entry.message:
            key, body = next(iter(entry.message.items()))
            kind = next(iter(body)) if key == "realtimeInput" else key
            if [*found[-1:], kind] != ["audio", "audio"]:
                found.append(kind)
    return found


def colours(here: Evening) -> list[str]:
    """Which picture was sent, each time; the journal has their sizes only."""
    sizes = {len(jpeg.prepare(data)): name for name, data in PICTURES.items()}
    return [sizes[size] for size in shown(here)]


def shown(here: Evening) -> list[int]:
    """The bytes of each picture that the server got in an activity."""
    blobs = here.received("video")
    assert all(blob["mimeType"] == "image/jpeg" for blob in blobs)
    return [blob["data"] for blob in blobs]


def pictures_told(here: Evening) -> list[str]:
    return [item["state"] for item in here.guest.news if item["event"] == "picture"]


SPOKEN = ["activityStart", "audio", "activityEnd"]
SHOWN = ["activityStart", "video", "audio", "activityEnd"]


# -- shown by a person -------------------------------------------------------------


async def test_a_picture_goes_with_the_next_question_and_with_no_other(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        await here.appliance.pictures.show(PICTURES["red"])
        await here.ask(0.3)
        await here.ask(0.3)
        assert kinds(here) == [
            "activityStart",
            "video",
            "audio",
            "activityEnd",
            *SPOKEN,
        ]
        assert colours(here) == ["red"]
        assert pictures_told(here) == ["waits for the next turn", "sent"]
        assert here.refusals() == []


async def test_a_newer_picture_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        await here.appliance.pictures.show(PICTURES["red"])
        await here.appliance.pictures.show(PICTURES["blue"])
        await here.ask(0.3)
        assert colours(here) == ["blue"]


async def test_a_new_conversation_has_not_seen_it(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        await here.appliance.pictures.show(PICTURES["red"])
        here.appliance.begin_anew()
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()
        await here.ask(0.3)
        assert colours(here) == []
        assert pictures_told(here) == ["waits for the next turn", "forgotten"]


async def test_neither_a_tap_nor_a_lost_question_uses_it_up(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0, behaviours=["delay=2@setup1"]) as here:
        await here.appliance.pictures.show(PICTURES["red"])
        await here.speak(0.05)
        await here.until(lambda: here.appliance.phase == "idle")
        await here.speak(0.4)  # before there is a link
        await here.until(lambda: here.appliance.phase == "thinking")
        here.appliance.silence()
        await here.until(lambda: bool(here.outcomes()))
        assert here.outcomes()[0]["outcome"] == "cancelled"
        await here.is_idle()
        await here.ask(0.3)
        assert colours(here) == ["red"]


async def test_a_question_that_is_asked_again_shows_its_picture_again(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, pace=0, behaviours=["drop@end1"]) as here:
        await here.is_idle()
        await here.appliance.pictures.show(PICTURES["red"])
        assert (await here.ask(0.3))["outcome"] == "answered"
        assert kinds(here) == [*SHOWN, *SHOWN]
        assert pictures_told(here) == ["waits for the next turn", "sent"]


async def test_a_typed_question_and_its_picture_are_one_turn(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        await here.appliance.pictures.show(PICTURES["red"])
        assert here.appliance.say("what is this?")
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"
        assert kinds(here) == ["clientContent"]
        [content] = (
            entry.message["clientContent"]
            for entry in here.simulator.journal
            if isinstance(entry, Received) and "clientContent" in entry.message
        )
        assert content["turnComplete"] is True
        [turn] = content["turns"]
        assert turn["role"] == "user"
        assert turn["parts"][0]["inlineData"]["mimeType"] == "image/jpeg"
        assert turn["parts"][1] == {"text": "what is this?"}


# -- the camera ----------------------------------------------------------------------


async def test_the_camera_takes_a_picture_at_each_press_and_at_no_tap(
    tmp_path: Path,
) -> None:
    source = ffmpeg_source("640x480")
    settings = {"command": source, "when": "press", "timeout_s": 10}
    picture = jpeg.prepare(await asyncio.to_thread(subprocess.check_output, source))
    async with evening(tmp_path, pace=0, camera=settings) as here:
        await here.is_idle()
        await here.speak(0.05)
        await here.until(lambda: here.appliance.phase == "idle")
        for _ in range(2):
            await here.ask(1.0)
        assert here.appliance.say("hello")
        await here.until(lambda: len(here.outcomes()) == 3)
        assert shown(here) == [len(picture)] * 2
        assert kinds(here)[-1] == "text"
        assert pictures_told(here) == ["sent", "sent"]
        assert here.refusals() == []


async def test_the_end_of_a_question_waits_for_its_picture(tmp_path: Path) -> None:
    slow = camera(tmp_path, after=1.5)
    async with evening(tmp_path, pace=0, camera=slow) as here:
        await here.is_idle()
        turn = await here.ask(0.3)
        assert kinds(here) == ["activityStart", "audio", "video", "activityEnd"]
        assert turn["outcome"] == "answered"


async def test_a_question_goes_without_a_picture_that_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(uplink, "PICTURE_PATIENCE_S", 0.2)
    async with evening(tmp_path, pace=0, camera=camera(tmp_path, after=30)) as here:
        await here.is_idle()
        turn = await here.ask(0.3)
        assert turn["outcome"] == "answered"
        assert kinds(here) == SPOKEN
        assert pictures_told(here) == ["failed"]
        assert "went without a picture" in caplog.text
        # 0.2 s of tail and 0.2 s of patience
        assert 350 < turn["last_audio_sent_ms"] - turn["released_ms"] < 1500


async def test_a_press_in_the_wait_for_a_picture_adds_to_the_question(
    tmp_path: Path,
) -> None:
    slow = camera(tmp_path, after=1.5)
    async with evening(tmp_path, pace=0, camera=slow) as here:
        await here.is_idle()
        await here.speak(0.3)
        await here.until(lambda: here.appliance.phase == "thinking")
        turn = await here.ask(0.3)
        assert turn["spoken_ms"] > 900  # both, with their tails
        assert len(here.outcomes()) == 1
        assert kinds(here).count("activityEnd") == 1
        assert colours(here) == ["red"]


async def test_a_camera_that_fails_holds_nothing_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {"command": ["sh", "-c", "echo no lens >&2; exit 1"], "when": "press"}
    async with evening(tmp_path, pace=0, camera=broken) as here:
        await here.is_idle()
        for _ in range(2):
            assert (await here.ask(0.3))["outcome"] == "answered"
        assert kinds(here) == [*SPOKEN, *SPOKEN]
        assert pictures_told(here) == ["failed", "failed"]
        assert caplog.text.count("no lens") == 1  # in the log once, not at each press
        assert "no lens" in str(here.appliance.pictures.error)


async def test_what_a_person_shows_comes_before_the_camera(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0, camera=camera(tmp_path)) as here:
        await here.is_idle()
        await here.appliance.pictures.show(PICTURES["blue"])
        await here.ask(0.6)
        await here.ask(0.6)
        assert colours(here) == ["blue", "red"]


async def test_the_camera_may_be_asked_for_a_picture_for_the_next_question(
    tmp_path: Path,
) -> None:
    asked = camera(tmp_path, when="asked")
    async with evening(tmp_path, pace=0, camera=asked) as here:
        await here.is_idle()
        await here.ask(0.6)
        await here.appliance.pictures.look()
        await here.ask(0.3)
        assert colours(here) == ["red"]
        here.reload(camera={"when": "never"})
        with pytest.raises(PictureError, match="not to be used"):
            await here.appliance.pictures.look()


async def test_no_camera_outlives_the_daemon(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = ["sh", "-c", f"exec 9>{pipe}; echo here >&9; sleep 30 & wait"]
    settings = {"command": command, "timeout_s": 30}
    async with evening(tmp_path, pace=0, camera=settings) as here:
        looking = asyncio.create_task(here.appliance.pictures.look())
        pulse = await asyncio.to_thread(pipe.open)
        assert await asyncio.to_thread(pulse.readline) == "here\n"
    with pulse:
        assert await asyncio.to_thread(pulse.read) == ""  # nobody holds it any more
    await asyncio.gather(looking, return_exceptions=True)


# -- the commands ----------------------------------------------------------------------


async def run(here: Evening, folder: Path, *words: str) -> int:
    """A command of the command line; returns its exit status."""
    return await asyncio.to_thread(
        cli.main, [*words, "--socket", str(folder / "control.sock")]
    )


@pytest.mark.parametrize("size", [300, jpeg.LONGEST, jpeg.MOST])
async def test_look_shows_a_photograph_as_small_as_the_daemon_says(
    size: int, tmp_path: Path
) -> None:
    photo = photograph(tmp_path)
    async with evening(tmp_path, pace=0, camera={"size": size}) as here:
        await here.is_idle()
        assert await run(here, tmp_path, "look", str(photo)) == 0
        await here.ask(0.3)
        small = jpeg.prepare(jpeg.prepare(photo.read_bytes(), jpeg.MOST), size)
        assert shown(here) == [len(small)]


async def test_look_without_a_file_asks_the_camera(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        assert await run(here, tmp_path, "look") == 1
        assert "set command in [camera]" in capsys.readouterr().err
        here.reload(camera=camera(tmp_path, when="asked"))
        assert await run(here, tmp_path, "look") == 0
        assert here.appliance.pictures.waiting is not None
        assert await run(here, tmp_path, "status") == 0
        assert "goes with the next turn" in capsys.readouterr().out


async def test_what_cannot_be_shown_is_one_line_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("hello")
    async with evening(tmp_path, pace=0) as here:
        for file, error in (
            (words, f"{words}: this is no JPEG or PNG picture"),
            (tmp_path / "nothing", f"{tmp_path}/nothing: No such file or directory"),
        ):
            assert await run(here, tmp_path, "look", str(file)) == 1
            assert capsys.readouterr().err == f"edgevoice: {error}\n"


def test_look_without_a_daemon_is_exit_status_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    socket = ["--socket", str(tmp_path / "control.sock")]

    assert cli.main(["look", *socket]) == 3
    assert cli.main(["note", "hello", *socket]) == 3
    assert capsys.readouterr().err.count("no daemon listens") == 2


@pytest.mark.parametrize(
    ("picture", "error"),
    [
        ("!", '"picture" must be a JPEG or PNG in base64'),
        (base64.b64encode(b"hello").decode(), "this is no JPEG or PNG picture"),
        (5, "this is no JPEG or PNG picture"),
    ],
)
async def test_what_a_client_sends_is_looked_at(
    tmp_path: Path, picture: object, error: str
) -> None:
    async with evening(tmp_path, pace=0) as here:
        reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        request = {"command": "look", "picture": picture}
        writer.write(json.dumps(request).encode() + b"\n")
        assert json.loads(await reader.readline()) == {"ok": False, "error": error}
        assert here.appliance.pictures.waiting is None
        writer.close()
        await writer.wait_closed()
