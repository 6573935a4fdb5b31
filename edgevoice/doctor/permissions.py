"""Whether the devices may be used: by the system's service, or by who asks."""

import grp
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edgevoice.doctor.finding import Finding, ok, skipped, wrong

DEVICES: Final = ("/dev/snd/controlC*", "/dev/snd/pcmC*", "/dev/gpiochip*")

_NONE: Final = "neither a sound card nor a GPIO chip is here"


def check_service_permissions(
    groups: Iterable[str], patterns: Iterable[str] = DEVICES
) -> Finding:
    """``permissions``: whether the system's service may use the devices there are.

    Whoever asks: root may use all, and says nothing of the service. It is judged by
    groups and mode; its user owns no device.

    Args:
        groups: Those that the unit joins.
        patterns: Which devices.
    """
    nodes, groups = _nodes(patterns), [*groups]
    if not nodes:
        return skipped("permissions", _NONE)
    ids = {group.gr_gid for group in grp.getgrall() if group.gr_name in groups}
    for node in nodes:
        if not _is_open(node.stat(), ids):
            mode = f"{stat.S_IMODE(node.stat().st_mode):o}"
            whose = f"group {_group(node)}, mode {mode}"
            found = f"the service may not use {node}: {whose}"
            return wrong("permissions", found, _RULES.format(" or ".join(groups)))
    return ok("permissions", f"{len(nodes)} devices, the service may use all")


_RULES: Final = (
    "`sudo udevadm control --reload`, `sudo udevadm trigger`; if that does not help, a "
    "udev rule has to give it group {} and mode 660"
)


def _is_open(node: os.stat_result, groups: Iterable[int]) -> bool:
    """Whether others than its owner, with these groups, may read and write it."""
    wanted = stat.S_IROTH | stat.S_IWOTH
    if node.st_gid in groups:
        wanted = stat.S_IRGRP | stat.S_IWGRP
    return node.st_mode & wanted == wanted


def check_permissions(user: str, patterns: Iterable[str] = DEVICES) -> Finding:
    """``permissions``: whether this user may use the devices that there are.

    Args:
        user: Its name, for the cure.
        patterns: Which devices.
    """
    nodes = _nodes(patterns)
    if not nodes:
        return skipped("permissions", _NONE)
    shut = [node for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if not shut:
        return ok("permissions", f"{len(nodes)} devices, all may be used")
    groups = sorted({_group(node) for node in shut})
    found = f"no permission to use {shut[0]}" + (" and others" if shut[1:] else "")
    if _waits_for_login(user, groups):
        return wrong("permissions", found, f"log in anew: {user} was added just now")
    return wrong(
        "permissions",
        found,
        f"`sudo usermod -aG {','.join(groups)} {user}`, then log in anew",
    )


def _group(node: Path) -> str:
    try:
        return node.group()
    except KeyError:
        return str(node.stat().st_gid)


def _waits_for_login(name: str, groups: Iterable[str]) -> bool:
    """Whether the user is a member of all, but this session does not know it yet."""
    return all(group in _members(name) for group in groups)


def _members(name: str) -> set[str]:
    return {group.gr_name for group in grp.getgrall() if name in group.gr_mem}


def _nodes(patterns: Iterable[str]) -> list[Path]:
    return [node for one in patterns for node in sorted(Path("/").glob(one[1:]))]
