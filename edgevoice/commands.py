"""The commands: a few lines each that call the part that does it.

Each takes the parsed command line and returns the exit status; cli.py has the words of
that line.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgevoice import config
from edgevoice.daemon.client import Client, NoDaemon
from edgevoice.errors import (
    EX_FAILED,
    EX_OK,
    ConfigError,
    CredentialError,
    DeviceError,
    EdgeVoiceError,
    PictureError,
)

if TYPE_CHECKING:
    from edgevoice.audio.names import DeviceInfo, Direction
    from edgevoice.doctor.finding import Finding

# -- the appliance -------------------------------------------------------------


def run(args: argparse.Namespace) -> int:
    """Run the daemon in the foreground: what systemd starts."""
    from edgevoice.daemon import logs, supervisor, toolbox
    from edgevoice.daemon.service import run_service

    path = config.find(args.config)

    def read() -> tuple[config.Configuration, str]:
        # The same file for good; where there was none, one may have been made.
        settings = config.load(path or config.find(None))
        toolbox.check(settings)
        return settings, config.credential(settings.live)

    try:
        settings, credential = read()
    except (ConfigError, CredentialError) as error:
        supervisor.notify(STATUS=str(error).splitlines()[0])  # stays when we are gone
        raise
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


# -- looking at the machine ----------------------------------------------------


def check(args: argparse.Namespace) -> int:
    """Read the settings and say whether they are good."""
    path = config.find(args.config)
    settings = config.load(path)
    mistakes = [*_unusable_files(settings)]
    if mistakes:
        raise ConfigError(*(f"{path}: {mistake}" for mistake in mistakes))
    print(f"{path}: ok" if path else "no settings file: the defaults are used: ok")
    if settings.live.key_file and config.fetches_tokens(settings.live):
        print("live.key_file: does not count, since tokens are fetched")
    return EX_OK


def _unusable_files(settings: config.Configuration) -> Iterator[str]:
    """What is wrong with the files that the settings name."""
    from edgevoice.daemon import toolbox

    yield from toolbox.unusable(settings)
    live = settings.live
    if live.key_file and not config.fetches_tokens(live):
        try:
            config.credential(live, {})
        except CredentialError as error:
            yield f"live.key_file: {error}"
    if live.token_secret_file:
        try:
            config.token_secret(live.token_secret_file)
        except CredentialError as error:
            yield f"live.token_secret_file: {error}"
    if live.token_command and shutil.which(live.token_command[0]) is None:
        yield "live.token_command: there is no such program"
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
        result = complain(error, EX_FAILED)
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


def tools(args: argparse.Namespace) -> int:
    """List the tools that the model may call, or run one."""
    import asyncio

    from edgevoice.daemon.toolbench import list_tools, run_tool

    settings = config.load(config.find(args.config))
    if args.name is None:
        asyncio.run(list_tools(settings, print))
        return EX_OK
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


def setup(args: argparse.Namespace) -> int:
    """Ask for key, microphone, speaker, button and lamp, try each, and write them."""
    from edgevoice.setup.flow import set_up
    from edgevoice.setup.given import Given

    values = {
        key: value
        for key in GIVEN
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


GIVEN: Final = {
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


def look(args: argparse.Namespace) -> int:
    """Show the model a picture with the next turn: a file, or what the camera sees."""
    arguments = {"picture": _small(args.picture)} if args.picture else {}
    with Client(_socket(args), LOOK_TIMEOUT_S) as client:
        client.ask("look", **arguments)
    return EX_OK


LOOK_TIMEOUT_S: Final = 40.0
"""Longest wait for a camera, seconds: longer than its time-out may be."""


def _small(file: str) -> str:
    """A picture as the daemon takes it, which could not read the file itself."""
    import base64

    from edgevoice.jpeg import prepare

    try:
        return base64.b64encode(prepare(Path(file).read_bytes())).decode()
    except OSError as error:
        raise PictureError(f"{file}: {error.strerror}") from None
    except PictureError as error:
        raise PictureError(f"{file}: {error}") from None


def note(args: argparse.Namespace) -> int:
    """Let the model know something, without an answer."""
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
    except NoDaemon as error:
        settings = config.load(config.find(None))  # a mistake may hide its socket
        if settings.control.socket:
            cure = "if `socket` in [control] is new, restart edgevoice instead"
            raise type(error)(f"{error}; {cure}") from None
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


def complain(error: Exception, status: int) -> int:
    """Say what is wrong, a line each, on stderr; returns the status."""
    from edgevoice.daemon.logs import leads_to_the_journal

    # The level, for `journalctl -p err`; see sd-daemon(3).
    level = "<3>" if leads_to_the_journal() else ""
    for line in str(error).splitlines():
        print(f"{level}edgevoice: {line}", file=sys.stderr)
    return status
