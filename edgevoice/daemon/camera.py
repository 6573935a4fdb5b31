"""The camera: a command of the person's that prints a picture.

It runs in a process group of its own, which is killed when the picture is there, when
time is up, and when edgevoice ends: a camera left open serves nobody.
"""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from typing import Final

from edgevoice import config, jpeg
from edgevoice.errors import PictureError

LARGEST: Final = 32 * 1024 * 1024
"""Bytes that a camera may print: several times a large photograph."""

_SECRETS: Final = frozenset({"GEMINI_API_KEY"})
"""Of our environment, what is not the command's business."""

_WORDS: Final = 4096
"""Bytes kept of what the command complains about, the last ones."""


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
        settings = self.settings
        if not settings.command:
            raise PictureError("there is no camera: set command in [camera]")
        try:
            async with asyncio.timeout(settings.timeout_s), self._one_at_a_time:
                data = await _printed(settings.command)
                return await asyncio.to_thread(jpeg.prepare, data, settings.size)
        except TimeoutError:
            raise PictureError(
                f"the camera gave no picture within {settings.timeout_s:g} s; is it "
                "the right command? Or raise timeout_s in [camera]"
            ) from None


async def _printed(command: Sequence[str]) -> bytes:
    """What the command prints."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,  # its children are killed with it
            env={k: v for k, v in os.environ.items() if k not in _SECRETS},
        )
    except (OSError, ValueError) as error:  # no such file; a NUL in an argument
        reason = error.strerror if isinstance(error, OSError) else error
        raise PictureError(f"the camera command {command[0]}: {reason}") from None
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        data, words = await asyncio.gather(
            _whole(process.stdout), _last_words(process.stderr)
        )
        await process.wait()
    finally:
        await _end(process)
    if process.returncode or not data:
        raise PictureError(_failure(process.returncode or 0, words))
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


async def _last_words(stream: asyncio.StreamReader) -> str:
    """The last line that says something."""
    words = b""
    while piece := await stream.read(_WORDS):
        words = (words + piece)[-_WORDS:]
    lines = words.decode(errors="replace").split("\n")
    said = ["".join(c for c in line if c.isprintable()).strip() for line in lines]
    return next(filter(None, reversed(said)), "")


def _failure(status: int, words: str) -> str:
    if status < 0:
        how = f"was killed by signal {-status}"
    else:
        how = f"failed with exit status {status}" if status else "printed nothing"
    return f"the camera command {how}{f': {words}' if words else ''}"


async def _end(process: Process) -> None:
    """Leave nothing of it running."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
