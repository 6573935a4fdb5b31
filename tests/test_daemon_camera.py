"""The camera: a command that prints a picture, or that misbehaves."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from edgevoice import config
from edgevoice.daemon import camera
from edgevoice.daemon.camera import Camera
from edgevoice.errors import PictureError
from tests.photos import colour, decoded, ffmpeg_source


def taking(*command: str, **settings: Any) -> Camera:
    return Camera(config.Camera(command=[*command], **settings))


def shell(script: str, **settings: Any) -> Camera:
    return taking("sh", "-c", script, **settings)


async def failure(one: Camera) -> str:
    with pytest.raises(PictureError) as caught:
        await one.take()
    assert "\n" not in str(caught.value)
    return str(caught.value)


FAMILY = "exec 9>{}; echo parent >&9; (echo child >&9; exec sleep 30) & wait"
"""A camera that hangs, and its child; both hold the pipe until they are dead."""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe; who reads it sees its end when nobody holds it any more."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


async def test_the_test_source_of_ffmpeg_is_a_camera() -> None:
    picture = await taking(*ffmpeg_source(), size=512, timeout_s=15).take()

    assert decoded(picture).size == (512, 288)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo no lens >&2; echo >&2; exit 3", "failed with exit status 3: no lens"),
        ("exit 1", "the camera command failed with exit status 1"),
        ("true", "the camera command printed nothing"),
        ("kill -9 $$", "was killed by signal 9"),
        ("echo hello", "no JPEG or PNG"),
        ("echo http://ada:pass@cam: refused >&2; exit 1", "//[left out]@cam: refused"),
    ],
)
async def test_a_camera_that_fails_says_why(script: str, words: str) -> None:
    assert words in await failure(shell(script))


async def test_a_camera_that_is_not_there_says_so() -> None:
    assert "no-such-camera: No such file" in await failure(taking("no-such-camera"))
    assert "set command in [camera]" in await failure(taking())
    assert "null byte" in await failure(taking("a\0b"))


async def test_a_camera_that_complains_at_length_does_not_block(
    tmp_path: Path,
) -> None:
    picture = tmp_path / "red.jpg"
    picture.write_bytes(colour("red"))
    one = shell(f"head -c 3000000 /dev/zero >&2; cat {picture}", timeout_s=10)

    assert decoded(await one.take()).size == (64, 48)


async def test_a_camera_that_prints_without_end_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(camera, "LARGEST", 1_000_000)

    assert "over 1000000 bytes" in await failure(
        taking("cat", "/dev/zero", timeout_s=30)
    )


async def test_a_camera_that_takes_too_long_is_ended_with_its_children(
    pipe: Path,
) -> None:
    one = shell(FAMILY.format(pipe), timeout_s=1)
    to_the_end = asyncio.create_task(asyncio.to_thread(pipe.read_text))

    assert "within 1 s" in await failure(one)
    assert sorted((await to_the_end).split()) == ["child", "parent"]


async def test_a_camera_that_nobody_waits_for_is_ended_with_its_children(
    pipe: Path,
) -> None:
    task = asyncio.create_task(shell(FAMILY.format(pipe)).take())
    with await asyncio.to_thread(pipe.open) as pulse:
        said = [await asyncio.to_thread(pulse.readline) for _ in range(2)]
        assert sorted(said) == ["child\n", "parent\n"]

        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert await asyncio.to_thread(pulse.read) == ""  # the end


async def test_what_a_camera_leaves_behind_is_ended(tmp_path: Path, pipe: Path) -> None:
    picture = tmp_path / "red.jpg"
    picture.write_bytes(colour("red"))
    script = f"exec 9>{pipe}; echo here >&9; sleep 30 >/dev/null 2>&1 & cat {picture}"
    to_the_end = asyncio.create_task(asyncio.to_thread(pipe.read_text))

    assert await shell(script).take()
    assert await to_the_end == "here\n"


async def test_it_takes_one_picture_at_a_time(tmp_path: Path) -> None:
    picture, lock = tmp_path / "red.jpg", tmp_path / "lock"
    picture.write_bytes(colour("red"))
    one = shell(f"mkdir {lock} && cat {picture} && rmdir {lock}")

    pictures = await asyncio.gather(one.take(), one.take(), one.take())

    assert len(pictures) == 3


async def test_the_key_is_no_business_of_the_camera(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "a-secret")
    program = "import os, sys; sys.exit(str('GEMINI_API_KEY' in os.environ))"

    assert "status 1: False" in await failure(taking(sys.executable, "-c", program))
    assert os.environ["GEMINI_API_KEY"] == "a-secret"
