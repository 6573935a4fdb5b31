"""systemd: which of the two units fits this machine, and how it fares."""

import grp
import os
import pwd
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from edgevoice.doctor.finding import Finding, ok, skipped, warning, wrong
from edgevoice.doctor.tools import Ask, ask

UNIT: Final = "edgevoice.service"

SOUND_SERVERS: Final = {"pipewire-0": "PipeWire", "pulse/native": "PulseAudio"}
"""Sockets below /run/user/UID, and whose they are. PipeWire has both."""

FIELDS: Final = (
    *("LoadState", "UnitFileState", "ActiveState", "SubState", "Result"),
    *("NRestarts", "ExecMainStatus", "WatchdogUSec", "StatusText"),
)
"""What is asked of a unit. Not its environment, where a key may be."""

FIRST_PERSON: Final = 1000
"""Users below are of the system, a login screen's too (Debian Policy, 9.2.2)."""

SYSTEM: Final = "/etc/systemd/system/*.wants"
USER: Final = ("/etc/systemd/user/*.wants", ".config/systemd/user/*.wants")
"""Where ``systemctl enable`` puts its links; the last is below a home."""


def check_variant(user: pwd.struct_passwd, root: Path = Path("/")) -> Finding:
    """``variant``: which unit fits, and whether that one is enabled.

    PipeWire and PulseAudio belong to a person's session and hold the cards, so where
    one runs edgevoice must be in that session.

    Args:
        user: Who the user unit would belong to.
        root: Of the file system.
    """
    servers = _sound_servers(root, user.pw_uid)
    system = is_enabled(root)
    own = _enabled_for(user, root)
    fits = f"the user unit fits: {servers} runs for {user.pw_name}"
    if not servers:
        fits = "the system unit fits: no PipeWire or PulseAudio runs"
    if system and own:
        off = f"systemctl --user disable --now {UNIT}"
        if servers:
            off = f"sudo systemctl disable --now {UNIT}"
        return wrong("variant", f"both units are enabled; {fits}", f"`{off}`")
    if system and servers:
        cure = f"`sudo systemctl disable --now {UNIT}`, `{_ENABLE_USER}`"
        return warning("variant", f"the system unit is enabled, but {fits}", cure)
    if own and not servers:
        cure = f"`systemctl --user disable --now {UNIT}`, `{_ENABLE_SYSTEM}`"
        return warning("variant", f"the user unit is enabled, but {fits}", cure)
    return ok("variant", fits)


_ENABLE_USER: Final = f"systemctl --user enable --now {UNIT}"
_ENABLE_SYSTEM: Final = f"sudo systemctl enable --now {UNIT}"


def is_enabled(root: Path = Path("/")) -> bool:
    """Whether the system's unit starts at boot."""
    return any(root.glob(f"{SYSTEM[1:]}/{UNIT}"))


def check_installed(root: Path = Path("/")) -> Finding:
    """``installed``: not both the Debian package and what scripts/install makes.

    The latter's unit and program come before the package's, so the package is idle.

    Args:
        root: Of the file system.
    """
    if not (root / PACKAGED).exists():
        return skipped("installed", "there is no Debian package")
    unit = root / "etc/systemd/system" / UNIT
    ours = [root / name for name in SCRIPTED if os.path.lexists(root / name)]
    if unit.is_file() and f"/{SCRIPTED[0]}/" in unit.read_text():
        ours.append(unit)
    if not ours:
        return ok("installed", "the Debian package")
    found = f"two are here: the Debian package, and scripts/install's, {ours[0]}"
    return wrong("installed", f"{found}, which runs instead", _ONE_ALONE)


PACKAGED: Final = "usr/bin/edgevoice"
SCRIPTED: Final = ("opt/edgevoice", "usr/local/bin/edgevoice")
_ONE_ALONE: Final = (
    "in the checkout that it came from: `sudo scripts/uninstall`, which keeps settings "
    f"and key; then `{_ENABLE_SYSTEM}`"
)


def check_linger(user: pwd.struct_passwd, root: Path = Path("/")) -> Finding:
    """``linger``: a user's unit ends when its user logs out, unless they linger."""
    if not _enabled_for(user, root):
        return skipped("linger", "the user unit is not enabled")
    if (root / "var/lib/systemd/linger" / user.pw_name).exists():
        return ok("linger", f"the unit of {user.pw_name} runs without a login")
    found = f"the unit of {user.pw_name} ends at logout, and waits for a login"
    return warning("linger", found, f"`sudo loginctl enable-linger {user.pw_name}`")


