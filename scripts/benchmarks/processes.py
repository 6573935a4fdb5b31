"""What a process and all its children cost, from Linux itself."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
TICKS: Final = os.sysconf("SC_CLK_TCK")
MB: Final = 2**20


@dataclass(frozen=True)
class Memory:
    """Resident and proportional set, and the highest resident set so far; bytes."""

    rss: int
    pss: int
    peak: int


def tree(pid: int) -> list[int]:
    """A process and all that it started and that still run."""
    found = [pid]
    for one in found:
        for children in (PROC / str(one) / "task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def cpu(pid: int) -> float:
    """CPU seconds of the tree so far, ended threads and children included."""
    return sum(_cpu_of(one) for one in tree(pid))


def _cpu_of(pid: int) -> float:
    # The process's own clock counts nanoseconds; see clock_getcpuclockid(3), which
    # makes its number as here. Children that ended are in ticks; see proc(5).
    clock = ((~pid) << 3) | 2
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(clock) + (int(fields[13]) + int(fields[14])) / TICKS


def memory(pid: int) -> Memory:
    """Memory of the tree."""
    parts = [_memory_of(one) for one in tree(pid)]
    return Memory(
        sum(part.rss for part in parts),
        sum(part.pss for part in parts),
        sum(part.peak for part in parts),
    )


def _memory_of(pid: int) -> Memory:
    place = PROC / str(pid)
    rollup = _kilobytes(place / "smaps_rollup")
    peak = _kilobytes(place / "status")["VmHWM"]
    return Memory(*(1024 * kb for kb in (rollup["Rss"], rollup["Pss"], peak)))


def _kilobytes(path: Path) -> dict[str, int]:
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines if words[-1] == "kB"}


def descriptors(pid: int) -> int:
    """Open descriptors of the process itself."""
    return len(os.listdir(PROC / str(pid) / "fd"))


def threads(pid: int) -> int:
    """Threads of the process itself."""
    return len(os.listdir(PROC / str(pid) / "task"))
