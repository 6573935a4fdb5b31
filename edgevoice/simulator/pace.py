"""How fast the simulated model is: its own waiting, and the pace of its sound."""

import asyncio
from typing import Final

HEARD_AFTER: Final = 0.27
"""Seconds from the end of the activity to the input's transcript (270 to 330 ms were
measured at the real server)."""
FIRST_SOUND_AFTER: Final = 0.30
"""Seconds from the end of the activity to the first sound. The real server takes
0.3 to 1.2 s; constant here, so that a latency measured against it is the client's."""
GAP_EVERY: Final = 10
"""Messages from one gap in the sound to the next, the first after half as many:
2 s of sound."""


class Clock:
    """Waits until so many seconds after its creation, stretched by the pace."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._start = asyncio.get_running_loop().time()

    async def until(self, seconds: float) -> None:
        """Return so many seconds after the creation, at once if that is past."""
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._start + seconds * self._pace - now))

    async def rest(self, seconds: float) -> None:
        """Stand still for so long; what is late after that is not waited for."""
        await asyncio.sleep(seconds * self._pace)
