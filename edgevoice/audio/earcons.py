"""Short signal sounds, made when first needed; 24 kHz mono.

Never inside the capture window: the model would hear them as speech.
"""

import math
from array import array
from enum import Enum
from functools import cache
from typing import Final

from edgevoice.audio.pcm import DOWNLINK_HZ, fade_in, fade_out, frames

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
def samples(earcon: Earcon) -> bytes:
    """The sound of a signal; made once, in 2 ms of a desktop machine at most."""
    return b"".join(_note(hz, length) for hz, length in earcon.value)


def _note(hz: float, length: float) -> bytes:
    count = frames(length, DOWNLINK_HZ)
    turn = 2 * math.pi * hz / DOWNLINK_HZ
    peak = LOUDNESS * 32767
    wave = array("h", (int(peak * math.sin(turn * at)) for at in range(count)))
    edge = frames(_EDGE_S, DOWNLINK_HZ)
    return fade_out(fade_in(wave.tobytes(), edge), edge)
