"""Whether what a microphone gives is good: silent, clipping, humming, too quiet.

Pure. Levels are in dB of full scale (dBFS); the loudest possible sine has -3.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from edgevoice.audio.pcm import frames
from edgevoice.audio.samples import Samples
from edgevoice.doctor.finding import Finding, ok, warning, wrong

SILENT: Final = 2
"""No sample beyond this, in units of 16 bit: nothing was recorded. A conversion of
rates adds one unit of noise to digital silence; the quietest microphone on the header
in the quietest room has some units."""

FULL: Final = 32_440
"""Samples from here on (99 % of full scale) are clipped."""

CLIPPED: Final = 0.0005
"""Share of clipped samples that is heard as distortion."""

OFFSET: Final = 0.05
"""Mean of all samples, of full scale, that takes room from the sound."""

MAINS_HZ: Final = (50, 60)
HARMONICS: Final = range(1, 7)
HUM_WIDTH_HZ: Final = 1.5
HUM_SHARE: Final = 0.5
"""Share of the power that lies within ``HUM_WIDTH_HZ`` of the mains and its harmonics.
No voice keeps its pitch so still: speech has some percent there."""

HUM_DBFS: Final = -60.0
"""Hum below this is not heard by anybody."""

QUIET_DBFS: Final = -45.0
"""Speech whose loudest 100 ms are below this is understood badly."""

_LOUDEST_S: Final = 0.1

_MIXER: Final = "`alsamixer` (F6 chooses the card, F4 shows its microphones)"


@dataclass(frozen=True, slots=True)
class Sound:
    """What is judged of a recording.

    Attributes:
        peak: Largest sample without sign and offset, units of 16 bit.
        clipped: Share of samples at full scale, 0 to 1.
        offset: Mean of all samples, of full scale, -1 to 1.
        loudest: Level of the loudest 100 ms, without offset, dBFS.
        hum: Share of the power at the mains and its harmonics, 0 to 1.
        hum_hz: Of which mains, 50 or 60.
        hum_level: Level of that part, dBFS.
    """

    peak: int
    clipped: float
    offset: float
    loudest: float
    hum: float
    hum_hz: int
    hum_level: float


def measure(sound: Samples, hz: int) -> Sound:
    """Measure a recording of half a second at least, mono, at ``hz``."""
    wide = sound.astype(np.float64)
    size = np.abs(wide)
    mean = float(wide.mean())
    still = np.clip(wide - mean, -32768, 32767).astype(np.int16)
    hum_hz, hum = _hum(wide - mean, hz)
    return Sound(
        peak=round(float(np.abs(wide - mean).max())),
        clipped=float((size >= FULL).mean()),
        offset=mean / 32768,
        loudest=max(dbfs(_level(part)) for part in _parts(still, hz)),
        hum=hum,
        hum_hz=hum_hz,
        hum_level=dbfs(_level(still) * math.sqrt(hum)),
    )


def judge(sound: Samples, hz: int, *, spoken: bool) -> Finding:
    """Say whether a recording is good, and if not, what would mend it.

    Args:
        sound: Mono, half a second at least.
        hz: Its rate.
        spoken: Somebody was asked to speak. If not, quiet is no fault.
    """
    if len(sound) < frames(0.5, hz):
        return wrong("level", "hardly any sound came", _UNPLUGGED)
    found = measure(sound, hz)
    for bad, complaint in _COMPLAINTS:
        if bad(found):
            return complaint(found)
    if spoken and found.loudest < QUIET_DBFS:
        text = f"too quiet: {found.loudest:.0f} dB at the loudest"
        return warning("level", text, f"speak from nearer, or turn it up in {_MIXER}")
    return ok("level", f"good: {found.loudest:.0f} dB at the loudest, no hum")


def dbfs(share: float) -> float:
    """A share of full scale as dBFS; silence is -100."""
    return max(-100.0, 20 * math.log10(share)) if share > 0 else -100.0


def _level(sound: Samples) -> float:
    """Root mean square of full scale, 0.0 to 1.0."""
    wide = sound.astype(np.float64)
    return float(np.sqrt(np.mean(wide * wide))) / 32768.0


def _parts(sound: Samples, hz: int) -> list[Samples]:
    return np.array_split(sound, max(1, len(sound) // frames(_LOUDEST_S, hz)))


def _hum(wave: npt.NDArray[np.float64], hz: int) -> tuple[int, float]:
    """Mains with most power at it and its harmonics, and the share of all power."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    at = np.fft.rfftfreq(len(wave), 1 / hz)
    total = float(power.sum()) or 1.0

    def share(mains: int) -> float:
        nearest = np.clip(np.round(at / mains), HARMONICS.start, HARMONICS.stop - 1)
        near = np.abs(at - mains * nearest) <= HUM_WIDTH_HZ
        return float(power[near].sum()) / total

    best = max(MAINS_HZ, key=share)
    return best, share(best)


_UNPLUGGED: Final = "is it the right device? `edgevoice devices` lists all"


def _silent(_: Sound) -> Finding:
    cure = f"switch it on: a switch on it, or {_MIXER}; {_UNPLUGGED}"
    return wrong("level", "silent: not a sound comes, not even noise", cure)


def _clipping(found: Sound) -> Finding:
    text = f"clipping: {found.clipped:.1%} of it at full scale"
    return warning("level", text, f"turn it down in {_MIXER}, or speak less near")


def _offset(found: Sound) -> Finding:
    text = f"the zero line is off by {found.offset:.0%} of full scale"
    return warning("level", text, "another microphone or USB port; it is electrical")


def _humming(found: Sound) -> Finding:
    text = f"hum of {found.hum_hz} Hz: {found.hum_level:.0f} dB"
    return warning("level", text, "another power supply or cable, away from mains")


_Complaint: TypeAlias = tuple[Callable[[Sound], bool], Callable[[Sound], Finding]]

_COMPLAINTS: Final[tuple[_Complaint, ...]] = (
    (lambda found: found.peak <= SILENT, _silent),
    (lambda found: found.clipped > CLIPPED, _clipping),
    (lambda found: abs(found.offset) > OFFSET, _offset),
    (lambda found: found.hum > HUM_SHARE and found.hum_level > HUM_DBFS, _humming),
)
"""What can be wrong, worst first: the first that fits is told."""
