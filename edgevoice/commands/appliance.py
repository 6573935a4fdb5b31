"""The appliance itself: ``run``, ``talk``, ``simulator``."""

import argparse
import contextlib
import gc
from collections.abc import Iterator
from typing import Any

from edgevoice import config
from edgevoice.commands.options import Add, add_config, number
from edgevoice.errors import EX_OK, ConfigError, CredentialError


def add_to(add: Add) -> None:
    """Tell the command line of them."""
    here = add("talk", talk)
    for one in (add("run", run), here):
        add_config(one)
        one.add_argument("--verbose", action="store_true", help="log more")
    here.add_argument(
        "--simulate", action="store_true", help="use the built-in simulator"
    )
    _add_simulator(add)


def run(args: argparse.Namespace) -> int:
    """Run the daemon in the foreground: what systemd starts."""
    with _kept():
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


@contextlib.contextmanager
def _kept() -> Iterator[None]:
    """What is imported here is there for good: the collector never looks at it.

    Looking costs a twentieth of the start, and later a pause each time.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


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


def _add_simulator(add: Add) -> None:
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
        type=number(65535),
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
        type=number(999_999_999),
        metavar="N",
        default=0,
        help="of the chances that behaviours take (0)",
    )


class _Manual(argparse.Action):
    """The simulator's --help: the usual, and the manual of its faults below."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it and end the program."""
        from edgevoice.simulator.manual import manual

        parser.epilog = manual()
        parser.print_help()
        parser.exit()
