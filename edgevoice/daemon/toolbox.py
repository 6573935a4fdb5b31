"""All tools that the model may call, from wherever they come."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TextIO

from msgspec import structs

from edgevoice.config import BUILT_IN, Configuration, McpSettings, ToolSettings
from edgevoice.errors import ConfigError, CredentialError
from edgevoice.tools import function
from edgevoice.tools.names import legal
from edgevoice.tools.signature import Function
from edgevoice.tools.tool import Tool

if TYPE_CHECKING:
    from edgevoice.tools.command import CommandTool
    from edgevoice.tools.mcp_server import McpServer

WAITED_S: Final = 10.0
BACKGROUND_S: Final = 600.0
"""How long a command may take if the settings do not say, seconds."""


class Toolbox:
    """Every tool by the name that the model calls it by; loop's thread only.

    Args:
        settings: What the person configured.
        builtin: What edgevoice itself offers; see ``BuiltIns``.
        changed: Called when there may be other tools, or when ``ready`` is new.
        stderr: Where the programs of MCP servers complain; None: nowhere.

    Raises:
        ConfigError: See ``local_tools``.
    """

    def __init__(
        self,
        settings: Configuration,
        builtin: Mapping[str, Function],
        changed: Callable[[], None],
        stderr: TextIO | None = None,
    ) -> None:
        self.tools: Mapping[str, Tool] = {}
        self._builtin = builtin
        self._changed = changed
        self._stderr = stderr
        self._local: Mapping[str, Tool] = {}
        self._servers: dict[str, tuple[McpSettings, McpServer]] = {}
        self._rung = asyncio.Event()
        self._take(settings)

    @property
    def servers(self) -> "list[McpServer]":
        """The MCP servers."""
        return [server for _, server in self._servers.values()]

    @property
    def ready(self) -> bool:
        """Whether the first connection to every MCP server was made, or has failed."""
        return all(server.tried for server in self.servers)

    def use(self, settings: Configuration) -> None:
        """Go on with other settings; a server whose own are the same stays connected.

        Raises:
            ConfigError: See ``local_tools``; then nothing is new.
        """
        self._take(settings)
        self._changed()

    def _take(self, settings: Configuration) -> None:
        self._local = local_tools(settings, self._builtin)
        before, self._servers = self._servers, {}
        for one in settings.mcp:
            old = before.get(one.name)
            kept = old[1] if old and old[0] == one else self._server(one)
            self._servers[one.name] = one, kept
        self._rung.set()
        self.tools = {**self._local, **dict(self._remote())}

    async def keep(self) -> None:
        """Keep the connections to the MCP servers, until cancelled."""
        tasks: dict[McpServer, asyncio.Task[None]] = {}
        try:
            while True:
                self._rung.clear()
                await _end(tasks.pop(one) for one in {*tasks} - {*self.servers})
                for server in self.servers:
                    if server not in tasks:
                        tasks[server] = asyncio.create_task(server.keep())
                await self._rung.wait()
        finally:
            await _end(tasks.values())

    def source(self, name: str) -> str:
        """Where a tool comes from, in words."""
        if name in self._local:
            if not isinstance(self._local[name], function.FunctionTool):
                return "[[tools]]"
            return "built in" if name in BUILT_IN else "installed"
        from edgevoice.tools.mcp_server import McpTool

        tool = self.tools[name]
        return f"MCP server {tool.server.name}" if isinstance(tool, McpTool) else ""

    def _server(self, one: McpSettings) -> "McpServer":
        from edgevoice.tools.mcp import Address
        from edgevoice.tools.mcp_server import Manner, McpServer

        address = Address(
            command=one.command,
            environment=one.environment,
            secrets=one.secrets,
            url=one.url,
            headers=one.headers,
        )
        manner = Manner(
            allow=one.allow, confirm=one.confirm == "press", timeout_s=one.timeout_s
        )
        return McpServer(one.name, address, manner, self._look, self._stderr)

    def _look(self) -> None:
        self.tools = {**self._local, **dict(self._remote())}
        self._changed()

    def _remote(self) -> Iterator[tuple[str, Tool]]:
        """Tools of servers; a name that is taken gets the server's in front."""
        taken = {*self._local}
        for server in self.servers:
            for tool in server.tools:
                name = tool.name
                if name in taken:
                    name = legal(f"{server.name}_{name}")
                    tool = structs.replace(tool, name=name)
                if name not in taken:
                    taken.add(name)
                    yield name, tool


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    ended = [*tasks]
    for task in ended:
        task.cancel()
    if ended:
        await asyncio.wait(ended)


