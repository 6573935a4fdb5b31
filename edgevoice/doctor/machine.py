"""The machine below: Wi-Fi, power supply, disk and memory."""

import os
from pathlib import Path
from typing import Final

from edgevoice.doctor.finding import Finding, ok, skipped, warning, wrong
from edgevoice.doctor.tools import Ask, ask

LITTLE_DISK: Final = 50 * 2**20
LITTLE_MEMORY: Final = 50 * 2**20
"""Bytes below which other things begin to fail too."""

SYSTEM_STATE: Final = Path("/var/lib/edgevoice")
"""What the unit's StateDirectory= is."""


def check_wifi(net: Path = Path("/sys/class/net"), ask: Ask = ask) -> Finding:
    """``wifi``: whether it sleeps between packets, which makes answers stutter."""
    used = [
        card.parent.name
        for card in sorted(net.glob("*/phy80211"))
        if (card.parent / "operstate").read_text().strip() == "up"
    ]
    if not used:
        return skipped("wifi", "not in use")
    sleeping = {name: ask("iw", "dev", name, "get", "power_save") for name in used}
    for name, words in sleeping.items():
        if words and words.endswith("on"):
            found = f"{name} saves power: answers may stutter"
            return warning("wifi", found, _awake(name, ask))
    if not all(sleeping.values()):
        why = f"{used[0]}: power saving unknown"
        return skipped("wifi", why, "`sudo apt install iw` lets me see it")
    return ok("wifi", f"{', '.join(used)}: power saving is off")


def _awake(name: str, ask: Ask) -> str:
    lines = ask("nmcli", "-t", "-f", "DEVICE,NAME", "connection", "show", "--active")
    for line in (lines or "").splitlines():
        device, _, connection = line.partition(":")
        if device == name:
            one = f"'{connection}' 802-11-wireless.powersave 2"
            return f"`sudo nmcli connection modify {one}`, then restart the Pi"
    return f"`sudo iw dev {name} set power_save off` (until the next start)"


_POWER: Final = "a power supply of the Pi's own kind (5.1 V), a short thick cable"


def check_power(ask: Ask = ask) -> Finding:
    """``power``: what a Raspberry Pi says of its supply and its heat.

    The bits are those of ``vcgencmd get_throttled``, Raspberry Pi documentation.
    """
    words = ask("vcgencmd", "get_throttled") or ""
    try:
        bits = int(words.partition("=")[2], 16)
    except ValueError:
        return skipped("power", "only a Raspberry Pi can tell (vcgencmd)")
    if bits & 0x1:
        return wrong("power", "the voltage is too low now", _POWER)
    if bits & 0x10000:
        return warning("power", "the voltage was too low since the start", _POWER)
    if bits & 0xE000E:
        found = "it is or was too hot and slowed down"
        return warning("power", found, "a heat sink, or a case with more air")
    return ok("power", "never too low, never too hot")


def check_disk(folder: Path) -> Finding:
    """``disk``: whether the state, which outlives a restart, can be kept.

    Args:
        folder: Where; the nearest folder above that exists is judged.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if room.f_flag & os.ST_RDONLY:
        cure = "a card that failed is made read-only: `sudo dmesg | tail`"
        return wrong("disk", f"{folder} is read-only", cure)
    if not os.access(folder, os.W_OK | os.X_OK):
        owner = f"`ls -ld {folder}` shows whose it is"
        return warning("disk", f"{folder}: no permission to write", owner)
    if free < LITTLE_DISK:
        found = f"{folder}: only {free >> 20} MB are free"
        return warning(
            "disk", found, "`sudo apt clean`, `sudo journalctl --vacuum-size=50M`"
        )
    return ok("disk", f"{folder}: {free >> 20} MB are free")


def check_memory(meminfo: Path = Path("/proc/meminfo")) -> Finding:
    """``memory``: whether there is some left."""
    for line in meminfo.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            free = int(value.split()[0]) * 1024
            found = f"{free >> 20} MB are free"
            if free < LITTLE_MEMORY:
                return warning(
                    "memory", found, "stop what is not needed: `top -o %MEM`"
                )
            return ok("memory", found)
    return skipped("memory", "this kernel does not say")
