"""The commands: a few lines each that call the part that does it."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edgevoice import __version__, config
from edgevoice.daemon.client import Client, NoDaemon
from edgevoice.errors import (
    EX_CONFIG,
    EX_FAILED,
    EX_NO_DAEMON,
    EX_OK,
    EX_USAGE,
    ConfigError,
    CredentialError,
    DeviceError,
    EdgeVoiceError,
)

if TYPE_CHECKING:
    from edgevoice.audio.names import DeviceInfo, Direction
    from edgevoice.doctor.finding import Finding

Command: TypeAlias = Callable[[argparse.Namespace], int]

# -- the appliance -------------------------------------------------------------


def run(args: argparse.Namespace) -> int:
    """Run the daemon in the foreground: what systemd starts."""
    from edgevoice.daemon import logs
    from edgevoice.daemon.service import run_service

    path = config.find(args.config)

    def read() -> tuple[config.Configuration, str]:
        # The same file for good; where there was none, one may have been made.
        settings = config.load(path or config.find(None))
        return settings, config.credential(settings.live)

    settings, credential = read()
    logs.keep_stderr()
    logs.set_up(verbose=args.verbose)
    run_service(settings, credential, read)
    return EX_OK


def talk(args: argparse.Namespace) -> int:
    """Talk on a laptop: the space bar instead of a button, captions on the screen."""
    from edgevoice.daemon.talk import run_talk

    settings = config.load(config.find(args.config))
    credential: str | None = None
    if not args.simulate:
        try:
            credential = config.credential(settings.live)
        except CredentialError as error:
            print(f"edgevoice: {error}; talking to the built-in simulator")
    run_talk(settings, credential, verbose=args.verbose)
    return EX_OK


def simulator(args: argparse.Namespace) -> int:
    """Run a local server that speaks the Live API."""
    import asyncio

    from edgevoice.simulator.service import serve

    asyncio.run(serve(args.host, args.port, args.behaviour or ["echo"], args.seed))
    return EX_OK


class _Manual(argparse.Action):
    """The simulator's --help: the usual, and the manual of its faults below."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it and end the program."""
        from edgevoice.simulator.manual import manual

        parser.epilog = manual()
        parser.print_help()
        parser.exit()


# -- looking at the machine ----------------------------------------------------


def check(args: argparse.Namespace) -> int:
    """Read the settings and say whether they are good."""
    path = config.find(args.config)
    settings = config.load(path)
    mistakes = [*_unusable_files(settings)]
    if mistakes:
        raise ConfigError(*(f"{path}: {mistake}" for mistake in mistakes))
    print(f"{path}: ok" if path else "no settings file: the defaults are used: ok")
    return EX_OK


def _unusable_files(settings: config.Configuration) -> Iterator[str]:
    """What is wrong with the files that the settings name."""
    if settings.live.key_file:
        try:
            config.credential(settings.live, {})
        except CredentialError as error:
            yield f"live.key_file: {error}"
    device = settings.microphone.device
    if device.startswith("file:"):
        from edgevoice.audio.wavefile import read

        try:
            read(device.removeprefix("file:"))
        except DeviceError as error:
            yield f"microphone.device: {error}"


def devices(_: argparse.Namespace) -> int:
    """List microphones, speakers and GPIO chips with the names that settings take."""
    from edgevoice.audio.devices import list_devices

    result = EX_OK
    found: list[DeviceInfo] = []
    try:
        found = list_devices()
    except DeviceError as error:  # the chips are still worth a look
        result = _complain(error, EX_FAILED)
    _print_cards("microphone", "input", found)
    _print_cards("speaker", "output", found)
    for chip in sorted(map(str, Path("/dev").glob("gpiochip*"))) or ["none"]:
        print(f"{'gpio chip':<12}{chip}")
    return result


def _print_cards(kind: str, direction: "Direction", found: "list[DeviceInfo]") -> None:
    from edgevoice.audio.names import forbidden

    cards = [card for card in found if card.channels(direction)]
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        default = ", the default" if direction in card.default_for else ""
        print(f"{kind:<12}{card.name:<{width}}  {card.description}{default}")
    if not cards:
        print(f"{kind:<12}{forbidden() or 'none'}")


def setup(args: argparse.Namespace) -> int:
    """Ask for key, microphone, speaker, button and lamp, try each, and write them."""
    from edgevoice.setup.flow import Given, set_up

    values = {
        key: value
        for key in _GIVEN
        if (value := getattr(args, ".".join(key))) is not None
    }
    given = Given(args.config, args.key_file, values, args.yes, not args.no_try)
    if args.yes and not given.something():
        raise UsageError("setup --yes: give what to change, such as --key-file FILE")
    if not args.yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "setup: there is no terminal to ask at; give --yes and what to change"
        )
    return set_up(given, root=os.geteuid() == 0)


