"""``edgevoice usage``: the daemon is asked, or else its file is read."""

import argparse
import json
import os
from pathlib import Path
from typing import Any, Final

from edgevoice import config
from edgevoice.commands.complaints import UsageError
from edgevoice.commands.control import ask
from edgevoice.commands.options import Add, add_socket, number
from edgevoice.commands.output import shows, write
from edgevoice.errors import EX_OK, NoDaemon

SYSTEM_STATE: Final = Path("/var/lib/edgevoice")


def add_to(add: Add) -> None:
    """Tell the command line of it."""
    one = add("usage", usage)
    one.add_argument("--json", action="store_true", help="for programs")
    one.add_argument(
        "--days",
        type=number(400, least=1),
        metavar="N",
        default=30,
        help="how many days, today included (30)",
    )
    one.add_argument(
        "--plot", metavar="WHERE", help="draw them: a file NAME.svg, or `terminal`"
    )
    add_socket(one)


def usage(args: argparse.Namespace) -> int:
    """Show what each day came to, in tokens and money."""
    from datetime import date

    from edgevoice import days

    if args.plot and args.plot != "terminal" and not args.plot.endswith(".svg"):
        raise UsageError("usage --plot: name a file that ends in .svg, or `terminal`")
    try:
        found = ask(args)
    except NoDaemon:
        kept = _days_on_disk()
        if kept is None:
            raise
        found = kept
    today, currency = date.fromisoformat(found["today"]), found["currency"]
    rows = days.rows_of(found["days"], today, args.days)
    note = "estimated: set [prices], the model's own are not known"
    if args.json:
        shown = {str(row[0]) for row in rows}
        some = {name: day for name, day in found["days"].items() if name in shown}
        print(json.dumps({**found, "days": some}, indent=2))
    elif args.plot == "terminal":
        print(days.bars(rows, currency, unicode=shows("█")))
    elif args.plot:
        write(Path(args.plot), days.picture(rows, currency))
    else:
        print(days.table(rows, currency, note if found["estimate"] else ""))
    return EX_OK


def _days_on_disk() -> dict[str, Any] | None:
    """What the daemon would say, if its file can be read."""
    from edgevoice.daemon.ledgerfile import FILE_NAME, LedgerFile
    from edgevoice.daemon.purse import Purse

    for directory in (config.state_directory(), SYSTEM_STATE):
        if os.access(directory / FILE_NAME, os.R_OK):
            settings = config.load(config.find(None))
            return Purse(settings, LedgerFile(directory)).days()
    return None
