"""How long a program takes to start, and to send what follows the first press."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable

from benchmarks.bench import MS, Bench
from benchmarks.figures import ratio
from benchmarks.programs import Program

REST_S = 0.5
"""From readiness to the press: what is done after the start is done then."""


def measure(bench: Bench) -> None:
    """Rounds in which each program starts once, with the order rotating."""
    makers: dict[str, Callable[[], Program]] = {
        "edgevoice": lambda: bench.edgevoice("button.tap_ms = 0\n"),
        "sdk": lambda: bench.peer("peer_sdk"),
        "raw": lambda: bench.peer("peer_raw"),
    }
    starts: dict[str, list[float]] = defaultdict(list)
    presses: dict[str, list[float]] = defaultdict(list)
    names = list(makers)
    for number in range(-1, 3 if bench.quick else 12):
        names.append(names.pop(0))
        for name in names:
            start, press = _once(bench, makers[name]())
            if number >= 0:  # the first one filled the page cache
                starts[name].append(start)
                presses[name].append(press)
    results = bench.results
    results.raw |= {"starts_s": dict(starts), "first_presses_s": dict(presses)}
    results.goals["start"] = ratio(starts["edgevoice"], starts["sdk"])
    results.goals["press"] = ratio(presses["edgevoice"], presses["sdk"])
    for name in makers:
        start, press = (statistics.median(of[name]) / MS for of in (starts, presses))
        results.figures[f"start to setup, {name}, ms"] = start
        results.figures[f"first press to activityStart, {name}, ms"] = press


def _once(bench: Bench, program: Program) -> tuple[float, float]:
    """Seconds to the setup message, and from the press to activityStart."""
    try:
        setup = program.server.until("setup", program.began)
        program.is_ready()
        time.sleep(REST_S)
        pressed = program.press()
        heard = program.server.until("activityStart", pressed)
        program.release()
    finally:
        bench.end([program])
    return setup - program.began, heard - pressed
