"""Keeps a device open, whatever happens to it.

It may be missing at the start, be unplugged, or freeze; the daemon stays
up and tries again. Opening and closing may block for seconds inside the sound
system, so both are done in a worker thread.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from edgevoice.daemon.bell import Bell
from edgevoice.errors import DeviceError

log = logging.getLogger(__name__)

RETRY_S: Final = 1.0
"""Pause between two attempts to open a device, seconds.

A device that is back works within 3 s (scripts/drill-devices). A failed attempt takes
2 ms of CPU on a desktop machine, 0.4 ms while another device is open; a daemon that
misses both takes 0.6 % of a core in all.
"""

CHECK_S: Final = 0.5
"""How often an open device is asked whether it still lives, seconds; a look costs a
wake-up, day and night."""


class Device(Protocol):
    """What a microphone and a speaker have in common."""

    name: str

    def alive(self, now: float) -> bool:
        """Whether its callbacks still come; ``now`` is ``time.monotonic()``."""

    def close(self) -> None:
        """Stop; may be called twice, from any thread."""


OPEN_S: Final = 10.0
"""A device that takes longer to open hangs, seconds."""

CLOSE_S: Final = 2.0
"""How long a device is given to close before it is left behind, seconds."""

D = TypeVar("D", bound=Device)


class Keeper(Generic[D]):
    """Keeps one device open while it is wanted; loop's thread only.

    Args:
        kind: ``microphone`` or ``speaker``, for people.
        name: What the settings call it.
        open_device: Opens the one of a name; may block; raises DeviceError.
        wanted: Whether it should be open now.
        changed: Called when ``state`` or ``error`` is new.
        bell: Rings when ``wanted`` may have changed.
        clock: ``time.monotonic`` or what stands for it.

    Attributes:
        name: What the settings call it; once it is open, its resolved name.
        device: The open device, or None.
        error: Why it is not open, one line; None if that is as it should be.
        stuck: Opening hangs; there is no way out but a restart.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        open_device: Callable[[str], D],
        *,
        wanted: Callable[[], bool],
        changed: Callable[[], None],
        bell: Bell,
        clock: Callable[[], float],
    ) -> None:
        self.kind = kind
        self.name = name
        self.device: D | None = None
        self.error: str | None = None
        self.absent = False
        """The last try to open it failed."""
        self.stuck = False
        self._open_device = open_device
        self._renewing = False
        self._opened = ""
        """The one that was opened last, as it is called."""
        self._asked = self._tried = name
        """What the settings call the one to be kept, and the one tried last."""
        self._wanted = wanted
        self._changed = changed
        self._bell = bell
        self._clock = clock

    @property
    def state(self) -> str:
        """``open``, ``closed`` (not wanted now) or ``missing``."""
        if self.device is not None or self._renewing:
            return "open"
        return "missing" if self.error else "closed"

    def facts(self) -> dict[str, str | None]:
        """What `edgevoice status` and `watch` tell of the device."""
        return {"name": self.name, "state": self.state, "error": self.error}

    def use(self, name: str) -> None:
        """Keep another device from now on; one that is open is closed."""
        self._asked = name
        self._bell.ring()

    def renew(self) -> None:
        """Close the device at once, and open it anew; nobody is told unless it fails.

        It drops what the device has taken and is not heard yet.
        """
        if self.device is not None:
            self._renewing = True
            self._bell.ring()

    async def keep(self) -> None:
        """Open it, watch it, open it again, until cancelled; then close it."""
        try:
            while True:
                if self._renewing and not self._wanted():
                    self._renewing = False
                    self._changed()
                await self._bell.until(self._wanted)
                if await self._try_to_open():
                    await self._watch()
                    await self._shut()
                else:
                    await asyncio.sleep(RETRY_S)
        finally:
            await self._close()

    async def _try_to_open(self) -> bool:
        if self._asked != self._tried:
            self.name = self._tried = self._asked
        loop = asyncio.get_running_loop()
        opening = loop.run_in_executor(None, self._open_device, self._tried)
        try:
            if not (await asyncio.wait({opening}, timeout=OPEN_S))[0]:
                self.stuck = True
                self._fail(f"{self.kind} {self.name} does not open: unplug it once")
            self.device = await asyncio.shield(opening)
        except DeviceError as error:
            self.absent, self._renewing = True, False
            self._fail(str(error))
            return False
        except asyncio.CancelledError:
            # It may still come up in the worker thread: nobody would close it.
            opening.add_done_callback(_close_late)
            raise
        finally:
            self.stuck = False
        rested = self.error is None and self._opened == self.device.name
        self.name, self.error, self.absent = self.device.name, None, False
        self._opened = self.name
        if self._renewing:
            self._renewing = False
            return True
        level = logging.DEBUG if rested else logging.INFO
        extra = self._fields("open")
        log.log(level, "%s: %s is open", self.kind, self.name, extra=extra)
        self._changed()
        return True

    async def _watch(self) -> None:
        """Return when the device is not the wanted one any more, or has died."""
        device = self.device
        assert device is not None
        while await self._still_wanted():
            if not device.alive(self._clock()):
                self._renewing = False
                self._fail(f"{self.kind} {self.name} stopped: is it still plugged in?")
                return

    async def _still_wanted(self) -> bool:
        return not await self._bell.until(
            lambda: not self._wanted() or self._asked != self._tried or self._renewing,
            CHECK_S,
        )

    async def _shut(self) -> None:
        self._renewing = self._renewing and self._wanted()
        await self._close()
        if not self._renewing:
            self._changed()

    async def _close(self) -> None:
        device, self.device = self.device, None
        if device is None:
            return
        closing = asyncio.get_running_loop().run_in_executor(None, device.close)
        if not (await asyncio.wait({closing}, timeout=CLOSE_S))[0]:
            log.error("%s %s does not close; it is left behind", self.kind, self.name)

    def _fail(self, error: str) -> None:
        if error != self.error:
            log.error("%s", error, extra=self._fields("missing"))
        self.error = error
        self._changed()

    def _fields(self, state: str) -> dict[str, str]:
        return {"DEVICE": self.kind, "DEVICE_NAME": self.name, "DEVICE_STATE": state}


def _close_late(opening: "asyncio.Future[D]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
