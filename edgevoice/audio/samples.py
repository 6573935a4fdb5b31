"""PCM as an array of numpy, for those who reckon more with it than ``pcm`` does.

They are the conversion of rates, the doctor, the simulator and the tests. The daemon
does without: numpy takes 14 MB, and a tenth of a second of each start.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgevoice.audio.pcm import BYTES_PER_FRAME

Samples: TypeAlias = npt.NDArray[np.int16]
"""PCM as an array, shape ``(frames,)``."""


def to_samples(pcm: bytes) -> Samples:
    """View PCM bytes as samples without a copy; a trailing odd byte is cut."""
    return np.frombuffer(pcm, np.int16, count=len(pcm) // BYTES_PER_FRAME)
