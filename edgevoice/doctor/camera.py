"""The camera: its command, Pillow, and a picture if the person allows one."""

import asyncio
import importlib.util
from typing import Final

from edgevoice import config
from edgevoice.daemon.camera import Camera
from edgevoice.daemon.threads import LooseThreads
from edgevoice.doctor.finding import Finding, failed, ok, skipped, warning, wrong
from edgevoice.doctor.person import Person
from edgevoice.doctor.tools import Ask, ask
from edgevoice.doctor.units import UNIT
from edgevoice.errors import PictureError
from edgevoice.tools import programs

_PILLOW: Final = "`sudo apt install python3-pil`, or `pip install 'edgevoice[camera]'`"
_PROGRAM: Final = "install it, or mend `command` in [camera]"
_DROP_IN: Final = (
    "`sudo systemctl edit edgevoice`: [Service], SupplementaryGroups=video and "
    f"DeviceAllow=char-video4linux rw; `systemctl cat {UNIT}` tells more"
)


def check_camera(
    settings: config.Camera, person: Person | None, *, service: bool, ask: Ask = ask
) -> Finding:
    """``camera``: takes a picture if the person lets it; keeps and shows it nowhere.

    Args:
        settings: ``[camera]``.
        person: Who is asked; None: nobody, and then no picture is taken.
        service: Whether the system's unit is enabled, which has to let a camera in.
        ask: Asks systemd.
    """
    if not settings.command:
        return skipped("camera", "none is in the settings")
    if importlib.util.find_spec("PIL") is None:
        return wrong("camera", "Pillow is missing, without which none is sent", _PILLOW)
    program = settings.command[0]
    if why := programs.refusal(program):
        return wrong("camera", why, _PROGRAM)
    taken = _picture(settings, person)
    if isinstance(taken, Finding):
        return taken
    if service and _is_local(settings) and _is_shut_out(ask):
        found = f"{taken}, but the unit lets the service use no camera"
        return warning("camera", found, _DROP_IN)
    if not person:
        return skipped("camera", taken, "at a terminal a picture may be taken")
    return ok("camera", taken)


def _picture(settings: config.Camera, person: Person | None) -> str | Finding:
    """What came of a trial, in words; a finding if that is the last word."""
    if person is None:
        return f"{settings.command[0]} is there; not tried"
    if not person.confirms("May the camera take a picture? Nobody will see it."):
        return skipped("camera", f"{settings.command[0]} is there; not tried")
    try:
        picture = asyncio.run(_taken(settings))
    except PictureError as error:
        return failed("camera", error)
    return f"{settings.command[0]} gave a picture, {len(picture) / 1000:.0f} kB as sent"


async def _taken(settings: config.Camera) -> bytes:
    asyncio.get_running_loop().set_default_executor(LooseThreads())
    return await Camera(settings).take()


def _is_local(settings: config.Camera) -> bool:
    """Whether it is a camera of this machine, not one of the network."""
    words = " ".join(settings.command)
    return any(sign in words for sign in ("/dev/video", "rpicam", "libcamera"))


def _is_shut_out(ask: Ask) -> bool:
    allowed = ask("systemctl", "show", UNIT, "--property=DeviceAllow")
    return allowed is not None and "video4linux" not in allowed
