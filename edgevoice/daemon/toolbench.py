"""``edgevoice tools``: what the model may call, tried without the daemon."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from difflib import get_close_matches
from typing import Any, Final, cast

from edgevoice.config import Configuration
from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.builtin_tools import BuiltIns
from edgevoice.daemon.toolbox import Toolbox
from edgevoice.errors import EdgeVoiceError
from edgevoice.tools.tool import failed

PATIENCE_S: Final = 30.0
"""How long MCP servers may take to come up, seconds; some are downloaded first."""


async def list_tools(settings: Configuration, tell: Callable[[str], None]) -> None:
    """Tell a line for each tool, and one for each MCP server that is away.

    Raises:
        ConfigError: The settings cannot be used.
    """
    async with _toolbox(settings) as box:
        width = max((len(name) for name in box.tools), default=0)
        for name, tool in box.tools.items():
            words = tool.description.splitlines()[0] if tool.description else ""
            asks = "; asks for a press" if tool.confirm else ""
            tell(f"{name:<{width}}  {words} ({box.source(name)}{asks})")
        for server in box.servers:
            if server.error or not server.tried:
                tell(f"MCP server {server.name}: {server.error or 'not there yet'}")
        if not box.tools:
            tell("the model may call nothing")


async def run_tool(
    settings: Configuration,
    name: str,
    arguments: dict[str, Any],
    agrees: Callable[[], bool],
    tell: Callable[[dict[str, Any]], None],
) -> bool:
    """Run a tool as for the model.

    Args:
        settings: What the person configured.
        name: Which tool.
        arguments: What the model would give.
        agrees: Asks the person, if the tool wants to be confirmed.
        tell: Called with each result as soon as it is there.

    Returns:
        Whether it worked.

    Raises:
        ConfigError: The settings cannot be used.
        EdgeVoiceError: There is no such tool, or the person does not agree.
    """
    async with _toolbox(settings, name) as box:
        if name not in box.tools:
            near = get_close_matches(name, box.tools, n=1)
            known = ", ".join(box.tools) or "none"
            meant = f"did you mean {near[0]}?" if near else f"there are: {known}"
            raise EdgeVoiceError(f"there is no tool {name!r}; {meant}")
        tool = box.tools[name]
        if tool.confirm and (wrong := tool.refusal(arguments)) is not None:
            tell(failed(wrong).response)
            return False
        if tool.confirm and not agrees():
            raise EdgeVoiceError(f"{name} was not run")
        result = failed("no result")
        async with aclosing(tool.call(arguments)) as results:
            async for result in results:
                tell(result.response)
        return "error" not in result.response


@asynccontextmanager
async def _toolbox(settings: Configuration, name: str = "") -> AsyncIterator[Toolbox]:
    """All tools, or at least the one of this name.

    MCP servers complain at our stderr; ``list_tools`` tells what is wrong with them.
    """
    logging.getLogger("edgevoice").addHandler(logging.NullHandler())
    bell = Bell()
    functions = BuiltIns(cast(Appliance, _Nowhere())).functions
    box = Toolbox(settings, functions, bell.ring, sys.stderr)
    task = asyncio.create_task(box.keep())
    try:
        await bell.until(lambda: box.ready or name in box.tools, PATIENCE_S)
        yield box
    finally:
        task.cancel()
        await asyncio.wait([task])


class _Nowhere:
    """Stands in for the appliance, which is in the daemon."""

    def __getattr__(self, _: str) -> Any:
        raise EdgeVoiceError("this acts on the running daemon only")
