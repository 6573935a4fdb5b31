"""The other side of the sound card (snd-aloop), and what came over it whole.

The emulated machine is too slow at times: the card then goes on without us, and a
piece of silence is put in or a piece is left out. So sound is compared in pieces.
"""

import os
import subprocess
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tests.vm.waiting import output, until

OTHER_SIDE = "hw:Loopback,1,0"
OURS = "hw:CARD=Loopback,DEV=0"
"""As `edgevoice devices` names it: microphone and speaker."""
PIECE_S = 0.1
ALIKE = 0.99

Samples = npt.NDArray[np.int16]


def noise(seconds: float, hz: int = 16_000) -> Samples:
    """Noise that no piece of which is like another; the same each time."""
    steps = np.random.default_rng(7).normal(0, 6000, round(seconds * hz))
    smooth = np.convolve(steps, np.ones(4) / 4, mode="same")
    return smooth.clip(-30_000, 30_000).astype(np.int16)


def write(sound: Samples, path: Path, hz: int = 16_000) -> None:
    """A WAV to be played; silence follows in it, since aplay drops its last 40 ms."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(hz)
        file.writeframes(sound.tobytes() + bytes(hz))  # half a second


def play(path: Path) -> None:
    """Play into the appliance's microphone; returns at the end of it."""
    output("aplay", "--quiet", "--buffer-time=500000", "-D", OTHER_SIDE, str(path))


class Recording:
    """What the appliance's speaker played so far, 24 kHz mono."""

    def __init__(self, recorder: "subprocess.Popen[bytes]") -> None:
        assert recorder.stdout
        self._fd = recorder.stdout.fileno()
        self._pcm = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def sound(self) -> Samples:
        pcm = bytes(self._pcm)
        return np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)

    def runs(self) -> bool:
        return bool(self._pcm)

    def join(self) -> None:
        self._reader.join()

    def _read(self) -> None:
        while block := os.read(self._fd, 65536):
            self._pcm += block


@contextmanager
def recording() -> Iterator[Recording]:
    """Record what the appliance's speaker plays."""
    command = ["arecord", "--quiet", "-D", OTHER_SIDE, "-f", "S16_LE", "-r", "24000"]
    command += ["-c", "1", "-t", "raw", "--buffer-time=500000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as recorder:
        heard = Recording(recorder)
        try:
            until(heard.runs)
            yield heard
        finally:
            recorder.terminate()
            heard.join()


class Match(NamedTuple):
    """How much of a sound arrived.

    Attributes:
        pieces: Of how many pieces it was made.
        found: How many of them were heard, with r > 0.99.
        exact: How many of them bit by bit.
        shifts: How often one did not follow right on the one before it.
        r: The lowest correlation of those found.
    """

    pieces: int
    found: int
    exact: int
    shifts: int
    r: float


def compare(sound: Samples, heard: Samples, hz: int) -> Match:
    """Look for a sound in what was heard, piece by piece, in order."""
    size = round(PIECE_S * hz)
    places, correlations, exact = [], [], 0
    for begin in range(0, len(sound) - size + 1, size):
        piece = sound[begin : begin + size]
        place, r = locate(piece, heard)
        if r > ALIKE:
            places.append(place - begin)
            correlations.append(r)
            exact += bool((heard[place : place + size] == piece).all())
    shifts = int(np.count_nonzero(np.diff(places)))
    lowest = min(correlations, default=0.0)
    return Match(len(sound) // size, len(places), exact, shifts, lowest)


def locate(piece: Samples, heard: Samples) -> tuple[int, float]:
    """Where in what was heard a piece fits best, and its correlation there."""
    wanted, sound = piece.astype(float), heard.astype(float)
    if len(sound) < len(wanted):
        return 0, 0.0
    size = 1 << (len(sound) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(wanted, size))
    product = np.fft.irfft(spectrum, size)[: len(sound) - len(wanted) + 1]
    squares = np.concatenate(([0.0], np.cumsum(sound**2)))
    energy = squares[len(wanted) :] - squares[: -len(wanted)]
    scale = np.sqrt(np.maximum(energy, 1.0) * np.sum(wanted**2))
    r = product / scale
    place = int(np.argmax(r))
    return place, float(r[place])
