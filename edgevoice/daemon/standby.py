"""When a sound card need not run: nothing was to be heard for a while.

A card that plays silence wakes the machine a hundred times a second, day and night.
PulseAudio, PipeWire and most players let a card rest, too.
"""

from typing import Final

REST_S: Final = 30.0
"""Seconds without sound or a press after which the speaker is closed.

Longer than most pauses in a dialogue. A press opens it, which takes 10 ms behind
PulseAudio and a second over Bluetooth: an answer comes later than that.
"""


class Standby:
    """Remembers when a device was needed last.

    Args:
        now: Any steady clock, seconds; a device is needed at the start, since a person
            wants to know whether it works.
    """

    def __init__(self, now: float) -> None:
        self._needed = now

    def awake(self, *, needed: bool, now: float) -> bool:
        """Whether the device should be open; remembers that it was needed.

        Args:
            needed: Whether it is needed at this moment.
            now: By the same clock.
        """
        if needed:
            self._needed = now
        return needed or now - self._needed < REST_S
