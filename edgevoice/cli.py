"""The command line: which commands there are, and what each takes."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edgevoice import __version__, commands
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

if TYPE_CHECKING:
    pass

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
        "watch",
    ),
}
_SIMPLE: Final = {
    "press": "Hold the button down.",
    "release": "Let the button go.",
    "tap": "Tap the button: silence, or when all is silent the last answer again.",
    "stop": "Silence now.",
    "new": "Forget the conversation and start afresh.",
    "mute": "Keep the speaker silent.",
    "unmute": "Let the speaker be heard again.",
}


_ENDED_BY_CTRL_C: Final = frozenset({"simulator", "watch"})


class _Manual(argparse.Action):
    """The simulator's --help: the usual, and the manual of its faults below."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it and end the program."""
        from edgevoice.simulator.manual import manual

        parser.epilog = manual()
        parser.print_help()
        parser.exit()


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

    _add_appliance(add)
    _add_daemon(add)
    parser.description = "Hold the button, speak, hear the answer.\n\n" + _overview(
        known.choices
    )
    parser.epilog = "Each command explains itself: edgevoice COMMAND --help"
    return parser


def _add_appliance(add: Callable[..., argparse.ArgumentParser]) -> None:
    for name, function in (
        ("run", commands.run),
        ("talk", commands.talk),
        ("check", commands.check),
    ):
        one = add(name, function)
        one.add_argument("--config", metavar="FILE", help="settings (TOML)")
        if name != "check":
            one.add_argument("--verbose", action="store_true", help="log more")
        if name == "talk":
            one.add_argument(
                "--simulate", action="store_true", help="use the built-in simulator"
            )
    add("devices", commands.devices)
    _add_tools(add)
    _add_setup(add)
    _add_doctor(add)
    _add_simulator(add)


_TOOLS: Final = (
    "Without NAME it lists what the model may call, and where that comes from. "
    "With NAME it runs that one here, outside the daemon, as it would for the model, "
    "and prints each result as JSON. Exit status 1: it did not work."
)


def _add_tools(add: Callable[..., argparse.ArgumentParser]) -> None:
    one = add("tools", commands.tools, epilog=_TOOLS)
    one.add_argument("name", nargs="?", metavar="NAME", help="run this one")
    one.add_argument(
        "arguments", nargs="?", metavar="JSON", default="{}", help="its arguments ({})"
    )
    one.add_argument("--config", metavar="FILE", help="settings (TOML)")
    one.add_argument(
        "--yes", action="store_true", help="do not ask, whatever it wants confirmed"
    )


_DOCTOR: Final = (
    "At a terminal it asks you to speak, to press the button and to look at the lamp. "
    "It plays a tone, no louder than the volume in the settings. A running daemon is "
    "asked and left alone: stop it to have its devices tried too. Root sees more. "
    "Exit status 1: something is wrong."
)


def _add_doctor(add: Callable[..., argparse.ArgumentParser]) -> None:
    one = add("doctor", commands.doctor, epilog=_DOCTOR)
    one.add_argument("--config", metavar="FILE", help="settings (TOML)")
    one.add_argument("--socket", metavar="PATH", help="the daemon's control socket")
    one.add_argument("--json", action="store_true", help="a list, for programs")
    one.add_argument(
        "--no-questions", action="store_true", help="nobody is there to press and look"
    )
    one.add_argument(
        "--bundle", metavar="FILE.tar.gz", help="write a report to be passed on"
    )


_SETUP: Final = (
    "As root for the system's service: settings in /etc/edgevoice, and the key in a "
    "file for root and the service alone. Otherwise for your own use, in "
    "~/.config/edgevoice. What is given is not asked for, and then nothing else is "
    "changed. Leaving it before the end changes nothing (exit status 1)."
)


def _add_setup(add: Callable[..., argparse.ArgumentParser]) -> None:
    one = add("setup", commands.setup, epilog=_SETUP)
    one.add_argument("--config", metavar="FILE", help="settings to write (TOML)")
    one.add_argument(
        "--key-file",
        metavar="FILE",
        help="read the key from there; - is standard input",
    )
    for key, (option, metavar, kind, text) in commands.GIVEN.items():
        one.add_argument(
            option, dest=".".join(key), metavar=metavar, type=kind, help=text
        )
    one.add_argument("--yes", action="store_true", help="ask nothing")
    one.add_argument("--no-try", action="store_true", help="try nothing")


def _add_simulator(add: Callable[..., argparse.ArgumentParser]) -> None:
    lines = argparse.RawDescriptionHelpFormatter
    one = add("simulator", commands.simulator, add_help=False, formatter_class=lines)
    one.add_argument(
        "-h", "--help", nargs=0, action=_Manual, help="show this help message and exit"
    )
    one.add_argument(
        "--host", metavar="H", default="127.0.0.1", help="address (127.0.0.1)"
    )
    one.add_argument(
        "--port",
        type=_number(65535),
        metavar="P",
        default=9090,
        help="port (9090); 0 picks one",
    )
    one.add_argument(
        "--behaviour",
        metavar="NAME",
        action="append",
        help="how it behaves (echo); may be given several times",
    )
    one.add_argument(
        "--seed",
        type=_number(999_999_999),
        metavar="N",
        default=0,
        help="of the chances that behaviours take (0)",
    )


def _add_daemon(add: Callable[..., argparse.ArgumentParser]) -> None:
    parsers = {name: add(name, commands.simple, text) for name, text in _SIMPLE.items()}
    parsers["say"] = add("say", commands.say)
    parsers["say"].add_argument("text", nargs="+", metavar="TEXT")
    parsers["look"] = add("look", commands.look)
    parsers["look"].add_argument(
        "picture", nargs="?", metavar="FILE", help="JPEG or PNG; none: the camera"
    )
    parsers["note"] = add("note", commands.note)
    parsers["note"].add_argument("text", nargs="+", metavar="TEXT")
    parsers["reload"] = add("reload", commands.reload)
    parsers["volume"] = add("volume", commands.volume)
    parsers["volume"].add_argument(
        "level",
        nargs="?",
        type=_number(100),
        metavar="N",
        help="0 to 100; none shows it",
    )
    for name, function in (("status", commands.status), ("watch", commands.watch)):
        parsers[name] = add(name, function)
        parsers[name].add_argument("--json", action="store_true", help="for programs")
    for one in parsers.values():
        one.add_argument("--socket", metavar="PATH", help="the daemon's control socket")


def _number(largest: int) -> Callable[[str], int]:
    """A converter that takes whole numbers from 0 to ``largest``."""

    def convert(text: str) -> int:
        if text.isascii() and text.isdigit() and int(text[:9]) <= largest:
            return int(text)
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 to {largest}")

    return convert


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
        return commands.complain(error, EX_CONFIG)
    except commands.UsageError as error:
        return commands.complain(error, EX_USAGE)
    except NoDaemon as error:
        return commands.complain(error, EX_NO_DAEMON)
    except EdgeVoiceError as error:
        return commands.complain(error, EX_FAILED)
    except KeyboardInterrupt:
        return EX_OK if args.command in _ENDED_BY_CTRL_C else EX_FAILED
    except BrokenPipeError:  # `edgevoice watch | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EX_FAILED
    return status
