"""The camera: a command of the person's that prints a picture.

It is ended, with all that it started, when the picture is there, when time is up, and
when edgevoice ends: a camera left open serves nobody.
"""

import asyncio
from typing import Final

from edgevoice import config
from edgevoice.errors import PictureError

LARGEST: Final = 32 * 1024 * 1024
"""Bytes that a camera may print: several times a large photograph."""


class Camera:
    """Takes pictures, one at a time; loop's thread only.

    Args:
        settings: ``[camera]``; others may take their place at any time.
    """

    def __init__(self, settings: config.Camera) -> None:
        self.settings = settings
        self._one_at_a_time = asyncio.Lock()

    async def take(self) -> bytes:
        """Take a picture.

        Returns:
            A JPEG as the model is to see it, see ``jpeg.prepare``.

        Raises:
            PictureError: There is no camera, or it gave no picture in time.
        """
        from edgevoice import jpeg

        settings = self.settings
        if not settings.command:
            raise PictureError("there is no camera: set command in [camera]")
        try:
            async with asyncio.timeout(settings.timeout_s), self._one_at_a_time:
                data = await _printed(settings)
                return await asyncio.to_thread(jpeg.prepare, data, settings.size)
        except TimeoutError:
            raise _too_slow(settings.timeout_s) from None


async def _printed(settings: config.Camera) -> bytes:
    """What the command prints."""
    from edgevoice.tools.processes import environment, started

    command, limit = settings.command, settings.timeout_s
    try:
        async with started(command, environment({}), limit) as running:
            data = await _whole(running.output)
    except (OSError, ValueError) as error:  # no such file; a NUL in an argument
        reason = error.strerror if isinstance(error, OSError) else error
        raise PictureError(f"the camera command {command[0]}: {reason}") from None
    if running.late:
        raise _too_slow(limit)
    if running.status or not data:
        raise PictureError(_failure(running.status, running.complaint))
    return data


async def _whole(stream: asyncio.StreamReader) -> bytes:
    """Everything up to the end.

    Raises:
        PictureError: It is more than ``LARGEST``.
    """
    try:
        await stream.readexactly(LARGEST + 1)
    except asyncio.IncompleteReadError as end:
        return end.partial
    raise PictureError(f"the camera prints over {LARGEST} bytes; one picture is enough")


def _too_slow(limit: float) -> PictureError:
    return PictureError(
        f"the camera gave no picture within {limit:g} s; is it the right command? Or "
        "raise timeout_s in [camera]"
    )


def _failure(status: int, complaint: str) -> str:
    if status < 0:
        how = f"was killed by signal {-status}"
    else:
        how = f"failed with exit status {status}" if status else "printed nothing"
    words = "".join(c for c in complaint if c.isprintable())
    return f"the camera command {how}{f': {words}' if words else ''}"
