"""Where things are: the settings file, the control socket, what is kept."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from edgevoice.config.tables import Control

SYSTEM_FILE: Final = Path("/etc/edgevoice/edgevoice.toml")


def find(explicit: str | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The settings file to use, or None for the built-in defaults.

    One that is named (``--config`` or ``$EDGEVOICE_CONFIG``) is taken whether it
    exists or not; the others only if they do. The system's, which a package brings
    with every key commented out, does not hide a person's own before it sets anything.
    """
    named = explicit or environ.get("EDGEVOICE_CONFIG")
    if named:
        return Path(named)
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config"
    own = Path(home) / "edgevoice" / "edgevoice.toml"
    # isfile is False too where we may not look
    if os.path.isfile(own) and sets_nothing(SYSTEM_FILE):
        return own
    for path in (SYSTEM_FILE, own):
        if os.path.isfile(path):
            return path
    return None


def sets_nothing(path: Path) -> bool:
    """Whether a settings file is all comments and heads of tables."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return not [*_set_keys(table)]


def _set_keys(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _set_keys(value)
        else:
            yield key


def socket_path(control: Control, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the daemon listens for commands."""
    if control.socket:
        return Path(control.socket)
    if environ.get("RUNTIME_DIRECTORY"):
        return Path(environ["RUNTIME_DIRECTORY"]) / "control.sock"
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return Path(runtime) / "edgevoice" / "control.sock"


def state_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where what outlives a restart is kept."""
    if environ.get("STATE_DIRECTORY"):
        return Path(environ["STATE_DIRECTORY"])
    home = environ.get("XDG_STATE_HOME") or (
        Path(environ.get("HOME", "/")) / ".local" / "state"
    )
    return Path(home) / "edgevoice"
