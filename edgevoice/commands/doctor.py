"""``edgevoice doctor``."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgevoice import config
from edgevoice.commands.control import socket_of
from edgevoice.commands.options import Add, add_config, add_socket
from edgevoice.errors import EX_FAILED, EX_OK

if TYPE_CHECKING:
    from edgevoice.doctor.finding import Finding

_DOCTOR: Final = (
    "At a terminal it asks you to speak, to press the button, to look at the lamp, and "
    "whether the camera may take a picture. "
    "It plays a tone, no louder than the volume in the settings. A running daemon is "
    "asked and left alone: stop it to have its devices tried too. Root sees more. "
    "Exit status 1: something is wrong."
)


def add_to(add: Add) -> None:
    """Tell the command line of it."""
    one = add("doctor", doctor, epilog=_DOCTOR)
    add_config(one)
    add_socket(one)
    one.add_argument("--json", action="store_true", help="a list, for programs")
    one.add_argument(
        "--no-questions", action="store_true", help="nobody is there to press and look"
    )
    one.add_argument(
        "--bundle", metavar="FILE.tar.gz", help="write a report to be passed on"
    )


def doctor(args: argparse.Namespace) -> int:
    """Try every part once, and say what is wrong and how to mend it."""
    from edgevoice.doctor.examination import Circumstances, examine
    from edgevoice.doctor.finding import State
    from edgevoice.doctor.person import somebody
    from edgevoice.doctor.report import as_json, describe, summary

    person = None if args.json or args.no_questions else somebody()
    path = config.find(args.config)
    findings: list[Finding] = []
    for finding in examine(Circumstances(path, socket_of(args), person)):
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
