"""Tools that are commands: ``[[tools]]`` in the settings.

What the model gets: ``{"output": ..., "exit_code": 0}``, the output as an object where
it is JSON; ``{"error": the last line of stderr, "exit_code": n, "output": ...}`` where
the command failed.
"""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

from msgspec import Struct, field

from edgevoice.errors import CredentialError
from edgevoice.tools import files, template
from edgevoice.tools.processes import Running, environment, started
from edgevoice.tools.schema import checked
from edgevoice.tools.tool import Arguments, Described, Refused, Result, failed

MOST: Final = 16_384
"""Bytes of output that the model gets; each costs money with every turn."""


class Command(Struct, frozen=True, kw_only=True):
    """What a tool runs.

    Attributes:
        argv: Program and arguments, with ``{placeholders}``.
        environment: Variables beside the usual ones.
        secrets: Variables whose values are in files; see ``files.path_of``.
        stdin: The arguments, as one JSON object, are on its stdin.
        stream: Every line of its output is a result of its own.
    """

    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    stdin: bool = False
    stream: bool = False


class CommandTool(Described, kw_only=True):
    """A tool that is a command."""

    command: Command

    def refusal(self, arguments: Arguments) -> str | None:
        """What its schema or its command does not take; see ``Tool.refusal``."""
        try:
            self._filled(arguments)
        except Refused as error:
            return str(error)
        return None

    async def call(self, arguments: Arguments) -> AsyncGenerator[Result, None]:
        """Run it; see ``Tool.call``."""
        command = self.command
        try:
            values, argv = self._filled(arguments)
            secrets = files.secrets(command.secrets)
        except Refused as error:
            yield failed(error)
            return
        except CredentialError:
            # Which file it is, is no matter of the model's.
            yield failed(f"a secret that {self.name} needs cannot be read")
            return
        variables = environment({**command.environment, **secrets})
        stdin = _encoded(values) if command.stdin else None
        hidden = Hidden(secrets)
        told = False
        try:
            async with started(argv, variables, self.timeout_s, stdin) as running:
                output = Output(running.output)
                if command.stream:
                    async for line in output.lines():
                        told = True
                        yield Result(
                            response={"output": hidden.left_out(line)}, more=True
                        )
                await output.rest()
        except (OSError, ValueError) as error:
            yield failed(f"cannot be started: {_reason(error)}")
            return
        well = running.status == 0 and not running.late
        if told and well and not output.cut:
            return  # the lines have said it all: the model need not speak once more
        text = "" if command.stream else hidden.left_out(output.text)
        yield self._result(running, text, hidden, cut=output.cut)

    def _filled(self, arguments: Arguments) -> tuple[dict[str, Any], list[str]]:
        """The arguments, and the command with them in it; raises ``Refused``."""
        values = checked(arguments, self.parameters)
        return values, template.filled(self.command.argv, values)

    def _result(
        self, running: Running, text: str, hidden: "Hidden", *, cut: bool
    ) -> Result:
        more: dict[str, Any] = {"exit_code": running.status}
        if cut:
            more["truncated"] = f"only the first {MOST} bytes are here"
        if running.late:
            return failed(f"took over {self.timeout_s:g} s and was stopped")
        if running.status == 0:
            return Result(response={"output": _parsed(text), **more})
        if text:
            more["output"] = _parsed(text)
        return failed(
            hidden.left_out(running.complaint) or _ended(running.status), **more
        )


class Output:
    """The first ``MOST`` bytes of what a command says; all of it is read."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.cut = False
        self._reader = reader
        self._kept = b""

    @property
    def text(self) -> str:
        """What was kept, without the space around it."""
        return self._kept.decode("utf-8", "replace").strip()

    async def rest(self) -> None:
        """Read to the end."""
        while await self._take():
            pass

    async def lines(self) -> AsyncIterator[str]:
        """Each line as soon as it is whole; empty ones are left out."""
        told = 0
        while await self._take():
            whole = self._kept.rfind(b"\n") + 1
            for line in self._kept[told:whole].split(b"\n"):
                if text := line.decode("utf-8", "replace").strip():
                    yield text
            told = max(told, whole)
        if text := self._kept[told:].decode("utf-8", "replace").strip():
            yield text

    async def _take(self) -> bytes:
        chunk = await self._reader.read(65_536)
        self.cut = self.cut or len(self._kept) + len(chunk) > MOST
        self._kept = (self._kept + chunk)[:MOST]
        return chunk


class Hidden:
    """Secrets that a command was given, which must not come back in what it says."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self._secrets = [*secrets.values()]

    def left_out(self, text: str) -> str:
        """The text without them."""
        for secret in self._secrets:
            text = text.replace(secret, "[left out]")
        return text


def _encoded(values: dict[str, Any]) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _parsed(text: str) -> Any:
    """JSON as what it says, anything else as text."""
    if text.startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _ended(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-status).name}"
    return f"failed with exit status {status}"
