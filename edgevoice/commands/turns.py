"""``edgevoice turns``: where the time of the last turns went."""

import argparse
import json
from pathlib import Path

from edgevoice.commands.complaints import UsageError
from edgevoice.commands.control import ask
from edgevoice.commands.options import Add, add_socket, number
from edgevoice.commands.output import shows, write
from edgevoice.errors import EX_OK


def add_to(add: Add) -> None:
    """Tell the command line of it."""
    one = add("turns", turns)
    one.add_argument(
        "-n",
        type=number(100, least=1),
        metavar="N",
        default=20,
        dest="count",
        help="how many turns, 100 at most (20)",
    )
    one.add_argument("--json", action="store_true", help="for programs")
    one.add_argument("--svg", metavar="FILE", help="draw them: a file NAME.svg")
    add_socket(one)


def turns(args: argparse.Namespace) -> int:
    """Show where the time of the last turns went, from the release to the answer."""
    from edgevoice import waterfall, waterfall_svg

    if args.svg and not args.svg.endswith(".svg"):
        raise UsageError("turns --svg: name a file that ends in .svg")
    found = ask(args)
    some, latency = found["turns"][-args.count :], found["latency"]
    if args.svg:
        write(Path(args.svg), waterfall_svg.picture(some, latency))
    if args.json:
        print(json.dumps({"turns": some, "latency": latency}, indent=2))
    elif not args.svg:
        unicode = shows("".join(stage.unicode for stage in waterfall.STAGES.values()))
        print(waterfall.text(some, latency, unicode=unicode))
    return EX_OK
