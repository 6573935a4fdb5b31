"""What the doctor says of the camera; none is used without the person's word."""

import importlib.util
import io
import os
from pathlib import Path

import pytest

from edgevoice.config import Camera
from edgevoice.doctor.camera import check_camera
from edgevoice.doctor.finding import Finding, State
from edgevoice.doctor.person import Person
from tests.photos import ffmpeg_source

SHUT = "DeviceAllow=char-alsa rw\nDeviceAllow=char-gpiochip rw\n"
OPEN = SHUT + "DeviceAllow=char-video4linux rw\n"


def examined(
    *command: str, answer: str = "", service: bool = False, allowed: str = SHUT
) -> Finding:
    """What is found, if the person answers so; "" is nobody."""
    read, write = os.pipe()
    os.write(write, f"{answer}\n".encode())
    os.close(write)
    with open(read) as source:
        return check_camera(
            Camera(command=[*command], timeout_s=15),
            Person(source, io.StringIO()) if answer else None,
            service=service,
            ask=lambda *_: allowed,
        )


def test_without_a_camera_nothing_is_tried() -> None:
    assert examined(answer="y").state is State.SKIPPED


def test_a_picture_is_taken_with_permission() -> None:
    found = examined(*ffmpeg_source(), answer="y")

    assert found.state is State.OK, found
    assert "gave a picture, " in found.found


@pytest.mark.parametrize("answer", ["n", ""])
def test_without_permission_the_camera_stays_off(answer: str, tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"

    found = examined("touch", str(mark), answer=answer)

    assert (found.state, found.found) == (State.SKIPPED, "touch is there; not tried")
    assert not mark.exists()


def test_a_camera_that_gives_no_picture_is_wrong() -> None:
    found = examined("echo", "no picture", answer="y")

    assert found.state is State.WRONG


def test_a_program_that_is_missing_is_wrong() -> None:
    assert "no program '/nowhere/camera'" in examined("/nowhere/camera").found


def test_pillow_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    found = examined(*ffmpeg_source())

    assert found.state is State.WRONG
    assert "python3-pil" in found.cure


@pytest.mark.parametrize(
    ("device", "allowed", "state"),
    [
        ("/dev/video0", SHUT, State.WARNING),
        ("/dev/video0", OPEN, State.SKIPPED),
        ("rtsp://door/live", SHUT, State.SKIPPED),
    ],
)
def test_a_unit_that_shuts_the_camera_out_is_told(
    device: str, allowed: str, state: State
) -> None:
    found = examined("true", device, service=True, allowed=allowed)

    assert found.state is state
    assert ("SupplementaryGroups=video" in found.cure) == (state is State.WARNING)
