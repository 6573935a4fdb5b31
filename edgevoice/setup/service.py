"""The system's service, as far as setup has to do with it; for root alone."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edgevoice.setup.interrupts import uninterrupted

UNIT: Final = "edgevoice.service"

BOOTED: Final = Path("/run/systemd/system")
"""There while systemd is the one that runs this machine; see sd_booted(3)."""

INPUT_DROP_IN: Final = Path("/etc/systemd/system/edgevoice.service.d/input.conf")
INPUT_ALLOWED: Final = """\
# Written by `edgevoice setup`: the button is an input device (evdev:...).
[Service]
SupplementaryGroups=input
DeviceAllow=char-input r
"""

SLOW_S: Final = 90.0
"""Longest wait for systemctl, seconds: the unit may take 60 to start, 10 to stop."""


def is_there() -> bool:
    """Whether systemd runs this machine and knows the unit."""
    return BOOTED.is_dir() and _systemctl("cat", UNIT)


def runs() -> bool:
    """Whether the daemon runs, and so holds the card and the pins."""
    return _systemctl("is-active", "--quiet", UNIT)


def restart() -> bool:
    """Start it with new settings, or anew; whether it became ready."""
    # Also after a key was missing so often that systemd has given it up.
    _systemctl("reset-failed", UNIT)
    return _systemctl("daemon-reload") and _systemctl("restart", UNIT)


@contextlib.contextmanager
def stopped() -> Iterator[None]:
    """Stop it for as long as the block runs, and start it however the block ends."""
    try:
        _systemctl("stop", UNIT)
        yield
    finally:
        with uninterrupted():  # systemctl inherits that it ignores Ctrl+C
            restart()


def _systemctl(*arguments: str) -> bool:
    try:
        done = subprocess.run(
            ["systemctl", *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SLOW_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
