"""``edgevoice tools``: what the model may call, tried without the daemon."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from difflib import get_close_matches
from typing import Any, Final, cast

from edgevoice.config import Configuration
from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.builtin_tools import BuiltIns
from edgevoice.daemon.toolbox import Toolbox
from edgevoice.errors import EdgeVoiceError
from edgevoice.tools import schema
from edgevoice.tools.tool import failed

PATIENCE_S: Final = 30.0
"""How long MCP servers may take to come up, seconds; some are downloaded first."""


async def list_tools(settings: Configuration, tell: Callable[[str], None]) -> bool:
    """Tell of each tool and what it takes, and of each MCP server that is away.

    Returns:
        Whether every server is there.

    Raises:
        ConfigError: The settings cannot be used.
    """
    async with _toolbox(settings) as box:
        width = max((len(name) for name in box.tools), default=0)
        for name, tool in box.tools.items():
            words = tool.description.splitlines()[0] if tool.description else ""
            asks = "; asks for a press" if tool.confirm else ""
            tell(f"{name:<{width}}  {words} ({box.source(name)}{asks})")
            if takes := "; ".join(schema.in_words(tool.parameters)):
                tell(f"{'':<{width}}  takes {takes}")
        away = [*_away(box)]
        for words in away:
            tell(words)
        if not box.tools:
            tell("the model may call nothing")
        return not away


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
            away = "".join(f" ({words})" for words in _away(box))
            raise EdgeVoiceError(f"there is no tool {name!r}; {meant}{away}")
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


def _away(box: Toolbox) -> Iterator[str]:
    """A line for each MCP server whose tools are not known."""
    for server in box.servers:
        if server.error or not server.tried:
            yield f"MCP server {server.name}: {server.error or 'not there yet'}"


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
