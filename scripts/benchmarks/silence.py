"""From a press in mid answer to silence at the virtual card."""

import random
import statistics
import time
from typing import Final

from benchmarks.bench import MS, Bench
from benchmarks.card import DEVICES, virtual_card
from benchmarks.daemon import Edgevoice
from tests.soundcard import HZ, LOUD, Recording, SoundCard

ANSWER_S: Final = 20.0
SILENT_S: Final = 0.25
"""After so long without a sound it is silence."""


def measure(bench: Bench) -> None:
    """Talk over answers, at moments of chance."""
    chance = random.Random(1)
    waits = [chance.uniform(0.3, 0.6) for _ in range(4 if bench.quick else 15)]
    with virtual_card(bench) as card:
        program = bench.edgevoice(devices=DEVICES, environ=card.environment)
        try:
            program.is_ready()
            program.watch()
            program.server.measured.seconds = ANSWER_S
            silences = [_once(program, card, wait) for wait in waits]
        finally:
            bench.end([program])
    bench.results.raw["press_to_silence_s"] = silences
    bench.results.goals["silence"] = statistics.median(silences) / MS
    bench.results.figures["press to silence, worst, ms"] = max(silences) / MS


def _once(program: Edgevoice, card: SoundCard, heard: float) -> float:
    """Seconds from the press to the last sound."""
    program.press()
    time.sleep(0.4)
    program.release()
    with card.listening() as recording:
        recording.wait_until(lambda: _last_sound(recording) >= 0)
        time.sleep(heard)
        pressed = program.press()
        recording.wait_until(lambda: _is_silent(recording))
        silent = recording.arrived(_last_sound(recording))
    # The question that this press began is let go of, unasked.
    program.send("stop")
    program.send("release")
    program.wait(lambda: program.phase == "idle")
    return silent - pressed


def _last_sound(recording: Recording) -> int:
    """Frame of the last sound so far; -1: none."""
    loud = (abs(recording.sound.astype(int)) > LOUD).nonzero()[0]
    return int(loud[-1]) if len(loud) else -1


def _is_silent(recording: Recording) -> bool:
    return len(recording.sound) - _last_sound(recording) > SILENT_S * HZ