_GIVEN: Final = {
    ("microphone", "device"): (
        "--microphone",
        "NAME",
        str,
        "as in `edgevoice devices`",
    ),
    ("speaker", "device"): ("--speaker", "NAME", str, "as in `edgevoice devices`"),
    ("speaker", "volume"): ("--volume", "N", int, "0 to 100"),
    ("button", "source"): ("--button", "SOURCE", str, "gpio, evdev:PATH or none"),
    ("button", "pin"): ("--pin", "N", int, "the button's GPIO number (BCM)"),
    ("indicator", "pin"): ("--led", "N", int, "the lamp's GPIO number; -1: no lamp"),
}
"""Options that set a key of the settings."""


class UsageError(EdgeVoiceError):
    """The command line asks for what cannot be done; exit 2, as argparse has it."""


def doctor(args: argparse.Namespace) -> int:
    """Try every part once, and say what is wrong and how to mend it."""
    from edgevoice.doctor.examination import Circumstances, examine
    from edgevoice.doctor.finding import State
    from edgevoice.doctor.person import somebody
    from edgevoice.doctor.report import as_json, describe, summary

    person = None if args.json or args.no_questions else somebody()
    path = config.find(args.config)
    findings: list[Finding] = []
    for finding in examine(Circumstances(path, _socket(args), person)):
        findings.append(finding)
        if not args.json:
            screen = sys.stdout
            colour = screen.isatty() and "NO_COLOR" not in os.environ
            print(
                describe(finding, colour=colour, encoding=screen.encoding), flush=True
            )
    print(json.dumps(as_json(findings), indent=2) if args.json else summary(findings))
    if args.bundle:
        print(_bundle(args.bundle, findings, path), file=sys.stderr)
    bad = any(finding.state is State.WRONG for finding in findings)
    return EX_FAILED if bad else EX_OK


def _bundle(file: str, findings: "list[Finding]", path: Path | None) -> str:
    """Write the report; a line that says what it holds."""
    from edgevoice.doctor import bundle
    from edgevoice.doctor.settings import check_key, check_settings

    settings, _ = check_settings(path)
    live = settings.live if settings else config.Live()
    secrets = [check_key(live, path)[0] or "", os.environ.get("GEMINI_API_KEY", "")]
    return bundle.write(Path(file), findings, settings, secrets, time.time())


# -- speaking to the daemon ----------------------------------------------------


def _ask(args: argparse.Namespace, **arguments: Any) -> dict[str, Any]:
    with Client(_socket(args)) as client:
        return client.ask(args.command, **arguments)


def _socket(args: argparse.Namespace) -> Path:
    named = args.socket or os.environ.get("EDGEVOICE_SOCKET")
    if named:
        return Path(named)
    try:
        named = getattr(args, "config", None)
        return _first_socket(config.load(config.find(named)))
    except ConfigError:
        return _first_socket(config.Configuration())


def _first_socket(settings: config.Configuration) -> Path:
    """The user's own daemon, or else the system's."""
    own = config.socket_path(settings.control)
    return SYSTEM_SOCKET if _is_there(SYSTEM_SOCKET) and not _is_there(own) else own


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # in a folder for members only: speaking to it will say so
        return True


SYSTEM_SOCKET: Final = Path("/run/edgevoice/control.sock")


def simple(args: argparse.Namespace) -> int:
    """Send a command that takes nothing and returns nothing."""
    _ask(args)
    return EX_OK


def say(args: argparse.Namespace) -> int:
    """Send a typed turn; the answer is spoken."""
    _ask(args, text=" ".join(args.text))
    return EX_OK


def volume(args: argparse.Namespace) -> int:
    """Show or set the loudness, 0 to 100."""
    reply = _ask(args, level=args.level)
    print(f"{reply['volume']}{' (muted)' if reply['muted'] else ''}")
    return EX_OK


def reload(args: argparse.Namespace) -> int:
    """Have the daemon read its settings again, and say what is new."""
    try:
        reply = _ask(args)
    except NoDaemon:
        config.load(config.find(None))  # a mistake may hide which socket it is
        raise
    print(f"new: {', '.join(reply['changed']) or 'nothing'}")
    if reply["waits"]:
        print("in force as soon as nobody speaks and no answer is heard")
    for key in reply["restart"]:
        print(f"{key}: takes a restart of edgevoice")
    return EX_OK


