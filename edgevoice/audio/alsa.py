"""Asks ALSA whether a device is there, past PortAudio's frozen list."""

import ctypes
from typing import Final

from edgevoice.audio.names import Direction

_STREAM: Final[dict[Direction, int]] = {"output": 0, "input": 1}
"""SND_PCM_STREAM_PLAYBACK and SND_PCM_STREAM_CAPTURE."""

_NONBLOCK: Final = 1
"""SND_PCM_NONBLOCK: a card in use is refused, not waited for."""


def opens(name: str, direction: Direction) -> bool:
    """Whether ALSA can open this device now; it is closed again at once.

    It takes 0.1 ms for a card that is not there, 3 ms behind a sound server, and
    blocks if that one hangs. It touches no stream that is open.

    Args:
        name: As ALSA knows it: ``hw:CARD=Device,DEV=0``, ``default``. What a card
            calls itself is no such name, and so never opens.
        direction: Whether to record or to play.
    """
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:  # not Linux
        return False
    pcm = ctypes.c_void_p()
    asked = ctypes.byref(pcm), name.encode(), _STREAM[direction], _NONBLOCK
    if alsa.snd_pcm_open(*asked) < 0:
        return False
    alsa.snd_pcm_close(pcm)
    return True
