"""Ten thousand turns of one daemon: what each costs, and whether anything grows."""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.daemon import Edgevoice
from benchmarks.figures import fit
from benchmarks.processes import MB

SETTINGS: Final = """\
button.tap_ms = 0
microphone.pre_roll_ms = 20
microphone.tail_ms = 0
live.session.idle_reset_minutes = 0
"""
ANSWER_S: Final = 0.02
SETTLED: Final = 200
"""Turns after which nothing may grow any more."""
POINTS: Final = (1, 3, 10, 30, 100, 200, 300, 1000, 3000, 10_000)
"""Turns after which the cost is looked at."""


def measure(bench: Bench) -> None:
    """All turns, as quickly as they can be taken."""
    turns = 1000 if bench.quick else POINTS[-1]
    program = bench.edgevoice(SETTINGS, pace=0)
    try:
        program.is_ready()
        program.watch()
        program.server.measured.seconds = ANSWER_S
        start, began = processes.cpu(program.pid), time.monotonic()
        costs: dict[int, Cost] = {}
        for number in range(1, turns + 1):
            _turn(program, number)
            if number in POINTS:
                costs[number] = _cost(program.pid)
        took = time.monotonic() - began
    finally:
        bench.end([program])
    last, settled = costs[turns], costs[SETTLED]
    grown = {
        "soak_memory": last.rss - settled.rss,
        "soak_descriptors": last.descriptors - settled.descriptors,
        "soak_threads": last.threads - settled.threads,
    }
    if turns == POINTS[-1]:  # fewer prove nothing
        bench.results.goals |= grown
    bench.results.raw["grown"] = grown
    bench.results.raw["outcomes"] = Counter(turn["outcome"] for turn in program.turns)
    bench.results.figures["turns of the long run"] = turns
    bench.results.figures["a turn of the long run takes, ms"] = took / turns * 1000
    bench.results.figures["RSS growth of the long run, MB"] = grown["soak_memory"]
    _draw(bench, start, costs)


@dataclass(frozen=True)
class Cost:
    """What a daemon has used by now: CPU in seconds, memory in MB."""

    cpu: float
    rss: float
    descriptors: int
    threads: int


def _cost(pid: int) -> Cost:
    return Cost(
        processes.cpu(pid),
        processes.memory(pid).rss / MB,
        processes.descriptors(pid),
        processes.threads(pid),
    )


def _turn(program: Edgevoice, number: int) -> None:
    """The shortest turn there is."""
    program.send("press")
    program.send("release")
    program.wait(lambda: program.told >= number and program.phase == "idle")


def _draw(bench: Bench, start: float, costs: dict[int, Cost]) -> None:
    cpu = [(float(turn), cost.cpu - start) for turn, cost in costs.items()]
    rss = [(float(turn), cost.rss) for turn, cost in costs.items()]
    for name, curve in (("CPU, s", cpu), ("RSS, MB", rss)):
        bench.results.curves[f"{name}, against turns"] = curve
        bench.results.fits[f"{name}, against turns"] = fit(curve)
