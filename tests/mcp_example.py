"""A small MCP server, written with the official SDK: over stdio, or HTTP on a port.

``python mcp_example.py``, or ``python mcp_example.py PORT``.
"""

import asyncio
import os
import sys
from typing import Any

from mcp.server.mcpserver import MCPServer

server = MCPServer("example")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool(structured_output=False)
def greet(name: str) -> str:
    """Greet somebody."""
    return f"Hello, {name}!"


@server.tool()
def break_down() -> str:
    """Fail."""
    raise ValueError("the lamp is broken")


@server.tool()
async def wait_for_ever() -> str:
    """Take longer than anybody waits."""
    await asyncio.Event().wait()
    return ""


@server.tool()
def end() -> str:
    """End the server in the middle of the call."""
    os._exit(1)


@server.tool(name="variable of the server")
def variable(name: str) -> str:
    """Tell a variable of the server's environment."""
    return os.environ.get(name, "")


def main(arguments: list[str]) -> None:
    options: dict[str, Any] = {}
    if arguments:
        options = {"host": "127.0.0.1", "port": int(arguments[0])}
        server.run("streamable-http", **options)
    else:
        server.run("stdio")


if __name__ == "__main__":
    main(sys.argv[1:])
