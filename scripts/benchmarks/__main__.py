"""See scripts/bench, which runs it."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import growth, idle, report, silence, soak, starts, talks, turns
from benchmarks.bench import Bench, Results
from benchmarks.drawing import draw
from benchmarks.goals import GOALS
from benchmarks.server import Servers

PARTS: Final[Mapping[str, Callable[[Bench], None]]] = {
    "start": starts.measure,
    "turn": turns.measure,
    "silence": silence.measure,
    "idle": idle.measure,
    "talk": talks.measure,
    "growth": growth.measure,
    "soak": soak.measure,
}
"""What there is to measure, in this order."""

TOGETHER: Final = ("growth", "soak")
"""Parts that measure CPU time and memory, and nothing that the other could disturb."""


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--edgevoice", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=Path("build/bench"), metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, metavar="NAME", help=", ".join(PARTS)
    )
    args = parser.parse_args()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=args.out).close()
    except OSError as error:  # not only after twenty minutes
        reason = error.strerror or error
        parser.error(f"cannot write to {args.out} ({reason}): name another --out")
    with tempfile.TemporaryDirectory() as name, Servers(Path(name)) as servers:
        bench = Bench(Path(name), args.edgevoice, servers, quick=args.quick)
        try:
            run(bench, args.only or PARTS)
        except TimeoutError as error:
            say(f"{error}; is this machine busy, or 127.0.0.1 down (`ip link`)?")
            return 1
    tell(bench.results)
    write(bench.results, args.out / "bench.json")
    if bench.results.curves:
        draw(bench.results, args.out / "bench.svg")
    return 0


def run(bench: Bench, names: Iterable[str]) -> None:
    """Measure these parts: one after the other, then together those that may be."""
    for name in PARTS:
        if name in names and name not in TOGETHER:
            say(f"measuring {name}")
            PARTS[name](bench)
    together = [name for name in TOGETHER if name in names]
    if together:
        say(f"measuring {', '.join(together)}")
        with ThreadPoolExecutor(len(together)) as pool:
            list(pool.map(lambda name: PARTS[name](bench), together))


def say(words: str) -> None:
    print(f"bench: {time.strftime('%H:%M:%S')} {words}", file=sys.stderr)


def tell(results: Results) -> None:
    """Print the tables."""
    print("A: google-genai (sdk), at 20 ms unless told; B: plain websockets (raw)")
    print(*report.columns(report.verdicts(results.goals)), sep="\n")
    print("", *report.columns(report.figures(results.figures)), sep="\n")
    if results.fits:
        print("", *report.columns(report.growth(results.fits)), sep="\n")


def write(results: Results, path: Path) -> None:
    """All of it, for who compares runs."""
    machine = {"cpus": os.cpu_count(), "python": platform.python_version()}
    verdicts = {
        name: goal.verdict(results.goals.get(name)) for name, goal in GOALS.items()
    }
    everything = {"machine": machine, "verdicts": verdicts, "results": results}
    path.write_bytes(msgspec.json.format(msgspec.json.encode(everything)))
    say(f"wrote {path}")


if __name__ == "__main__":
    sys.exit(main())
