"""Counts the instructions of the work that is done all the time, and judges them.

Seconds depend on the machine's mood; instructions do not (callgrind counts them). They
depend on Python's version and how it was built, so what is judged is the ratio to a
yardstick of plain Python, counted in the same way: see ``micro_work``.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks.micro_work import WORKS, YARDSTICK

TIMES: Final = 200
"""How often a work is done when it is counted."""

LIMITS: Final[Mapping[str, float]] = {
    "encode": 0.35,
    "decode": 0.5,
    "capture": 0.22,
    "listen": 0.05,
    "playout": 0.7,
    "quiet": 0.05,
    "resample": 0.45,
    "turn": 30.0,
}
"""What each may cost at the most, in yardsticks."""


def main() -> int:
    """Count, print, and say with the exit status whether a limit is broken."""
    counts = count()
    yard = counts.pop(YARDSTICK)
    print(f"{'work':10}{'instructions':>14}{'yardsticks':>12}{'limit':>8}")
    print(f"{YARDSTICK:10}{yard:>14,.0f}{1.0:>12.2f}")
    broken = []
    for name, number in counts.items():
        ratio = number / yard
        print(f"{name:10}{number:>14,.0f}{ratio:>12.2f}{LIMITS[name]:>8.2f}")
        if ratio > LIMITS[name]:
            broken.append(f"{name} costs {ratio:.2f} yardsticks, not {LIMITS[name]}")
    for line in broken:
        print(line, file=sys.stderr)
    return 1 if broken else 0


def count() -> dict[str, float]:
    """Instructions of each work, done once: what more of them takes more."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        few = {name: pool.submit(_instructions, name, 0) for name in WORKS}
        many = {name: pool.submit(_instructions, name, TIMES) for name in WORKS}
        return {
            name: (many[name].result() - few[name].result()) / TIMES for name in WORKS
        }


def _instructions(name: str, times: int) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [sys.executable, "-m", "benchmarks.micro_work", name, str(times)]
    # Hashes and numpy's threads would make each run another one.
    environ = os.environ | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or found is None:
        raise SystemExit(f"callgrind failed:\n{done.stderr}")
    return int(found[1])


if __name__ == "__main__":
    sys.exit(main())
