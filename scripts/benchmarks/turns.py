"""How quick a turn is: from the release to activityEnd, from capture to wire, and from
the first sound of the answer to the loudspeaker.

edgevoice and the program with the SDK take turns, one at a time, so that neither
disturbs the other. The answer comes at once and whole, so that the start gate, which
gathers sound before it lets it play, is open as soon as it sees the first of it.
"""

import random
import statistics
import time
from dataclasses import dataclass

from benchmarks import processes
from benchmarks.bench import MS, POSITION_S, Bench
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


@dataclass(frozen=True)
class Moments:
    """Of one turn, by ``time.monotonic()``.

    Attributes:
        ended: When activityEnd came to the server.
        arrived: When the last message of sound came there.
        position: Of the last sample in it, in the question: ``POSITION_S`` each.
    """

    pressed: float
    released: float
    ended: float
    arrived: float
    position: int

    @property
    def capture_to_wire(self) -> float:
        """Seconds from the capture of the last sample to its coming to the server.

        A press starts the question from its beginning, so a sample's position says how
        long after the press it was captured. The press's own way to the daemon counts
        as if it was a delay, so that this is never too little; no other message is its
        measure, since all of them may be late.
        """
        return self.arrived - self.pressed - self.position * POSITION_S

    @property
    def missing(self) -> float:
        """Seconds of sound before the tail's end that were not sent."""
        said = self.released + TAIL_S - self.pressed
        return said - self.position * POSITION_S


def measure(bench: Bench) -> None:
    """All turns; the first two of each program do not count."""
    ours, sdk = bench.edgevoice(pace=PACE), bench.peer("peer_sdk", pace=PACE)
    chance, rounds = random.Random(1), 22 if bench.quick else 122
    mine: list[Moments] = []
    sdks: list[Moments] = []
    try:
        for program in (ours, sdk):
            program.is_ready()
            program.server.measured.seconds = ANSWER_S
            program.server.measured.speed = AT_ONCE
        ours.watch()
        for number in range(1, rounds + 1):
            # At any moment between two blocks of the microphone.
            held = chance.uniform(0.3, 0.34)
            mine.append(_turn(ours, held, number))
            sdks.append(_turn(sdk, held, number))
        for name, program in (("edgevoice", ours), ("sdk", sdk)):
            pss = processes.memory(program.pid).pss / MB
            bench.results.figures[f"PSS after {rounds} turns, {name}, MB"] = pss
    finally:
        bench.end([ours, sdk])
    sounds = [_gap(turn) for turn in ours.turns]
    bench.results.raw["turns"] = {"edgevoice": mine, "sdk": sdks}
    bench.results.raw["audio_in_to_sample_out_ms"] = sounds
    _judge(bench, mine[2:], sdks[2:], sounds[2:])


def _turn(program: Program, held: float, number: int) -> Moments:
    """A whole turn."""
    program.server.measured.positions.clear()
    pressed = program.press()
    time.sleep(held)
    released = program.release()
    ended = program.server.until("activityEnd", pressed)
    when, position = program.server.measured.positions[-1]
    program.server.until("answered", pressed)
    if isinstance(program, Edgevoice):
        program.wait(lambda: program.told >= number and program.phase == "idle")
    time.sleep(REST_S)
    return Moments(pressed, released, ended, when, position)


def _gap(turn: dict[str, int]) -> int:
    """Milliseconds from the first sound of the answer to the first sample heard."""
    return turn["first_sound_ms"] - turn["first_answer_audio_ms"]


def _judge(
    bench: Bench, mine: list[Moments], sdks: list[Moments], sounds: list[int]
) -> None:
    goals, figures = bench.results.goals, bench.results.figures
    ours = [(turn.ended - turn.released - TAIL_S) / MS for turn in mine]
    sdk = [(turn.ended - turn.released) / MS for turn in sdks]
    captures = [turn.capture_to_wire / MS for turn in mine]
    goals["release"] = statistics.median(ours) - statistics.median(sdk)
    goals["release_ratio"] = statistics.median(ours) / statistics.median(sdk)
    goals["release_99"] = percentile(ours, 99)
    goals["sound"] = statistics.median(sounds)
    goals["capture"] = percentile(captures, 50)
    goals["capture_99"] = percentile(captures, 99)
    for name, values in {
        "release to activityEnd less tail, edgevoice, p50, ms": ours,
        "release to activityEnd, sdk, p50, ms": sdk,
        "sound before the tail's end not sent, ms": [t.missing / MS for t in mine],
    }.items():
        figures[name] = statistics.median(values)
    figures["release to activityEnd, sdk, p99, ms"] = percentile(sdk, 99)
    figures["answer audio in to sample out, p99, ms"] = percentile(sounds, 99)
