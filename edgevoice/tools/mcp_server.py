"""Tools of MCP servers: keeps the connection to each, calls its tools."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from msgspec import Struct

from edgevoice.errors import EdgeVoiceError
from edgevoice.tools import mcp
from edgevoice.tools.mcp import PATIENCE_S, Address
from edgevoice.tools.names import legal
from edgevoice.tools.tool import Arguments, Described, Result, failed
from edgevoice.tools.userinfo import without_userinfo

if TYPE_CHECKING:
    from edgevoice.tools.mcp import Client, Tool

log = logging.getLogger(__name__)

LOOK_S: Final = 60.0
"""How often a server is asked for its tools, seconds: they may be others by now, and
one that does not answer is left."""

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
STABLE_S: Final = 30.0
"""A connection that lived so long was no failure, seconds."""


class Manner(Struct, frozen=True, kw_only=True):
    """How the tools of a server are used.

    Attributes:
        allow: Names of those that the model may call; empty: all.
        confirm: See ``Tool``.
        timeout_s: See ``Tool``.
    """

    allow: tuple[str, ...] = ()
    confirm: bool = False
    timeout_s: float = 20.0


class McpTool(Described, kw_only=True):
    """A tool of a server; ``remote`` is its name there."""

    server: "McpServer"
    remote: str

    async def call(self, arguments: Arguments) -> AsyncGenerator[Result, None]:
        """Run it; see ``Tool.call``. The server judges the arguments."""
        yield await self.server.call(self.remote, arguments, self.timeout_s)


class McpServer:
    """One server and the connection to it; loop's thread only.

    Args:
        name: As the settings have it.
        address: Where it is.
        manner: How its tools are used.
        changed: Called when there are other tools than before, or another error.
        stderr: Where what a command says there goes; None: nowhere, since servers
            log what they are asked.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        manner: Manner,
        changed: Callable[[], None],
        stderr: TextIO | None = None,
    ) -> None:
        self.name = name
        self.tools: tuple[McpTool, ...] = ()
        """Its tools; they stay when it goes, and then answer that it is away."""
        self.error: str | None = None
        """Why there is no connection, one line."""
        self.tried = False
        """Whether the first connection has come up, or failed."""
        self._address = address
        self._manner = manner
        self._changed = changed
        self._stderr = stderr
        self._client: Client | None = None
        self._doubt = asyncio.Event()

    async def keep(self) -> None:
        """Keep a connection, one after another, until cancelled."""
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            began = clock()
            self._lost(mcp.innermost(await self._connection()))
            failures = 0 if clock() - began > STABLE_S else failures
            await asyncio.sleep(pause(failures))
            failures += 1

    async def call(self, tool: str, arguments: Arguments, timeout_s: float) -> Result:
        """Call a tool by its name there."""
        if self._client is None:
            return failed(f"the MCP server {self.name} is away; try again later")
        try:
            async with asyncio.timeout(timeout_s):
                result = await self._client.call_tool(tool, dict(arguments))
        except TimeoutError:
            return failed(f"took over {timeout_s:g} s and was stopped")
        except Exception as error:  # noqa: BLE001  the model is told, nothing else falls
            self._doubt.set()
            return failed(mcp.innermost(error))
        return mcp.result_of(result)

    async def _connection(self) -> Exception:
        """One connection, to its end; returns what ended it.

        It has a task of its own: when a cancellation collides with the end of the
        server, the SDK swallows it, and ``keep`` would connect for ever.
        """
        task = asyncio.create_task(self._live())
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            [error] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(error, Exception):
            return error
        return EdgeVoiceError("the connection is lost")

    async def _live(self) -> None:
        async with mcp.connected(self._address, self._stderr) as client:
            async with asyncio.timeout(PATIENCE_S):
                tools = await mcp.listed(client)
            log.info("MCP server %s: %d tools", self.name, len(tools))
            self._client = client
            try:
                while True:
                    self._take(tools)
                    self._doubt.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_S):
                            await self._doubt.wait()
                    async with asyncio.timeout(PATIENCE_S):
                        tools = await mcp.listed(client)
            finally:
                self._client = None

    def _take(self, listed: Sequence["Tool"]) -> None:
        allow = self._manner.allow
        known = {one.name for one in listed}
        if missing := [name for name in allow if name not in known]:
            log.warning(
                "MCP server %s has no tool %s; it has %s",
                self.name,
                ", ".join(missing),
                ", ".join(sorted(known)) or "none",
            )
        tools = tuple(
            self._tool(one) for one in listed if not allow or one.name in allow
        )
        new = not self.tried or self.error is not None or tools != self.tools
        self.tried, self.error, self.tools = True, None, tools
        if new:
            self._changed()

    def _tool(self, one: "Tool") -> McpTool:
        return McpTool(
            name=legal(one.name),
            description=one.description or one.title or "",
            parameters=one.input_schema or None,
            confirm=self._manner.confirm,
            timeout_s=self._manner.timeout_s,
            server=self,
            remote=one.name,
        )

    def _lost(self, error: BaseException) -> None:
        words = " ".join(without_userinfo(str(error)).split()) or type(error).__name__
        if isinstance(error, TimeoutError):
            words = f"does not answer within {PATIENCE_S:g} s"
        if words != self.error:
            log.warning("MCP server %s: %s", self.name, words)
        new = not self.tried or words != self.error
        self.tried, self.error = True, words
        if new:
            self._changed()


def pause(failures: int) -> float:
    """Seconds until the next connection after so many failures in a row."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * float(2 ** min(failures, 10)))
