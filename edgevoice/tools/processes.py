"""A process with all that it starts, from which nothing stays behind.

It leads a session of its own, and its environment bears a mark that its children
inherit: they are found by either, also when they have left the session (``setsid``) or
changed their environment, though not if they did both. What cannot be killed, since it
is another user's or hangs in the kernel, is left after ``PATIENCE_S``, with a warning.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from edgevoice.tools.userinfo import without_userinfo

log = logging.getLogger(__name__)

MARK: Final = "EDGEVOICE_CALL"
"""Variable that all processes of one call have in common."""

GRACE_S: Final = 0.5
"""From SIGTERM to SIGKILL, seconds: a pressed button waits for it."""

PATIENCE_S: Final = 3.0
"""From SIGKILL to giving up, seconds."""

LOOK_S: Final = 0.02
"""How often the dying are looked for, seconds."""

KEPT: Final = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"}
    | {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"}
)
"""Variables of ours that a process inherits, with LC_*. The API key is not one."""

_LAST: Final = 2000
"""Bytes of stderr that are kept."""


def environment(
    given: Mapping[str, str], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment of a process: a few variables of ours, and what is given."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in KEPT or name.startswith("LC_")
    }
    return {"PATH": os.defpath, **kept, **given}


class Running:
    """A process that runs; made by ``started``.

    Attributes:
        output: Its stdout; at its end, it and its children are gone.
        late: Whether it was ended since its time was up.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, output: asyncio.StreamReader
    ) -> None:
        self.output = output
        self.late = False
        self._process = process
        self._last = b""

    @property
    def status(self) -> int:
        """Exit status; a negative one is the signal that ended it; read at the end."""
        return self._process.returncode or 0

    @property
    def complaint(self) -> str:
        """The last line of its stderr, without the passwords of addresses."""
        lines = self._last.decode("utf-8", "replace").strip().splitlines()
        return without_userinfo(lines[-1].strip()) if lines else ""

    async def end_in_time(
        self, mark: str, timeout_s: float, pipes: Sequence[asyncio.ReadTransport]
    ) -> bool:
        """Wait for its end, at most for so long, and end what it leaves behind.

        Returns:
            Whether all are gone. If not, its pipes are closed: nothing else ends them.
        """
        try:
            await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            self.late = True
        gone = await end_all(mark, self._process.pid)
        for pipe in () if gone else pipes:
            pipe.close()
        return gone

    async def hear_complaints(self, errors: asyncio.StreamReader) -> None:
        """Keep the last of its stderr, until it is closed."""
        while chunk := await errors.read(4096):
            self._last = (self._last + chunk)[-_LAST:]


@contextlib.asynccontextmanager
async def started(
    argv: Sequence[str],
    variables: Mapping[str, str],
    timeout_s: float,
    stdin: bytes | None = None,
) -> AsyncIterator[Running]:
    """Run a program for the length of the block; then it is gone with all it started.

    At the end of the block it is waited for, for as long as it has; after an error or
    a cancellation it is ended at once. See ``end_all`` for what cannot be ended.

    Args:
        argv: Program and arguments; no shell.
        variables: Its whole environment.
        timeout_s: Then it is ended, seconds.
        stdin: What it reads there; None: nothing.

    Raises:
        OSError: It cannot be started.
    """
    mark = f"{os.getpid()}-{secrets.token_hex(8)}"
    async with contextlib.AsyncExitStack() as stack:
        output, output_pipe, write_output = await _pipe(stack)
        errors, errors_pipe, write_errors = await _pipe(stack)
        source = stack.enter_context(_file(stdin)) if stdin is not None else None
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=source or subprocess.DEVNULL,
                stdout=write_output,
                stderr=write_errors,
                env={**variables, MARK: mark},
                cwd="/",
                start_new_session=True,
            )
        except asyncio.CancelledError:
            await uncancelled(end_all(mark))
            raise
        finally:
            os.close(write_output)
            os.close(write_errors)
        running = Running(process, output)
        pipes = output_pipe, errors_pipe
        ending = asyncio.create_task(running.end_in_time(mark, timeout_s, pipes))
        hearing = asyncio.create_task(running.hear_complaints(errors))
        try:
            yield running
            await asyncio.shield(ending)  # programs close their stdout before they end
        finally:
            await uncancelled(_end(process, mark, ending, hearing))


async def _end(
    process: asyncio.subprocess.Process,
    mark: str,
    ending: asyncio.Task[bool],
    hearing: asyncio.Task[None],
) -> None:
    gone = ending.result() if ending.done() else await end_all(mark, process.pid)
    if gone:
        await process.wait()
    for task in (ending, hearing):
        task.cancel()
    await asyncio.wait((ending, hearing))


async def _pipe(
    stack: contextlib.AsyncExitStack,
) -> tuple[asyncio.StreamReader, asyncio.ReadTransport, int]:
    """A pipe of ours: asyncio's own would keep ``wait`` waiting for its end.

    Until Python 3.12 ``Process.wait`` returns only when the pipes are closed too,
    which a child that stays behind holds open.
    """
    reader = asyncio.StreamReader()
    read, write = os.pipe()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read, "rb", 0)
    )
    stack.callback(transport.close)
    return reader, transport, write


def _file(content: bytes) -> IO[bytes]:
    """An open file with this in it; in memory, where that can be had."""
    if sys.platform == "linux":
        file: IO[bytes] = os.fdopen(os.memfd_create("stdin"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115  its user closes it
    file.write(content)
    file.flush()
    file.seek(0)
    return file


async def uncancelled(ending: Coroutine[Any, Any, object]) -> None:
    """Await an end to the end, also if whoever awaits it is cancelled meanwhile."""
    task = asyncio.ensure_future(ending)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError


async def end_all(mark: str, leader: int | None = None) -> bool:
    """End every process of a call, and return when all are gone.

    Args:
        mark: Value of their variable ``MARK``.
        leader: The process that leads their session.

    Returns:
        Whether they are; some may be left after ``PATIENCE_S``.
    """
    asked: set[int] = set()
    looks_left = round(GRACE_S / LOOK_S)
    while living := await asyncio.to_thread(list, processes(mark, leader)):
        for pid in living:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if looks_left <= 0:
                    os.kill(pid, signal.SIGKILL)
                elif pid not in asked:
                    os.kill(pid, signal.SIGTERM)
        asked.update(living)
        looks_left -= 1
        if looks_left * LOOK_S < -PATIENCE_S:
            log.warning(
                "process %s cannot be killed: it is another user's, or hangs in the "
                "kernel; it is left running",
                ", ".join(map(str, living)),
            )
            return False
        await asyncio.sleep(LOOK_S)
    return True


def processes(mark: str, leader: int | None = None) -> Iterator[int]:
    """The processes of a call that live; those that are dead but not reaped do not."""
    word = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        with contextlib.suppress(OSError):  # it is gone, or another user's
            # The session first: everybody may see it.
            if (
                leader is not None and os.getsid(pid) == leader and not _is_dead(folder)
            ) or word in (folder / "environ").read_bytes().split(b"\0"):
                yield pid


def _is_dead(folder: Path) -> bool:
    state = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return state[0] in {"Z", "X"}
