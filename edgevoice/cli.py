"""The command line: all commands, their overview, and what an error exits with."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from edgevoice import __version__
from edgevoice.commands import (
    appliance,
    daemon,
    doctor,
    machine,
    setup,
    tools,
    turns,
    usage,
)
from edgevoice.commands.complaints import UsageError, complain
from edgevoice.daemon.client import NoDaemon
from edgevoice.errors import (
    EX_CONFIG,
    EX_FAILED,
    EX_NO_DAEMON,
    EX_OK,
    EX_USAGE,
    ConfigError,
    CredentialError,
    EdgeVoiceError,
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
_ENDED_BY_CTRL_C: Final = frozenset({"simulator", "watch"})


def _parser() -> argparse.ArgumentParser:
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

    for part in (appliance, machine, setup, tools, doctor, daemon, turns, usage):
        part.add_to(add)
    parser.description = "Hold the button, speak, hear the answer.\n\n" + _overview(
        known.choices
    )
    parser.epilog = "Each command explains itself: edgevoice COMMAND --help"
    return parser


def _overview(parsers: dict[str, argparse.ArgumentParser]) -> str:
    lines: list[str] = []
    for title, names in _GROUPS.items():
        lines.append(f"{title}:")
        for name in names:
            summary = parsers[name].get_default("summary").splitlines()[0]
            lines.append(f"  {name:<10}{summary.rstrip('.')}")
        lines.append("")
    return "\n".join(lines).rstrip()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status of the process."""
    args = _parser().parse_args(argv)
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
