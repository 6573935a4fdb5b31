"""What a microphone and a speaker are, and which backend opens which name.

A device's name is what the settings carry: ``default``, an ALSA name that stays
the same over reboots (``hw:CARD=Device,DEV=0``), or ``file:NAME.wav``.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from edgevoice.audio.pcm import Samples

OnBlock: TypeAlias = Callable[[bytes], None]
"""Takes one block of 16 kHz mono PCM; called in the device's own thread."""

Pull: TypeAlias = Callable[[Samples], bool]
"""Fills a buffer with the next 24 kHz frames; called in the device's own thread.

Returns True once, with the block that holds the last frame of a response.
"""


class Microphone(Protocol):
    """Delivers sound from the moment it is opened until it is closed."""

    name: str
    """Resolved, stable name, as `edgevoice devices` prints it."""
    rate: int
    """Rate at which the device itself runs, in Hz."""

    def close(self) -> None:
        """Stop; may be called twice, from any thread; no block comes after it."""

    def rewind(self) -> None:
        """A press begins: a file starts from its beginning; a card does nothing."""


class Speaker(Protocol):
    """Asks for sound from the moment it is opened until it is closed."""

    name: str
    rate: int

    def close(self) -> None:
        """Stop at once; may be called twice, from any thread; no pull after it."""
