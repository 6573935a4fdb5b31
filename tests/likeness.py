"""Whether a sound was heard whole, on a machine that may stall for a moment.

A sound server without real-time rights runs dry when the machine does not let it run.
That is heard as a pause, and shows that the machine is slow. What must never be, on
any machine: something lost, changed, heard twice, or in another order.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.int16]

PIECE = 720
"""Frames compared at a time: 30 ms at 24 kHz."""

QUIET = 300
"""A piece that stays below this is a pause of the speaker: it fits anywhere."""

ALIKE = 0.8
"""Correlation of a piece with itself; that of two different ones stays far below."""

SMOOTH = 8
"""Frames averaged before comparing: a rate conversion shifts a sound by half a frame,
after which its highest tones are not alike."""

DITHER = 8
"""A sound server's silence stays below this."""


@dataclass(frozen=True)
class Heard:
    """What became of a sound.

    Attributes:
        missing: Pieces that are not where they should be; a pause hides none, but for
            the piece that it cuts in two.
        pauses: Frames of silence added, at each place.
    """

    missing: int
    pauses: tuple[int, ...]


def compare(want: Sound, got: Sound, longest: int = 9600) -> Heard:
    """Look for ``want`` in ``got``, piece after piece.

    Args:
        want: What was to be heard.
        got: A recording of the same rate, with anything before and after it.
        longest: Frames by which a pause may put a piece off.
    """
    want, got = _smooth(want), _smooth(got)
    shift = _first(want, got)
    missing, cut, pauses = 0, False, list[int]()
    for start in range(0, len(want) - PIECE + 1, PIECE):
        piece = want[start : start + PIECE]
        if np.abs(piece.astype(int)).max() < QUIET:
            continue
        at = start + shift
        if _best(piece, got[max(0, at - 3) : at + PIECE + 3])[1] > ALIKE:
            missing, cut = missing + cut, False
            continue
        later, alike = _best(piece, got[at : at + PIECE + longest])
        if alike > ALIKE and _has_silence(got[at - PIECE : at + later], later):
            pauses.append(later)
            shift, cut = shift + later, False
        else:
            missing, cut = missing + cut, True
    return Heard(missing + cut, tuple(pauses))


def is_whole(want: Sound, got: Sound, most_pauses: int = 4) -> bool:
    """Whether all of it was heard, in order, with a few pauses at the most.

    One piece may be missing: a pause of a few milliseconds cuts it, and is not seen.
    """
    heard = compare(want, got)
    return heard.missing <= 1 and len(heard.pauses) <= most_pauses


def _smooth(sound: Sound) -> Sound:
    return np.convolve(sound, np.ones(SMOOTH) / SMOOTH, "same").astype(np.int16)


def _first(want: Sound, got: Sound) -> int:
    """Where the first loud third of a second lies in the recording."""
    loud = int(np.argmax(np.abs(want.astype(int)) >= QUIET))
    return _best(want[loud : loud + 10 * PIECE], got)[0] - loud


def _best(piece: Sound, area: Sound) -> tuple[int, float]:
    """Where a piece fits best, and its correlation there."""
    if len(area) < len(piece):
        return 0, 0.0
    a, b = area.astype(float), piece.astype(float)
    size = 1 << (len(a) + len(b)).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)
    energy = np.convolve(a * a, np.ones(len(b)), "valid")
    alike = product[: len(energy)] / np.sqrt(np.maximum(energy, 1) * (b @ b))
    at = int(np.argmax(alike))
    return at, float(alike[at])


def _has_silence(area: Sound, frames: int) -> bool:
    """Whether most of so many frames in a row are silent somewhere in it."""
    silent = (np.abs(area.astype(int)) <= DITHER).astype(float)
    span = max(1, round(0.9 * frames))
    return bool((np.convolve(silent, np.ones(span), "valid") > 0.98 * span).any())
