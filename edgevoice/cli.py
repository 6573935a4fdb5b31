"""The command line: all commands, their overview, and what an error exits with."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from edgevoice import __version__
from edgevoice.commands.complaints import UsageError, complain
from edgevoice.errors import (
    EX_CONFIG,
    EX_FAILED,
    EX_NO_DAEMON,
    EX_OK,
    EX_USAGE,
    ConfigError,
    CredentialError,
    EdgeVoiceError,
    NoDaemon,
)

Command: TypeAlias = Callable[[argparse.Namespace], int]

_GROUPS: Final = {
    "The appliance": ("run", "talk", "simulator"),
    "This machine": ("setup", "check", "devices", "tools", "doctor"),
    "The running daemon": (
        "press",
        "release",
        "tap",
        "say",
        "look",
        "note",
        "stop",
        "new",
        "mute",
        "unmute",
        "volume",
        "reload",
        "status",
        "turns",
        "usage",
        "watch",
    ),
}
_FILES: Final = {
    "appliance": ("run", "talk", "simulator"),
    "machine": ("check", "devices"),
    "setup": ("setup",),
    "tools": ("tools",),
    "doctor": ("doctor",),
    "turns": ("turns",),
    "usage": ("usage",),
}
"""The file in ``commands`` of each command; all others are in ``daemon``."""
_ENDED_BY_CTRL_C: Final = frozenset({"simulator", "watch"})


def _files(command: str | None) -> list[str]:
    """The files that are loaded: that of the command, or all if it is none."""
    if not any(command in names for names in _GROUPS.values()):
        return [*_FILES, "daemon"]
    return [next((name for name in _FILES if command in _FILES[name]), "daemon")]


def _parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser of one command; with None or an unknown one, that of all."""
    parser = argparse.ArgumentParser(
        prog="edgevoice",
        usage="edgevoice COMMAND [OPTION ...]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    known = parser.add_subparsers(
        prog="edgevoice",
        dest="command",
        metavar="COMMAND",
        required=True,
        help=argparse.SUPPRESS,
    )

    def add(
        name: str, function: Command, text: str = "", **options: Any
    ) -> argparse.ArgumentParser:
        text = text or (function.__doc__ or "").strip()
        one = known.add_parser(name, description=text, **options)
        one.set_defaults(function=function, summary=text)
        return one

    for file in _files(command):
        importlib.import_module(f"edgevoice.commands.{file}").add_to(add)
    parser.description = _overview(known.choices)
    parser.epilog = "Each command explains itself: edgevoice COMMAND --help"
    return parser


def _overview(parsers: dict[str, argparse.ArgumentParser]) -> str:
    lines = ["Hold the button, speak, hear the answer.", ""]
    for title, names in _GROUPS.items():
        lines.append(f"{title}:")
        for name in filter(parsers.__contains__, names):
            summary = parsers[name].get_default("summary").splitlines()[0]
            lines.append(f"  {name:<10}{summary.rstrip('.')}")
        lines.append("")
    return "\n".join(lines).rstrip()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status of the process."""
    argv = sys.argv[1:] if argv is None else argv
    args = _parser(argv[0] if argv else None).parse_args(argv)
    function: Command = args.function
    try:
        status = function(args)
        sys.stdout.flush()  # here, where a reader that has left is no traceback
    except (ConfigError, CredentialError) as error:
        return complain(error, EX_CONFIG)
    except UsageError as error:
        return complain(error, EX_USAGE)
    except NoDaemon as error:
        return complain(error, EX_NO_DAEMON)
    except EdgeVoiceError as error:
        return complain(error, EX_FAILED)
    except KeyboardInterrupt:
        return EX_OK if args.command in _ENDED_BY_CTRL_C else EX_FAILED
    except BrokenPipeError:  # `edgevoice watch | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EX_FAILED
    return status
