"""What ``scripts/drill`` does to a household, and how it judges what came of it."""

import argparse
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

from edgevoice.simulator.behaviour import Behaviour
from edgevoice.simulator.behaviours import build
from tests.chords import MOST, WINDOW_S
from tests.household import ANSWER_S, Household, household
from tests.network import network

Fault: TypeAlias = Callable[[Household, random.Random], None]
"""Happens once; returns when it is over."""

SERVER = [
    "silent", "stall", "empty", "no_turn_complete", "double_turn_complete",
    "late_audio", "late_transcript", "quiet_interrupt", "empty_update", "together",
    "speed=0.7", "speed=4", "gaps=1.3", "big=2097152", "garbage", "unknown",
    "deaf@answer", "deaf@audio3", "mute@end", "mute@answer",
    "delay=3", "delay=8@setup", "lifetime=3", "late_pong=30",
    "go_away=1", "go_away=12", "dead_handle", "resume_then_die", "poisoned",
    *(f"drop@{moment}" for moment in (
        "setup", "ready", "start", "audio", "end", "heard", "answer", "generated",
        "idle", "message2", "message5", "message9")),
    *(f"close={why}" for why in (
        "internal@ready", "internal@end", "internal@resume", "deadline@audio",
        "deadline@answer", "session_not_found@resume", "invalid_handle@resume",
        "cancelled@start", "aborted@generated", "unavailable@setup")),
    "refuse=503", "refuse=502",
]  # fmt: skip
"""Behaviours that the server has for one turn."""


def server(here: Household, chance: random.Random) -> None:
    """The server misbehaves."""
    here.arm(build([chance.choice(SERVER)])[-1])
    time.sleep(chance.uniform(1, 4))
    here.arm(Behaviour())


def cut(here: Household, chance: random.Random) -> None:
    """Every connection is cut."""
    time.sleep(chance.uniform(0, 1.5))
    here.at_the_server(here.simulator.drop)


def away(here: Household, chance: random.Random) -> None:
    """There is no server for a while."""
    time.sleep(chance.uniform(0, 1))
    here.at_the_server(here.simulator.stop)
    time.sleep(chance.uniform(0.5, 6))
    here.at_the_server(here.simulator.start)


def warned(here: Household, chance: random.Random) -> None:
    """The server says that the connection ends."""
    time.sleep(chance.uniform(0, 1))
    left = chance.choice([0.5, 5, 12, 40])
    here.at_the_server(lambda: here.simulator.go_away(left))


def bad_line(here: Household, chance: random.Random) -> None:
    """Packets are lost and late."""
    here.net.line.loss = chance.uniform(0.01, 0.1)
    here.net.line.delay = chance.uniform(0.02, 0.2)
    here.net.line.jitter = here.net.line.delay / 2
    time.sleep(chance.uniform(2, 6))
    here.net.line.loss = here.net.line.delay = here.net.line.jitter = 0.0


def dead_line(here: Household, chance: random.Random) -> None:
    """Nothing arrives, and nobody is told."""
    time.sleep(chance.uniform(0, 1))
    here.net.line.dead = True
    time.sleep(chance.choice([0.5, 2, 5, 14]))
    here.net.line.dead = False


def no_interface(here: Household, chance: random.Random) -> None:
    """The interface goes and comes."""
    time.sleep(chance.uniform(0, 1))
    here.net.near.interface_down()
    time.sleep(chance.uniform(0.5, 6))
    here.net.near.interface_up()


def no_card(here: Household, chance: random.Random) -> None:
    """The sound card is gone for a while."""
    time.sleep(chance.uniform(0, 1.5))
    here.lose_card(chance.uniform(0.1, 4))


def frozen_card(here: Household, chance: random.Random) -> None:
    """The sound server hangs for a while."""
    time.sleep(chance.uniform(0, 1.5))
    here.freeze_card(chance.uniform(0.2, 3))


def kill(here: Household, chance: random.Random) -> None:
    """The daemon is killed, and started again."""
    time.sleep(chance.uniform(0, 2))
    here.kill()
    time.sleep(1)
    here.start()


FAULTS: dict[str, list[Fault]] = {
    "server": [server, server, server, cut, away, warned],
    "network": [bad_line, dead_line, no_interface],
    "card": [no_card, frozen_card],
    "kill": [kill],
}