def check_unit(user: pwd.struct_passwd | None = None, ask: Ask = ask) -> Finding:
    """``unit``, or ``user-unit`` of a user: how it fares, by what systemd says."""
    name = "user-unit" if user else "unit"
    scope = ["--user"] if user else []
    if user and user.pw_uid != os.getuid():  # root asks for somebody else
        scope.append(f"--machine={user.pw_name}@.host")
    words = ask("systemctl", *scope, "show", UNIT, f"--property={','.join(FIELDS)}")
    lines = (line.partition("=") for line in (words or "").splitlines())
    fields = {field: value for field, _, value in lines}
    if not fields:
        return skipped(name, "no systemd answers")
    if fields.get("LoadState") != "loaded":
        return skipped(name, "not installed")
    return _unit(
        name, " ".join(["journalctl", *scope[:1], "-u edgevoice -n 20"]), fields
    )


def _unit(name: str, journal: str, fields: dict[str, str]) -> Finding:
    active = fields.get("ActiveState", "")
    state = f"{active}, {fields.get('UnitFileState') or 'static'}"
    look = f"`{journal}` tells more"
    if active == "failed" or fields.get("SubState") == "auto-restart":
        status = fields.get("ExecMainStatus", "")
        why, cure = _STATUSES.get(status, (fields.get("Result", ""), ""))
        again = "" if active == "failed" else ", and is started again and again"
        return wrong(name, f"failed: {why}{again}", f"{cure}; {look}" if cure else look)
    restarts = int(fields.get("NRestarts") or 0)
    if restarts:
        found = f"{state}, but it was restarted {restarts} times"
        return warning(name, f"{found}, last for: {fields.get('Result')}", look)
    if active != "active":
        scope = "systemctl --user" if name == "user-unit" else "sudo systemctl"
        return warning(name, state, f"`{scope} enable --now {UNIT}` starts it")
    watch = fields.get("WatchdogUSec", "0")
    watched = "no watchdog" if watch in {"0", "infinity"} else f"watchdog {watch}"
    words = fields.get("StatusText", "").partition(";")[0]  # faults are told above
    return ok(name, f"{state}, {watched}; {words}")


_STATUSES: Final = {
    "78": ("settings or key (status 78)", "mend what is told above"),
    "203": ("there is no program (203/EXEC)", "install edgevoice again"),
    "216": ("a group is missing (216/GROUP)", "`sudo groupadd --system gpio`"),
    "217": (
        "its user is missing (217/USER)",
        "`sudo adduser --system --group edgevoice`",
    ),
    "243": ("the key cannot be read (243/CREDENTIALS)", "mend the key's file"),
}
"""Why and what then, by exit status: our own (sysexits(3)), and those of systemd
(systemd.exec(5), "Process exit codes")."""


def check_groups(groups: Iterable[str], *, installed: bool) -> Finding:
    """``groups``: those that the system unit joins must exist, or it cannot start."""
    if not installed:
        return skipped("groups", "the system unit is not installed")
    known = {group.gr_name for group in grp.getgrall()}
    missing = [name for name in groups if name not in known]
    if not missing:
        return ok("groups", f"{', '.join(groups)} exist")
    found = f"there is no group {missing[0]}: the unit fails with 216/GROUP"
    return wrong("groups", found, f"`sudo groupadd --system {missing[0]}`")


def person_behind(
    environ: Mapping[str, str], root: Path = Path("/")
) -> pwd.struct_passwd:
    """Who sits at the machine: behind sudo too, and for root whoever has a desktop."""
    behind = environ.get("SUDO_UID", "")
    uid = int(behind) if behind.isdigit() else os.getuid()
    if uid == 0:
        sessions = sorted(root.glob("run/user/*"))
        people = [int(one.name) for one in sessions if int(one.name) >= FIRST_PERSON]
        uid = next((one for one in people if _sound_servers(root, one)), 0)
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return pwd.getpwuid(0)


def _sound_servers(root: Path, uid: int) -> str:
    for socket, name in SOUND_SERVERS.items():
        try:
            if (root / "run/user" / str(uid) / socket).exists():
                return name
        except PermissionError:
            continue
    return ""


def _enabled_for(user: pwd.struct_passwd, root: Path) -> bool:
    own = Path(user.pw_dir.lstrip("/")) / USER[1]
    try:
        return any(any(root.glob(f"{at}/{UNIT}")) for at in (USER[0][1:], str(own)))
    except PermissionError:
        return False
