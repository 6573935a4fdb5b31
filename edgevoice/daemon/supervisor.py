"""systemd: ready, status in plain words, watchdog, stopping.

``systemd`` is also the name of a folder at the top of the checkout, so ``import
systemd`` alone would succeed without systemd-python; hence the form below.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping

try:
    from systemd import daemon as _sd
except ImportError:  # a laptop
    _sd = None


def notify(**fields: str) -> None:
    """Tell systemd, for example ``READY="1"``; without systemd, nothing happens."""
    if _sd is not None:
        # $NOTIFY_SOCKET may be inherited from a service that has ended.
        with contextlib.suppress(OSError):
            _sd.notify("\n".join(f"{name}={value}" for name, value in fields.items()))


def watchdog_interval(environ: Mapping[str, str] = os.environ) -> float | None:
    """Seconds between two signs of life, half of what systemd allows; or None."""
    try:
        return int(environ["WATCHDOG_USEC"]) / 2e6
    except (KeyError, ValueError):
        return None


async def feed_watchdog(alive: Callable[[], bool]) -> None:
    """Send a sign of life while ``alive()``, until cancelled."""
    interval = watchdog_interval()
    while interval:
        if alive():
            notify(WATCHDOG="1")
        await asyncio.sleep(interval)