def live_through(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Let one household live; what became of it."""
    chance = random.Random(args.seed)
    with network() as net, household(folder, net) as here:
        report = Report(here)
        assert here.rest(30), here.ask("status")
        if args.turns:
            faults = [
                f for kind in args.faults.split(",") for f in FAULTS.get(kind, ())
            ]
            report.talk(args.turns, faults, chance)
        if args.rotations:
            report.rotate(args.rotations, chance)
        if args.kills:
            report.killed_often(args.kills, chance)
        return report.whole()


class Report:
    """Lives through it and keeps the books."""

    def __init__(self, here: Household) -> None:
        self._here = here
        self._said: dict[tuple[int, int], list[int]] = {}
        """The numbers that were said in each turn."""
        self._deaf: set[int] = set()
        """Numbers whose answer may have come while there was no loudspeaker."""
        self._costs: dict[int, list[tuple[int, int, int]]] = {}
        self._count: Counter[str] = Counter()
        self._wedged: list[str] = []

    # -- ways to live ----------------------------------------------------------------

    def talk(self, turns: int, faults: list[Fault], chance: random.Random) -> None:
        """Turns with a fault in every third, and with barge-ins."""
        for number in range(turns):
            fault = chance.choice(faults) if faults and chance.random() < 0.35 else None
            suffering = self._begin(fault, random.Random(chance.random()))
            self._speak(number, chance.uniform(0.3, 1.2))
            in_turn = chance.random() < 0.3
            if in_turn:  # the next press comes in the middle of this turn
                time.sleep(chance.uniform(0.25, 1.5))
            if suffering is not None:
                suffering.join()
                self._count[f"fault {fault.__name__}" if fault else ""] += 1
            if fault in {no_card, frozen_card}:
                self._deaf |= {number - 1, number, number + 1}
            if not in_turn or number == turns - 1:
                self._rest(number, fault)

    def _begin(
        self, fault: Fault | None, chance: random.Random
    ) -> threading.Thread | None:
        if fault is None:
            return None
        # A child of this thread would live on the host of the test.
        thread = threading.Thread(target=fault, args=(self._here, chance))
        thread.start()
        return thread

    def rotate(self, rotations: int, chance: random.Random) -> None:
        """Talk until so many connections have been left."""
        number = 0
        begun = self._here.watch.attempts[:]
        while len(self._here.watch.attempts) < len(begun) + rotations:
            self._speak(number, chance.uniform(0.3, 1.2))
            if chance.random() < 0.2:
                time.sleep(chance.uniform(0.3, 1.0))
            else:
                self._rest(number, None)
            number += 1
        self._rest(number, None)

    def killed_often(self, kills: int, chance: random.Random) -> None:
        """Kill the daemon at random moments; look at its state each time."""
        for number in range(kills):
            suffering = self._begin(kill, random.Random(chance.random()))
            self._speak(number, chance.uniform(0.3, 1.2))
            assert suffering is not None
            suffering.join()
            self._rest(number, kill)
            status = self._here.ask("status") or {}
            how = "resumed" if status["session"]["resumed"] else "fresh"
            self._count[f"restart: {how}"] += 1
            self._speak(number + MOST // 2, 0.5)
            self._rest(number, kill)
        self._count["damaged state"] = len(
            [*self._here.folder.rglob("*.damaged")]
        ) + self._here.daemon.stderr.count("is damaged")

    def _speak(self, number: int, seconds: float) -> None:
        turn = self._here.speak(number % MOST, seconds)
        if turn is None:
            self._count["pressed while there was no daemon"] += 1
        else:
            self._said.setdefault(turn, []).append(number % MOST)

    def _rest(self, number: int, fault: Fault | None) -> None:
        if not self._here.rest(90):
            name = fault.__name__ if fault else "no fault"
            self._wedged.append(f"{number} {name}: {self._here.ask('status')}")
        self._costs.setdefault(self._here.runs, []).append(self._here.cost())

    # -- the books -------------------------------------------------------------------

    def whole(self) -> dict[str, Any]:
        """Everything, as plain JSON."""
        here = self._here
        outcomes = {
            turn: here.outcomes.get(turn) or ("killed" if turn[0] < here.runs else "")
            for turn in {*self._said, *here.outcomes}
        }
        fates = Counter(o.partition(":")[0] or "untold" for o in outcomes.values())
        causes = Counter(o for o in outcomes.values() if ":" in o)
        refused = {r.reason for r in here.watch.refusals if r.code == 1007}
        heard = here.listener.heard
        return {
            "fates": fates,
            "causes": causes,
            "counts": self._count,
            "unheard": [
                number
                for turn, numbers in self._said.items()
                if outcomes[turn] == "answered" and not self._deaf & {*numbers}
                for number in numbers[-1:]
                if heard[number] * WINDOW_S < 0.5 * ANSWER_S
            ],
            "twice": [n for n, windows in heard.items() if self._is_twice(n, windows)],
            "killed": fates["killed"],
            "told of kills": here.told_of_kills(),
            "refused": sorted(refused - {"Invalid session handle"}),
            "attempts": here.watch.most_attempts_in_a_minute(),
            "most open": here.watch.most_open,
            "gaps": [*_gaps(here.links)],
            "growth": [*map(_growth, self._costs.values())],
            "wedged": self._wedged,
            "trouble": [
                line for line in here.daemon.stderr.splitlines() if "Traceback" in line
            ],
            "unasked": here.unasked,
        }

    def _is_twice(self, number: int, windows: int) -> bool:
        said = sum(numbers.count(number) for numbers in self._said.values())
        return windows * WINDOW_S > (max(said, 1) + 0.4) * ANSWER_S


def _gaps(links: Iterable[tuple[float, str]]) -> Iterable[float]:
    """Seconds without a link, each time that one came up again."""
    lost: float | None = None
    for when, status in links:
        if status == "up" and lost is not None:
            yield when - lost
            lost = None
        elif status != "up" and lost is None:
            lost = when


ENOUGH: Final = 12
"""Turns in one run from which on its growth is judged. With fewer, one look while a
card is being opened or a command answered is taken for growth."""


def _growth(costs: list[tuple[int, int, int]]) -> list[int]:
    """What one run of the daemon grew by: kB, descriptors, threads; and its turns."""
    settled = costs[len(costs) // 5 :]  # caches and buffers fill first
    third = max(1, len(settled) // 3)
    first, last = settled[:third], settled[-third:]
    grown = [
        round(statistics.median(new) - statistics.median(old))
        for new, old in zip(zip(*last), zip(*first), strict=True)  # noqa: B905
    ]
    return [*grown, len(costs)]


def verdict(
    reports: list[dict[str, Any]], *, kills: bool = False
) -> tuple[list[str], bool]:
    """The lines to print, and whether all is well.

    Args:
        reports: What became of each household.
        kills: The daemon was killed every few seconds; each start is an attempt.
    """
    fates, causes, counts, unasked = (
        sum((Counter(r[name]) for r in reports), Counter[str]())
        for name in ("fates", "causes", "counts", "unasked")
    )
    gaps = sorted(gap for r in reports for gap in r["gaps"])
    growth = max((g for r in reports for g in r["growth"]), key=lambda g: g[3])
    untold_kills = sum(r["killed"] - r["told of kills"] for r in reports)
    lists = {
        name: [what for r in reports for what in r[name]]
        for name in ("unheard", "twice", "refused", "wedged", "trouble")
    }
    lines = [
        f"said:             {sum(fates.values())}",
        *(f"  {fate + ':':16}{count}" for fate, count in fates.most_common()),
        *(f"    {cause}: {count}" for cause, count in causes.most_common()),
        f"killed, not told: {untold_kills}",
        f"answered, unheard: {lists['unheard'] or 0}",
        f"answered twice:   {lists['twice'] or 0}",
        f"protocol refusals: {lists['refused'] or 0}",
        f"links at once:    {max(r['most open'] for r in reports)}",
        f"attempts in the worst minute: {max(r['attempts'] for r in reports)}",
        f"without a link:   {len(gaps)} times, "
        f"median {statistics.median(gaps or [0]):.3f} s, "
        f"worst {max(gaps or [0]):.3f} s",
        f"grown in {growth[3]} turns: {growth[0]} kB, {growth[1]} descriptors, "
        f"{growth[2]} threads",
        *(f"{what}: {count}" for what, count in sorted(counts.items()) if what),
        *(f"no reply: {what}: {count}" for what, count in sorted(unasked.items())),
        *(f"WEDGED: {what}" for what in lists["wedged"]),
        *lists["trouble"],
    ]
    good = (
        not any(lists.values())
        and not fates["untold"]
        and untold_kills <= 0
        and not counts["damaged state"]
        and (kills or max(r["attempts"] for r in reports) <= 12)
        and (
            growth[3] < ENOUGH
            or (growth[0] < 2048 and growth[1] <= 0 and growth[2] <= 0)
        )
    )
    return lines, good