def status(args: argparse.Namespace) -> int:
    """Show the state, link, devices, last turn and tokens."""
    from edgevoice.report import describe

    reply = _ask(args)
    print(json.dumps(reply, indent=2) if args.json else describe(reply))
    return EX_OK


def watch(args: argparse.Namespace) -> int:
    """Follow what happens, one event a line, until Ctrl-C."""
    from edgevoice.report import describe_event

    with Client(_socket(args)) as client:
        for event in client.follow():
            line = json.dumps(event) if args.json else describe_event(event)
            print(line, flush=True)
    return EX_OK


# -- the command line ----------------------------------------------------------

_GROUPS: Final = {
    "The appliance": ("run", "talk", "simulator"),
    "This machine": ("setup", "check", "devices", "doctor"),
    "The running daemon": (
        "press",
        "release",
        "tap",
        "say",
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edgevoice",
        usage="edgevoice COMMAND [OPTION ...]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
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
        one = commands.add_parser(name, description=text, **options)
        one.set_defaults(function=function, summary=text)
        return one

    _add_appliance(add)
    _add_daemon(add)
    parser.description = "Hold the button, speak, hear the answer.\n\n" + _overview(
        commands.choices
    )
    parser.epilog = "Each command explains itself: edgevoice COMMAND --help"
    return parser


def _add_appliance(add: Callable[..., argparse.ArgumentParser]) -> None:
    for name, function in (("run", run), ("talk", talk), ("check", check)):
        one = add(name, function)
        one.add_argument("--config", metavar="FILE", help="settings (TOML)")
        if name != "check":
            one.add_argument("--verbose", action="store_true", help="log more")
        if name == "talk":
            one.add_argument(
                "--simulate", action="store_true", help="use the built-in simulator"
            )
    add("devices", devices)
    _add_setup(add)
    _add_doctor(add)
    _add_simulator(add)


_DOCTOR: Final = (
    "At a terminal it asks you to speak, to press the button and to look at the lamp. "
    "It plays a tone, no louder than the volume in the settings. A running daemon is "
    "asked and left alone: stop it to have its devices tried too. Root sees more. "
    "Exit status 1: something is wrong."
)


def _add_doctor(add: Callable[..., argparse.ArgumentParser]) -> None:
    one = add("doctor", doctor, epilog=_DOCTOR)
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
    one = add("setup", setup, epilog=_SETUP)
    one.add_argument("--config", metavar="FILE", help="settings to write (TOML)")
    one.add_argument(
        "--key-file",
        metavar="FILE",
        help="read the key from there; - is standard input",
    )
    for key, (option, metavar, kind, text) in _GIVEN.items():
        one.add_argument(
            option, dest=".".join(key), metavar=metavar, type=kind, help=text
        )
    one.add_argument("--yes", action="store_true", help="ask nothing")
    one.add_argument("--no-try", action="store_true", help="try nothing")


def _add_simulator(add: Callable[..., argparse.ArgumentParser]) -> None:
    lines = argparse.RawDescriptionHelpFormatter
    one = add("simulator", simulator, add_help=False, formatter_class=lines)
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
    parsers = {name: add(name, simple, text) for name, text in _SIMPLE.items()}
    parsers["say"] = add("say", say)
    parsers["say"].add_argument("text", nargs="+", metavar="TEXT")
    parsers["reload"] = add("reload", reload)
    parsers["volume"] = add("volume", volume)
    parsers["volume"].add_argument(
        "level",
        nargs="?",
        type=_number(100),
        metavar="N",
        help="0 to 100; none shows it",
    )
    for name, function in (("status", status), ("watch", watch)):
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


def _overview(commands: dict[str, argparse.ArgumentParser]) -> str:
    lines: list[str] = []
    for title, names in _GROUPS.items():
        lines.append(f"{title}:")
        for name in names:
            summary = commands[name].get_default("summary").splitlines()[0]
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
        return _complain(error, EX_CONFIG)
    except UsageError as error:
        return _complain(error, EX_USAGE)
    except NoDaemon as error:
        return _complain(error, EX_NO_DAEMON)
    except EdgeVoiceError as error:
        return _complain(error, EX_FAILED)
    except KeyboardInterrupt:
        return EX_OK if args.command in _ENDED_BY_CTRL_C else EX_FAILED
    except BrokenPipeError:  # `edgevoice watch | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EX_FAILED
    return status


def _complain(error: Exception, status: int) -> int:
    for line in str(error).splitlines():
        print(f"edgevoice: {line}", file=sys.stderr)
    return status