def local_tools(
    settings: Configuration, builtin: Mapping[str, Function]
) -> dict[str, Tool]:
    """The tools that are here without a connection.

    Raises:
        ConfigError: A Python function cannot be loaded; one line for each.
    """
    functions = settings.functions
    found: dict[str, Tool] = {}
    mistakes = []
    for name in (*functions.builtin, *functions.installed):
        try:
            one = builtin[name] if name in builtin else function.installed(name)
            found[name] = function.tool_of(
                one,
                name,
                confirm=name in functions.confirm,
                timeout_s=functions.timeout_s,
            )
        except ConfigError as error:
            mistakes.append(f"functions.installed: {name}: {error}")
    if mistakes:
        raise ConfigError(*mistakes)
    return {**found, **{one.name: _command_tool(one) for one in settings.tools}}


def _command_tool(one: ToolSettings) -> "CommandTool":
    from edgevoice.tools import schema
    from edgevoice.tools.command import Command, CommandTool

    return CommandTool(
        name=one.name,
        description=one.description,
        parameters=schema.schema_of(one.parameters),
        background=one.background,
        scheduling=one.scheduling,
        confirm=one.confirm == "press",
        timeout_s=one.timeout_s or (BACKGROUND_S if one.background else WAITED_S),
        command=Command(
            argv=one.command,
            environment=one.environment,
            secrets=one.secrets,
            stdin=one.stdin,
            stream=one.stream,
        ),
    )


# -- mistakes that the settings file does not show -------------------------------------


def check(settings: Configuration) -> None:
    """See whether ``Toolbox`` would take these settings.

    Raises:
        ConfigError: See ``local_tools``.
    """
    local_tools(settings, dict.fromkeys(BUILT_IN, _nothing))


def unusable(settings: Configuration) -> Iterator[str]:
    """What is wrong outside the file: functions, programs, secrets, the SDK.

    A secret that systemd gives the service can be judged by the service only.
    """
    from edgevoice.tools import mcp, programs

    try:
        check(settings)
    except ConfigError as error:
        yield from error.mistakes
    tables: list[tuple[str, ToolSettings | McpSettings]] = [
        *((f"tools[{n}]", one) for n, one in enumerate(settings.tools, 1)),
        *((f"mcp[{n}]", one) for n, one in enumerate(settings.mcp, 1)),
    ]
    for where, one in tables:
        if one.command and (why := programs.refusal(one.command[0])):
            yield f"{where}.command: {why}"
        yield from _unreadable(f"{where}.secrets", one.secrets)
        if isinstance(one, McpSettings):
            yield from _unreadable(f"{where}.headers", one.headers)
    if settings.mcp:
        try:
            mcp.available()
        except ConfigError as error:
            yield f"mcp: {error}"


def _unreadable(where: str, places: Mapping[str, str]) -> Iterator[str]:
    from edgevoice.tools import files

    if "CREDENTIALS_DIRECTORY" not in os.environ:
        places = {name: place for name, place in places.items() if "/" in place}
    try:
        files.secrets(places)
    except CredentialError as error:
        yield f"{where}.{error}"


async def _nothing() -> None:
    """Stand in for a function that is built in, where nothing runs it."""
