"""Whether this machine knows what time it is: a Raspberry Pi has no clock of its own.

A wrong time makes every certificate invalid, and the link is refused without a word
about clocks.
"""

import time
from pathlib import Path
from typing import Final

import edgevoice
from edgevoice.doctor.finding import Finding, ok, warning, wrong

FAR_OFF_S: Final = 120.0
"""A clock that differs so much from the server's is worth a word, seconds."""

DAY_S: Final = 86_400.0

NOT_YET_VALID: Final = 9
EXPIRED: Final = 10
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""

CURE: Final = "set the clock: `sudo timedatectl set-ntp true`, then wait a minute"


def blamed(verify_code: int) -> str:
    """The cure if a certificate was refused for its time; else nothing."""
    portal = "; or a login page stands between: log in to this Wi-Fi"
    return {NOT_YET_VALID: CURE, EXPIRED: CURE + portal}.get(verify_code, "")


def check_clock(now: float, built: float, server_time: float | None) -> Finding:
    """Judge the clock.

    Args:
        now: This machine's time, seconds since 1970.
        built: A time that is surely over, see ``built``.
        server_time: What the server says, to the second; None if it was not asked.
    """
    here = words(now)
    if now < built - DAY_S:
        return wrong("clock", f"it is {here} here, but surely later", CURE)
    if server_time is None:
        return ok("clock", f"{here}; the server's was not seen")
    off = round(now - server_time)
    if abs(off) > FAR_OFF_S:
        how = f"{abs(off)} s {'ahead of' if off > 0 else 'behind'} the server's"
        return warning("clock", f"{here}, {how}", CURE)
    return ok("clock", f"{here}, as the server's")


def built() -> float:
    """When this program was made or installed, seconds since 1970."""
    return Path(edgevoice.__file__).stat().st_mtime


def words(when: float) -> str:
    """A time for a person, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(when))
