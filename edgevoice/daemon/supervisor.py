"""What systemd is told, and the watchdog; see sd_notify(3)."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Mapping


def notify(**fields: str) -> None:
    """Tell systemd, for example ``READY="1"``; without systemd, nothing happens.

    It never waits, which is why it is not the library's: while systemd does not read,
    that one would hold up the whole appliance. What does not fit then is not told.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    message = "\n".join(f"{name}={value}" for name, value in fields.items())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)
        # $NOTIFY_SOCKET may be inherited from a service that has ended.
        with contextlib.suppress(OSError):
            # A leading @ stands for the null byte of an abstract address.
            where = f"\0{address[1:]}" if address.startswith("@") else address
            channel.sendto(message.encode(), where)


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
