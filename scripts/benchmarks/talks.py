"""What a conversation costs: CPU of its minutes, memory after its turns.

All programs talk at the same time, each with a server of its own, and all do the same:
so every round is fair whatever else the machine does.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from benchmarks import processes
from benchmarks.bench import HZ, SAMPLE_BLOCK, SHORT_BLOCK, Bench
from benchmarks.card import everything_on
from benchmarks.figures import ratio
from benchmarks.processes import MB
from benchmarks.programs import Program

SIDE_S: Final = 5.0
"""How long each side speaks in a turn whose CPU counts."""
PAUSE_S: Final = 1.0
"""Beside that, a turn has the server's 0.3 s, and the end of what is played."""
TURNS: Final = 20
SHORT_S: Final = 0.5
"""The same for the turns that only fill memory."""
Rounds: TypeAlias = dict[str, list[float]]
"""A value for each round, by program."""

SPREAD_S: Final = 0.13
"""From one program's press to the next one's."""


def measure(bench: Bench) -> None:
    """Rounds of talk, every program in each."""
    cpu: Rounds = defaultdict(list)
    rss: Rounds = defaultdict(list)
    block = _block_of_ours(bench)
    with everything_on(bench) as all_on:
        for _ in range(1 if bench.quick else 3):
            programs = {name: make() for name, make in _makers(bench, block).items()}
            programs["edgevoice, all on"] = all_on()
            try:
                _talk(programs, 6 if not bench.quick else 3, cpu)
                for name, program in programs.items():
                    rss[name].append(processes.memory(program.pid).rss / MB)
            finally:
                bench.end(list(programs.values()))
    bench.results.raw |= {"cpu_s_per_minute": cpu, "rss_mb": rss}
    bench.results.figures["message of sound, edgevoice, ms"] = block / HZ * 1000
    _judge(bench, cpu, rss)


def _makers(bench: Bench, block: int) -> dict[str, Callable[[], Program]]:
    makers: dict[str, Callable[[], Program]] = {"edgevoice": bench.edgevoice}
    for kind in ("sdk", "raw"):
        for name, frames in {
            "20 ms": SHORT_BLOCK,
            "64 ms": SAMPLE_BLOCK,
            "as edgevoice": block,
        }.items():
            makers[f"{kind}, {name}"] = partial(bench.peer, f"peer_{kind}", frames)
    return makers


def _block_of_ours(bench: Bench) -> int:
    """Frames in most of edgevoice's messages at its defaults."""
    program = bench.edgevoice()
    try:
        program.is_ready()
        pressed = program.press()
        time.sleep(2.0)
        program.release()
        program.server.until("answered", pressed)
    finally:
        bench.end([program])
    return int(statistics.median(program.server.measured.sizes)) // 2


def _talk(programs: dict[str, Program], turns: int, cpu: Rounds) -> None:
    """All turns of a round; adds CPU seconds per minute of talk."""
    everybody = list(programs.values())
    for program in everybody:
        program.is_ready()
    _turn(everybody, SHORT_S)
    before = {name: processes.cpu(one.pid) for name, one in programs.items()}
    for _ in range(turns):
        _turn(everybody, SIDE_S)
    for name, one in programs.items():
        spent = processes.cpu(one.pid) - before[name]
        cpu[name].append(spent * 60 / (turns * 2 * SIDE_S))
    for _ in range(TURNS - turns - 1):
        _turn(everybody, SHORT_S)


def _turn(programs: list[Program], side: float) -> None:
    """A question and an answer of so many seconds each; one begins after the other."""
    begin = time.monotonic()
    steps = []
    for number, program in enumerate(programs):
        program.server.measured.seconds = side
        pressed = begin + number * SPREAD_S
        steps += [(pressed, program.press), (pressed + side, program.release)]
    for when, step in sorted(steps, key=lambda one: one[0]):
        time.sleep(max(0.0, when - time.monotonic()))
        step()
    end = begin + len(programs) * SPREAD_S + 2 * side + PAUSE_S
    time.sleep(max(0.0, end - time.monotonic()))


def _judge(
    bench: Bench,
    cpu: Rounds,
    rss: Rounds,
) -> None:
    goals, figures = bench.results.goals, bench.results.figures
    goals["memory"] = ratio(rss["edgevoice"], rss["sdk, 20 ms"])
    goals["cpu_20"] = ratio(cpu["edgevoice"], cpu["sdk, 20 ms"])
    goals["cpu_64"] = ratio(cpu["edgevoice"], cpu["sdk, 64 ms"])
    goals["memory_all"] = ratio(rss["edgevoice, all on"], rss["sdk, 20 ms"])
    for name in (name for name in cpu if name.endswith("as edgevoice")):
        words = f"CPU per minute of talk, edgevoice, of {name}"
        figures[words] = ratio(cpu["edgevoice"], cpu[name])
    for name in cpu:
        figures[f"CPU per minute of talk, {name}, s"] = statistics.median(cpu[name])
        figures[f"RSS after {TURNS} turns, {name}, MB"] = statistics.median(rss[name])
