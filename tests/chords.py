"""Numbers as chords of three tones: they survive sound cards and other rates.

A tone for each digit, each digit in a band of its own, above the signal sounds.
"""

from typing import Final

import numpy as np

from edgevoice.audio.samples import Samples

WINDOW_S: Final = 0.05
"""A chord is looked for in pieces of this length, seconds: 20 Hz apart."""

MOST: Final = 1000
"""Numbers go from 0 to below this."""

_BANDS: Final = (600, 1800, 3000)
_STEP: Final = 100
_LOUD: Final = 4000
_FADE_S: Final = 0.005


def chord(number: int, seconds: float, hz: int) -> Samples:
    """The sound of a number, shape ``(frames,)``."""
    time = np.arange(round(seconds * hz)) / hz
    sound = sum(np.sin(2 * np.pi * tone * time) for tone in _tones(number))
    edge = np.minimum(1.0, np.minimum(time, time[::-1]) / _FADE_S)
    return (_LOUD * edge * sound).astype(np.int16)


def numbers(sound: Samples, hz: int) -> list[int | None]:
    """The number of each whole window; None where there is none."""
    size = round(WINDOW_S * hz)
    pieces = sound[: len(sound) // size * size].reshape(-1, size)
    return [_number(piece, hz) for piece in pieces]


def _tones(number: int) -> tuple[int, ...]:
    digits = f"{number % MOST:03}"
    return tuple(
        band + _STEP * int(digit) for band, digit in zip(_BANDS, digits, strict=True)
    )


def _number(piece: Samples, hz: int) -> int | None:
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))
    number = 0
    for band in _BANDS:
        tones = (band + _STEP * np.arange(10)) * len(piece) // hz
        loudest = np.sort(power[tones])
        # A chord of full loudness gives _LOUD / 4 for each frame of the window.
        if loudest[-1] < _LOUD * len(piece) / 40 or loudest[-1] < 3 * loudest[-2]:
            return None
        number = 10 * number + int(np.argmax(power[tones]))
    return number
