"""What all parts of the benchmark share: programs on request, and what comes out."""

import itertools
import wave
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.daemon import Edgevoice
from benchmarks.figures import Fit
from benchmarks.programs import Peer, Program
from benchmarks.server import Servers

HZ: Final = 16_000
BLOCK_S: Final = 0.02
MS: Final = 0.001

SAMPLE_BLOCK: Final = 1024
"""Frames that Google's sample reads at once: 64 ms."""
SHORT_BLOCK: Final = 320
"""Frames that Google recommends at least: 20 ms."""


@dataclass
class Results:
    """What was measured.

    Attributes:
        goals: Values by the names of ``goals.GOALS``.
        figures: Others, by words that end with the unit.
        curves: Points (x, y) by words that name both.
        fits: How each curve grows.
        raw: Every single value behind them.
    """

    goals: dict[str, float] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    fits: dict[str, Fit] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)


class Bench:
    """Starts programs, each with a folder and a server of its own.

    Args:
        folder: For all that they write.
        edgevoice: The program, of an environment as users have it.
        servers: Running.
        quick: Fewer rounds.
    """

    def __init__(
        self, folder: Path, edgevoice: str, servers: Servers, *, quick: bool
    ) -> None:
        self.folder = folder
        self.servers = servers
        self.quick = quick
        self.results = Results()
        self._edgevoice = edgevoice
        self._numbers = itertools.count(1)

    def edgevoice(
        self,
        settings: str = "",
        *,
        question_s: float = 6.0,
        pace: float = 1.0,
        devices: tuple[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Edgevoice:
        """The daemon; by default with its default settings and files as devices."""
        folder = self._folder(question_s)
        environ = {**self.servers.trust, **(environ or {})}
        server = self.servers.start(pace)
        return Edgevoice(self._edgevoice, folder, server, environ, settings, devices)

    def peer(self, name: str, block: int = SHORT_BLOCK, pace: float = 1.0) -> Peer:
        """``peer_sdk`` or ``peer_raw``, with blocks of so many frames."""
        folder, server = self._folder(6.0), self.servers.start(pace)
        return Peer(name, block, folder, server, self.servers.trust)

    def _folder(self, question_s: float) -> Path:
        folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        write_question(folder / "question.wav", question_s)
        return folder

    def end(self, programs: list[Program]) -> None:
        """Stop programs and their servers."""
        for program in programs:
            program.stop()
            self.servers.stop(program.server)


def write_question(path: Path, seconds: float) -> None:
    """A WAV in which each sample is the number of its block of 20 ms, from 1."""
    block = round(BLOCK_S * HZ)
    numbers = range(1, round(seconds / BLOCK_S) + 1)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, HZ, 0, "NONE", ""))
        for number in numbers:
            file.writeframes(array("h", [number] * block).tobytes())
