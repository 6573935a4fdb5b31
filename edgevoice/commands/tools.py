"""``edgevoice tools``."""

import argparse
import contextlib
import json
import sys
from typing import Any, Final

from edgevoice import config
from edgevoice.commands.complaints import UsageError
from edgevoice.commands.options import Add, add_config
from edgevoice.errors import EX_FAILED, EX_OK

_TOOLS: Final = (
    "Without NAME it lists what the model may call, what that takes, and where it "
    "comes from. "
    "With NAME it runs that one here, outside the daemon, as it would for the model, "
    "and prints each result as JSON. Exit status 1: it did not work, or an MCP server "
    "is away."
)


def add_to(add: Add) -> None:
    """Tell the command line of it."""
    one = add("tools", tools, epilog=_TOOLS)
    one.add_argument("name", nargs="?", metavar="NAME", help="run this one")
    one.add_argument(
        "arguments", nargs="?", metavar="JSON", default="{}", help="its arguments ({})"
    )
    add_config(one)
    one.add_argument(
        "--yes", action="store_true", help="do not ask, whatever it wants confirmed"
    )


def tools(args: argparse.Namespace) -> int:
    """List the tools that the model may call, or run one."""
    import asyncio

    from edgevoice.daemon.toolbench import list_tools, run_tool

    settings = config.load(config.find(args.config))
    if args.name is None:
        return EX_OK if asyncio.run(list_tools(settings, print)) else EX_FAILED
    arguments = _object(args.arguments)

    def agrees() -> bool:
        return args.yes or _asked(f"run {args.name} {args.arguments}?")

    def tell(result: dict[str, Any]) -> None:
        print(json.dumps(result, ensure_ascii=False), flush=True)

    worked = asyncio.run(run_tool(settings, args.name, arguments, agrees, tell))
    return EX_OK if worked else EX_FAILED


def _object(text: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, dict):
            return value
    raise UsageError(
        f"tools: JSON must be an object, as '{{\"level\": 3}}', not {text!r}"
    )


def _asked(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("tools: it wants to be confirmed, and nobody is here: --yes")
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
