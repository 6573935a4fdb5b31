"""The official SDK of MCP (Model Context Protocol): connections to servers.

A server is a program that is started here (stdio), or one elsewhere (streamable HTTP).
The SDK is the extra ``mcp``; it is imported when the settings name a server, since it
takes 44 MB of memory and half a second of a fast machine.
"""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, TextIO

from msgspec import Struct, field

from edgevoice.errors import ConfigError, CredentialError, EdgeVoiceError
from edgevoice.tools import files
from edgevoice.tools.processes import MARK, end_all, environment, uncancelled
from edgevoice.tools.tool import Result, failed

if TYPE_CHECKING:
    from mcp import Client as Client
    from mcp import Tool as Tool
    from mcp.types import CallToolResult

MOST: Final = 16_384
"""Characters of a result that the model gets."""

PATIENCE_S: Final = 10.0
"""How long a server may take to set up a connection or to list its tools, seconds."""

MOST_PAGES: Final = 20
"""Of a list of tools."""


class Address(Struct, frozen=True, kw_only=True):
    """Where a server is: a command, or a URL.

    Attributes:
        command: Program and arguments; empty if there is a URL.
        environment: Variables beside the usual ones, for a command.
        secrets: Variables whose values are in files, for a command.
        url: Address of its streamable HTTP; empty if there is a command.
        headers: Headers whose values are in files, for a URL.
    """

    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def available() -> None:
    """See whether the SDK is there.

    Raises:
        ConfigError: It is not.
    """
    try:
        import mcp  # noqa: F401
    except ImportError:
        raise ConfigError(
            "needs Python's package mcp, 2 or newer; edgevoice.toml(5) tells how to "
            "install it, at [[mcp]]"
        ) from None


@contextlib.asynccontextmanager
async def connected(address: Address, stderr: TextIO | None) -> AsyncIterator["Client"]:
    """A client of the server, for the length of the block.

    Args:
        address: Where it is.
        stderr: Where what a command says there goes; None: nowhere.

    Raises:
        Exception: Whatever the SDK raises, perhaps in a group.
    """
    await asyncio.to_thread(available)  # to import it takes seconds on a small machine
    from mcp import Client

    for name in ("mcp", "httpx2"):  # they log requests, which hold what was said
        logging.getLogger(name).setLevel(logging.CRITICAL)
    async with contextlib.AsyncExitStack() as stack:
        if address.url:
            transport = await _over_http(stack, address)
        else:
            transport = await _over_stdio(stack, address, stderr)
        client = Client(transport, read_timeout_seconds=None, cache=None)
        async with asyncio.timeout(PATIENCE_S):
            await stack.enter_async_context(client)
        yield client


async def _over_http(stack: contextlib.AsyncExitStack, address: Address) -> Any:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    # A response may be a stream that is open as long as the longest call.
    timeout = httpx2.Timeout(PATIENCE_S, read=3600.0)
    headers = files.secrets(address.headers)
    http = httpx2.AsyncClient(headers=headers, timeout=timeout)
    await stack.enter_async_context(http)
    return streamable_http_client(address.url, http_client=http)


async def _over_stdio(
    stack: contextlib.AsyncExitStack, address: Address, stderr: TextIO | None
) -> Any:
    from mcp import StdioServerParameters, stdio_client

    mark = secrets.token_hex(8)
    if stderr is None:
        nowhere = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
        stderr = stack.enter_context(nowhere)
    stack.push_async_callback(uncancelled, end_all(mark))
    variables = environment({**address.environment, **files.secrets(address.secrets)})
    parameters = StdioServerParameters(
        command=address.command[0],
        args=[*address.command[1:]],
        env={**variables, MARK: mark},
        cwd="/",
    )
    return stdio_client(parameters, errlog=stderr)


async def listed(client: "Client") -> list["Tool"]:
    """All tools of a server; raises what the SDK raises."""
    found: list[Tool] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        found += page.tools
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def result_of(result: "CallToolResult") -> Result:
    """What a server answered, for the model: structured if it is, else its text."""
    texts = [getattr(one, "text", None) or f"[{one.type}]" for one in result.content]
    text = "\n".join(texts)
    if result.is_error:
        return failed(text or "the tool failed without a word")
    structured = result.structured_content
    if structured is not None and len(str(structured)) <= MOST:
        return Result(response={"output": structured})
    if len(text) > MOST:
        truncated = f"only the first {MOST} characters are here"
        return Result(response={"output": text[:MOST], "truncated": truncated})
    return Result(response={"output": text})


def innermost(error: BaseException) -> BaseException:
    """The error itself, out of the groups in which the SDK's tasks wrap it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, OSError) and error.strerror:
        return EdgeVoiceError(error.strerror)
    if isinstance(error, CredentialError):
        return CredentialError(f"a secret or header: {error}")
    return error
