"""``edgevoice setup``."""

import argparse
import os
import sys
from typing import Final

from edgevoice.commands.complaints import UsageError
from edgevoice.commands.options import Add

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

_SETUP: Final = (
    "As root for the system's service: settings in /etc/edgevoice, and the key in a "
    "file for root and the service alone. Otherwise for your own use, in "
    "~/.config/edgevoice. What is given is not asked for, and then nothing else is "
    "changed. Leaving it before the end changes nothing (exit status 1)."
)


def add_to(add: Add) -> None:
    """Tell the command line of it."""
    one = add("setup", setup, epilog=_SETUP)
    one.add_argument("--config", metavar="FILE", help="settings to write (TOML)")
    one.add_argument(
        "--key-file",
        metavar="FILE",
        help="read the key from there; - is standard input",
    )
    for key, (option, metavar, kind, text) in GIVEN.items():
        one.add_argument(
            option, dest=".".join(key), metavar=metavar, type=kind, help=text
        )
    one.add_argument("--yes", action="store_true", help="ask nothing")
    one.add_argument("--no-try", action="store_true", help="try nothing")


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
