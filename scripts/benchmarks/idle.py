"""What waiting for a press costs."""

import time
from collections.abc import Mapping

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.card import DEVICES, virtual_card
from benchmarks.programs import Program

HOUR_S = 3600.0
STARTED_S = 2.0
"""What is done after the start is done then."""
RESTS_S = 35.0
"""The speaker's card is closed then: it rests after 30 s (daemon/standby.py)."""


def measure(bench: Bench) -> None:
    """All programs wait at the same time."""
    seconds = 20.0 if bench.quick else 60.0
    with virtual_card(bench) as card:
        programs = {
            "edgevoice": bench.edgevoice(),
            "edgevoice, card": bench.edgevoice(
                devices=DEVICES, environ=card.environment
            ),
            "sdk, 20 ms": bench.peer("peer_sdk"),
            "raw, 20 ms": bench.peer("peer_raw"),
        }
        try:
            for program in programs.values():
                program.is_ready()
            time.sleep(STARTED_S)
            soon = _spent(programs, 20.0)
            time.sleep(RESTS_S - STARTED_S - 20.0)
            spent = _spent(programs, seconds)
        finally:
            bench.end(list(programs.values()))
    bench.results.goals["idle"] = spent["edgevoice"]
    bench.results.goals["idle_card"] = spent["edgevoice, card"]
    soon_name = "CPU while waiting, edgevoice, card, before the speaker rests, s/h"
    bench.results.figures[soon_name] = soon["edgevoice, card"]
    for name, value in spent.items():
        bench.results.figures[f"CPU while waiting, {name}, s/h"] = value


def _spent(programs: Mapping[str, Program], seconds: float) -> dict[str, float]:
    """CPU of each in so many seconds, in seconds per hour."""
    before = {name: processes.cpu(one.pid) for name, one in programs.items()}
    began = time.monotonic()
    time.sleep(seconds)
    share = HOUR_S / (time.monotonic() - began)
    return {
        name: (processes.cpu(one.pid) - before[name]) * share
        for name, one in programs.items()
    }
