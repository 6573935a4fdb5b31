"""What a turn costs as it grows: with the length of the question and of the answer.

Each point is a daemon of its own, and all of them run side by side: CPU time is
measured, and no other.
"""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.daemon import Edgevoice
from benchmarks.figures import fit
from benchmarks.processes import MB

QUESTIONS_S: Final = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0)
ANSWERS_S: Final = (1.0, 5.0, 30.0, 60.0, 150.0, 300.0)
SHORT_S: Final = 1.0
"""Length of what is not varied."""
SETTINGS: Final = "button.max_hold_s = 300\n"
QUICK: Final = 4
"""Points of a quick run."""


def measure(bench: Bench) -> None:
    """Both curves."""
    count = QUICK if bench.quick else None
    turns = [(length, SHORT_S) for length in QUESTIONS_S[:count]]
    turns += [(SHORT_S, length) for length in ANSWERS_S[:count]]
    programs = [bench.edgevoice(SETTINGS) for _ in turns]
    try:
        with ThreadPoolExecutor(len(turns)) as together:
            costs = list(together.map(_turn, programs, turns))
    finally:
        bench.end([*programs])
    half = len(turns) // 2
    for name, part in (("question", slice(half)), ("answer", slice(half, None))):
        lengths = [turn[name == "answer"] for turn in turns[part]]
        _draw(bench, name, lengths, costs[part])


def _turn(program: Edgevoice, turn: tuple[float, float]) -> tuple[float, float]:
    """CPU seconds of the turn, and the most memory up to its end, MB."""
    question, answer = turn
    program.is_ready()
    program.watch()
    program.server.measured.seconds = answer
    before = processes.cpu(program.pid)
    program.press()
    time.sleep(question)
    program.release()
    time.sleep(answer)
    program.wait(lambda: program.told and program.phase == "idle")
    cost = processes.cpu(program.pid) - before
    return cost, processes.memory(program.pid).peak / MB


def _draw(
    bench: Bench,
    name: str,
    lengths: Iterable[float],
    costs: Iterable[tuple[float, float]],
) -> None:
    """Add the two curves of one length."""
    points = list(zip(lengths, costs, strict=True))
    for index, what in enumerate(("CPU, s", "highest RSS, MB")):
        curve = [(length, cost[index]) for length, cost in points]
        bench.results.curves[f"{what}, against the {name}, s"] = curve
        bench.results.fits[f"{what}, against the {name}, s"] = fit(curve)
