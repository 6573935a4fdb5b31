"""Which cards have come since PortAudio made its list of devices.

The list is frozen while a stream is open. To make it anew ends every stream, so one
has to know whether that promises anything.
"""

import ctypes
from typing import Final

from edgevoice.audio.names import DeviceInfo, Direction, card_ids

_STREAM: Final[dict[Direction, int]] = {"output": 0, "input": 1}
"""SND_PCM_STREAM_PLAYBACK and SND_PCM_STREAM_CAPTURE."""

_NONBLOCK: Final = 1
"""SND_PCM_NONBLOCK: a card in use is refused, not waited for."""


class Arrivals:
    """What changed since the list was made; whoever has the list guards it.

    Attributes:
        cards: Number and id of the cards that the list was made of.
    """

    def __init__(self) -> None:
        self.cards: dict[int, str] = {}
        self._in_vain: set[Direction] = set()

    def listed(self) -> None:
        """The list is new."""
        self.cards = card_ids()

    def promise(self, wanted: str, direction: Direction) -> bool:
        """Whether a new list may hold a device that cannot be opened with this one.

        A card has come, or ALSA opens the device now. If that did not help it is no
        promise again until the device was gone or open in between: what works is not
        disturbed for ever for what does not. May block; see ``alsa_opens``.
        """
        if card_ids().items() - self.cards.items():
            return True
        if not alsa_opens(wanted, direction):
            self._in_vain.discard(direction)
            return False
        if direction in self._in_vain:
            return False
        self._in_vain.add(direction)
        return True

    def kept(self, direction: Direction) -> None:
        """A device was opened: the promise was kept."""
        self._in_vain.discard(direction)

    def outdated(self, device: DeviceInfo) -> bool:
        """Whether its card went, or has another number since the list was made.

        By its index PortAudio would open whichever card has the old number now.
        """
        now = card_ids()
        return any(
            now.get(number) != card
            for number, card in self.cards.items()
            if device.name.startswith(f"hw:CARD={card},")
        )


def alsa_opens(name: str, direction: Direction) -> bool | None:
    """Whether ALSA can open this device now; it is closed again at once.

    It takes 0.1 ms if there is none and 3 ms behind a sound server, and blocks if that
    hangs. It touches no stream that is open.

    Args:
        name: As ALSA knows it: ``hw:CARD=Device,DEV=0``, ``default``. What a card
            calls itself is no such name, and so never opens.
        direction: Whether to record or to play.

    Returns:
        None where there is no ALSA.
    """
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:  # not Linux
        return None
    pcm = ctypes.c_void_p()
    asked = ctypes.byref(pcm), name.encode(), _STREAM[direction], _NONBLOCK
    if alsa.snd_pcm_open(*asked) < 0:
        return False
    # None behind a server that is just starting: PortAudio would abort the process.
    descriptors = alsa.snd_pcm_poll_descriptors_count(pcm)
    alsa.snd_pcm_close(pcm)
    return bool(descriptors > 0)
