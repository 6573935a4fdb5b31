"""What waiting for a press costs."""

import time

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.card import DEVICES, virtual_card

HOUR_S = 3600.0


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
            time.sleep(2.0)  # what is done after the start is done then
            before = {name: processes.cpu(one.pid) for name, one in programs.items()}
            began = time.monotonic()
            time.sleep(seconds)
            spent = {
                name: (processes.cpu(one.pid) - before[name])
                / (time.monotonic() - began)
                * HOUR_S
                for name, one in programs.items()
            }
        finally:
            bench.end(list(programs.values()))
    bench.results.goals["idle"] = spent["edgevoice"]
    bench.results.goals["idle_card"] = spent["edgevoice, card"]
    for name, value in spent.items():
        bench.results.figures[f"CPU while waiting, {name}, s/h"] = value
