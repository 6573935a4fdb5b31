"""What ``edgevoice status`` says; nothing secret, nothing that was said."""

from typing import TYPE_CHECKING, Any

from edgevoice import __version__
from edgevoice.daemon.appliance import Appliance

if TYPE_CHECKING:
    from edgevoice.tools.mcp_server import McpServer


def status(appliance: Appliance) -> dict[str, Any]:
    """The state of everything, as plain JSON."""
    return {
        "version": __version__,
        "phase": appliance.phase,
        "asks": appliance.calls.permission.asks,
        "link": appliance.link.status,
        "model": appliance.link.model,
        "error": appliance.error,
        "link_error": appliance.link.error,
        "session": {
            "age_s": appliance.session_age,
            "resumed": appliance.handles.resumed,
            "connections": appliance.link.generation,
        },
        "microphone": appliance.sound.microphone.facts(),
        "speaker": appliance.sound.speaker.facts(),
        "turns": appliance.turns.tally.turns(_pending(appliance)),
        "last_turn": appliance.turns.tally.last_turn() or None,
        "latency": appliance.turns.tally.latency(),
        "usage": appliance.budget.purse.status(),
        "stale_chunks": appliance.turns.tally.stale_chunks,
        "camera": _camera(appliance),
        "picture": None if appliance.pictures.waiting is None else "waits",
        "notes": len(appliance.turns.notes.waiting),
        "tools": sorted(appliance.tools),
        "mcp": [_mcp(server) for server in appliance.mcp_servers()],
        "volume": appliance.sound.volume,
        "muted": appliance.sound.muted,
    }


def _pending(appliance: Appliance) -> int:
    """Questions that wait for the next link."""
    return 0 if appliance.link.status == "up" else appliance.turns.outbox.pending


def _camera(appliance: Appliance) -> dict[str, Any]:
    when = appliance.settings.camera.when if appliance.settings.camera.command else None
    return {"when": when, "error": appliance.pictures.error}


def _mcp(server: "McpServer") -> dict[str, Any]:
    """An MCP server: its tools by the names they have there, and what is wrong."""
    names = [tool.remote for tool in server.tools]
    return {"name": server.name, "tools": names, "error": server.error}
