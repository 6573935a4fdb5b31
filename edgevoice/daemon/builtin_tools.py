"""What edgevoice itself offers the model: loudness, silence, a new conversation.

Each is declared in few words, since every turn pays for them (some 40 tokens each).
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.status import status
from edgevoice.tools.signature import Function

LOOK_S: Final = 0.5
"""How often the end of an answer is looked for, seconds."""

_TOLD: Final = ("error", "link", "microphone", "speaker", "volume", "muted", "usage")
"""What the model learns of the status; nothing of it is personal."""


class BuiltIns:
    """The functions by their names; loop's thread only.

    They are coroutine functions, so that they run on the loop and not in a thread.
    Their docstrings are for the model.

    Args:
        appliance: What they act on.
    """

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._anew = False

    @property
    def functions(self) -> Mapping[str, Function]:
        """Every one of them, as ``Toolbox`` takes them."""
        return {
            "volume": self.volume,
            "stop": self.stop,
            "new_conversation": self.new_conversation,
            "date_and_time": date_and_time,
            "device_status": self.device_status,
        }

    async def keep(self) -> None:
        """Begin a new conversation once the answer was heard, until cancelled.

        Who asks for one wants to hear that it is granted. A question that was begun
        meanwhile still belongs to the old one: nothing that was said is lost.
        """
        appliance = self._appliance
        while True:
            await appliance.bell.until(lambda: self._anew)
            # The end of a signal sound rings no bell.
            if await appliance.bell.until(appliance.may_leave, LOOK_S):
                self._anew = False
                appliance.begin_anew()

    async def volume(self, level: int | None = None, muted: bool | None = None) -> Any:
        """Get or set the loudness (level 0 to 100), or mute."""
        if level is not None and not 0 <= level <= 100:
            raise ValueError("level must be 0 to 100")
        if level is not None or muted is not None:
            self._appliance.set_volume(level, muted=muted)
        sound = self._appliance.sound
        return {"volume": sound.volume, "muted": sound.muted}

    async def stop(self) -> str:
        """Be silent at once; say nothing more."""
        # Who says "stop" wants silence, and no answer to it. The result goes out all
        # the same, or the model would wait for it.
        asyncio.get_running_loop().call_soon(self._appliance.silence)
        return "silent"

    async def new_conversation(self) -> str:
        """Forget this conversation after your next answer."""
        self._anew = True
        self._appliance.bell.ring()
        return "forgotten once this answer was heard"

    async def device_status(self) -> Any:
        """State of this device: sound, network, errors, use."""
        now = status(self._appliance)
        return {name: now[name] for name in _TOLD}


async def date_and_time() -> str:
    """Date and time here, now."""
    return f"{datetime.now().astimezone():%A, %d %B %Y, %H:%M %Z}"
