"""How quick a turn is: from the release to activityEnd, from capture to wire, and from
the first sound of the answer to the loudspeaker.

edgevoice and the program with the SDK take turns, one at a time, so that neither
disturbs the other. The answer comes at once and whole, so that the start gate, which
gathers sound before it lets it play, is open as soon as it sees the first of it.
"""

import random
import statistics
import time

from benchmarks import processes
from benchmarks.bench import BLOCK_S, MS, Bench
from benchmarks.daemon import Edgevoice
from benchmarks.figures import percentile
from benchmarks.processes import MB
from benchmarks.programs import Program

TAIL_S = 0.2
"""edgevoice's default: what it still sends after the release."""
ANSWER_S = 0.3
PACE = 0.2
"""Of the server, so that more turns go into a minute."""
REST_S = 0.1
AT_ONCE = 1000.0
"""Speed at which the answer is sent."""
FIRST_SOUND = ("first_sample_out_ms", "first_sound_ms")
"""What the moment of the first sample is called in ``watch``; the first one counts."""


def measure(bench: Bench) -> None:
    """All turns; the first two of each program do not count."""
    ours, sdk = bench.edgevoice(pace=PACE), bench.peer("peer_sdk", pace=PACE)
    chance, rounds = random.Random(1), 22 if bench.quick else 122
    ours_s: list[float] = []
    sdk_s: list[float] = []
    captures: list[float] = []
    try:
        for program in (ours, sdk):
            program.is_ready()
            program.server.measured.seconds = ANSWER_S
            program.server.measured.speed = AT_ONCE
        ours.watch()
        for number in range(1, rounds + 1):
            # At any moment between two blocks of the microphone.
            held = chance.uniform(0.3, 0.3 + 2 * BLOCK_S)
            ours_s.append(_turn(ours, held, number) - TAIL_S)
            captures.append(capture_to_wire(ours.server.measured.positions))
            sdk_s.append(_turn(sdk, held, number))
        for name, program in (("edgevoice", ours), ("sdk", sdk)):
            pss = processes.memory(program.pid).pss / MB
            bench.results.figures[f"PSS after {rounds} turns, {name}, MB"] = pss
    finally:
        bench.end([ours, sdk])
    sounds = [_gap(turn) for turn in ours.turns]
    bench.results.raw["release_to_activity_end_s"] = {"ours": ours_s, "sdk": sdk_s}
    bench.results.raw["capture_to_wire_s"] = captures
    bench.results.raw["audio_in_to_sample_out_ms"] = sounds
    _judge(bench, ours_s[2:], sdk_s[2:], captures[2:], sounds[2:])


def _turn(program: Program, held: float, number: int) -> float:
    """A whole turn; seconds from the release to activityEnd."""
    program.server.measured.positions.clear()
    pressed = program.press()
    time.sleep(held)
    released = program.release()
    ended = program.server.until("activityEnd", pressed)
    program.server.until("answered", pressed)
    if isinstance(program, Edgevoice):
        program.wait(lambda: program.told >= number and program.phase == "idle")
    time.sleep(REST_S)  # what follows a turn is done then
    return ended - released


def capture_to_wire(positions: list[tuple[float, int]]) -> float:
    """Seconds from the capture of the last sample to its message at the server.

    The samples of the question tell in which block of 20 ms they were captured, and a
    block comes every 20 ms; so the quickest message of the turn tells when the first
    one came, but for the time that this message itself took: less than 1 ms.

    Args:
        positions: When each message came, and the block of its last sample, from 1. It
            falls back where the pre-roll, of the question before, ends.
    """
    begins: list[float] = []
    last = positions[-1][1] + 1
    for when, block in reversed(positions):
        if not 0 < block < last:
            break
        begins.append(when - BLOCK_S * block)
        last = block
    return begins[0] - min(begins)


def _gap(turn: dict[str, int]) -> int:
    """Milliseconds from the first sound of the answer to the first sample heard."""
    name = next(name for name in FIRST_SOUND if name in turn)
    return turn[name] - turn["first_answer_audio_ms"]


def _judge(
    bench: Bench,
    ours: list[float],
    sdk: list[float],
    captures: list[float],
    sounds: list[int],
) -> None:
    goals, figures = bench.results.goals, bench.results.figures
    mine, theirs = (statistics.median(values) / MS for values in (ours, sdk))
    goals["release"] = mine - theirs
    goals["release_ratio"] = mine / theirs
    goals["release_99"] = percentile(ours, 99) / MS
    goals["sound"] = statistics.median(sounds)
    goals["capture"] = percentile(captures, 50) / MS
    goals["capture_99"] = percentile(captures, 99) / MS
    figures["release to activityEnd less tail, edgevoice, p50, ms"] = mine
    figures["release to activityEnd, sdk, p50, ms"] = theirs
    figures["release to activityEnd, sdk, p99, ms"] = percentile(sdk, 99) / MS
    figures["answer audio in to sample out, p99, ms"] = percentile(sounds, 99)
