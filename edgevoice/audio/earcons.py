"""Short signal sounds, made when first needed; 24 kHz mono.

Never inside the capture window: the model would hear them as speech.
"""

from enum import Enum
from functools import cache
from typing import Final

import numpy as np

from edgevoice.audio.pcm import DOWNLINK_HZ, Samples, frames

LOUDNESS: Final = 0.2
"""Peak of full scale; speech peaks at about 0.5."""

_EDGE_S: Final = 0.008


class Earcon(Enum):
    """What a signal says: notes as (Hz, seconds), 0 Hz is a rest."""

    KEPT = ((440.0, 0.07), (0.0, 0.05), (440.0, 0.07))
    """No link: what you said is kept and sent later."""
    FAILED = ((392.0, 0.12), (294.0, 0.2))
    """Your question got no answer."""
    ASK = ((440.0, 0.1), (587.0, 0.16))
    """Press the button to allow what the model wants to do."""
    CUT = ((523.0, 0.08), (392.0, 0.08), (294.0, 0.16))
    """The answer broke off."""
    BUDGET_LOW = (
        (659.0, 0.07),
        (0.0, 0.05),
        (659.0, 0.07),
        (0.0, 0.05),
        (659.0, 0.07),
    )
    """Four fifths of what the day may cost are spent."""
    BUDGET_SPENT = ((659.0, 0.08), (523.0, 0.08), (392.0, 0.08), (262.0, 0.24))
    """The day's budget is spent: no question is taken."""


@cache
def samples(earcon: Earcon) -> Samples:
    """The sound of a signal, shape ``(frames,)``."""
    return np.concatenate([_note(hz, length) for hz, length in earcon.value])


def _note(hz: float, length: float) -> Samples:
    count = frames(length, DOWNLINK_HZ)
    wave = np.sin(2 * np.pi * hz * np.arange(count) / DOWNLINK_HZ)
    edge = np.minimum(1.0, np.arange(count) / frames(_EDGE_S, DOWNLINK_HZ))
    return (wave * edge * edge[::-1] * LOUDNESS * 32767).astype(np.int16)
