"""`systemctl stop` is quick, whatever goes on; `systemctl reload` loses nothing."""

import itertools
import subprocess
import time

import numpy as np

from edgevoice.simulator.sound import murmur
from tests.vm import card, header, unit
from tests.vm.conftest import Record, Times
from tests.vm.server import Server
from tests.vm.waiting import output, until

SECONDS = 5.0
"""Most that a stop may take; systemd kills after 10 s."""
TEXT = "a long answer, " * 8


def test_it_stops_at_once_in_any_phase(record: Record, times: Times) -> None:
    phases = itertools.cycle(("idle", "listening", "speaking"))
    took: list[float] = []
    with Server(f"say={TEXT}") as server:
        unit.write_settings(live__endpoint=server.url)
        for phase in itertools.islice(phases, times(50)):
            unit.start()
            unit.wait_for_rest()
            bring_to(phase)
            begin = time.monotonic()
            unit.stop()
            end = int(unit.show("ExecMainExitTimestampMonotonic")) / 1e6
            took.append((end - begin) * 1000)
            header.release()
            assert unit.show("Result") == "success"
            assert unit.show("ExecMainStatus") == "0"
    record("systemctl stop to the end of the process", took, "ms")
    record("worst of them, ms", round(max(took)))
    assert max(took) < SECONDS * 1000


def bring_to(phase: str) -> None:
    if phase == "listening":
        header.press()
    if phase == "speaking":
        output("edgevoice", "say", "hello")
    until(lambda: unit.status()["phase"] == phase)


def test_a_reload_in_the_middle_of_an_answer_loses_nothing(
    record: Record,
) -> None:
    with Server(f"say={TEXT}") as server:
        unit.write_settings(live__endpoint=server.url, speaker__volume=100)
        unit.start()
        unit.wait_for_rest()
        with card.recording() as heard:
            output("edgevoice", "say", "hello")
            until(lambda: unit.status()["phase"] == "speaking")
            unit.write_settings(live__endpoint=server.url, speaker__volume=90)
            subprocess.run(["systemctl", "reload", unit.UNIT], check=True)
            assert unit.status()["phase"] == "speaking"
            until(lambda: unit.status()["turns"]["answered"] == 1)
        assert unit.status()["volume"] == 90
        assert unit.status()["last_turn"]["outcome"] == "answered"
        assert unit.show("NRestarts") == "0"
    answer = np.frombuffer(murmur(TEXT), np.int16)
    match = card.compare(answer, heard.sound, 24_000)
    # A murmur repeats itself, so that shifts say nothing.
    heard_of = f"{match.found} of {match.pieces} pieces, r > {card.ALIKE}"
    record("answer heard across a reload", heard_of)
    assert match.found > match.pieces * 0.9
