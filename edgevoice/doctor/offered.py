"""What the model may call: functions, the commands of [[tools]], and MCP servers."""

import asyncio
import logging
import os
from typing import Final

from msgspec import structs

from edgevoice.config import Configuration, McpSettings
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.threads import LooseThreads
from edgevoice.daemon.toolbox import Toolbox, unusable
from edgevoice.doctor.finding import Finding, ok, skipped, wrong

PATIENCE_S: Final = 30.0
"""How long MCP servers may take to come up, seconds; some are downloaded first."""

_LISTS: Final = (
    "`edgevoice check` lists every mistake; mend the settings, or what they name"
)
_TRY: Final = "`edgevoice tools` tries it and shows what its program says"


def check_tools(settings: Configuration) -> Finding:
    """``tools``: whether programs, secrets and functions that are named are here."""
    mistakes = [*unusable(settings)]
    if mistakes:
        more = f" (and {len(mistakes) - 1} more)" if mistakes[1:] else ""
        return wrong("tools", mistakes[0] + more, _LISTS)
    functions = len(settings.functions.builtin) + len(settings.functions.installed)
    found = f"{functions} functions, {len(settings.tools)} commands"
    return ok("tools", f"{found}: all that they need is here")


def check_mcp(settings: Configuration) -> Finding:
    """``mcp``: whether every MCP server answers; blocks for ``PATIENCE_S`` at most.

    A running daemon has connections of its own; these are others.
    """
    ours = [one for one in settings.mcp if not _is_for_the_service_only(one)]
    if not ours:
        why = "its secrets are given to the service only: see its journal"
        return skipped("mcp", why if settings.mcp else "no server is in the settings")
    none = structs.replace(settings.functions, builtin=(), installed=())
    only = structs.replace(settings, functions=none, tools=(), mcp=tuple(ours))
    return asyncio.run(_connected(only))


def _is_for_the_service_only(one: McpSettings) -> bool:
    """Whether it takes a credential that systemd gives, which is not given to us."""
    named = any("/" not in place for place in {**one.secrets, **one.headers}.values())
    return named and "CREDENTIALS_DIRECTORY" not in os.environ


async def _connected(settings: Configuration) -> Finding:
    asyncio.get_running_loop().set_default_executor(LooseThreads())
    # What is wrong is in the finding; without a handler Python would print it besides.
    logging.getLogger("edgevoice").addHandler(logging.NullHandler())
    bell = Bell()
    box = Toolbox(settings, {}, bell.ring)
    task = asyncio.create_task(box.keep())
    try:
        await bell.until(lambda: box.ready, PATIENCE_S)
        away = [server for server in box.servers if server.error or not server.tried]
        if away:
            why = away[0].error or f"is not there after {PATIENCE_S:.0f} s"
            more = f" (and {len(away) - 1} more)" if away[1:] else ""
            return wrong("mcp", f"{away[0].name}: {why}{more}", _TRY)
        counts = (f"{one.name}: {len(one.tools)} tools" for one in box.servers)
        return ok("mcp", ", ".join(counts))
    finally:
        task.cancel()
        await asyncio.wait([task])
