"""Where the running daemon is, and how it is asked."""

import argparse
import os
from pathlib import Path
from typing import Any, Final

from edgevoice import config
from edgevoice.daemon.client import Client
from edgevoice.errors import ConfigError

SYSTEM_SOCKET: Final = Path("/run/edgevoice/control.sock")


def ask(args: argparse.Namespace, **arguments: Any) -> dict[str, Any]:
    """Send the command of that name; returns the daemon's reply."""
    with Client(socket_of(args)) as client:
        return client.ask(args.command, **arguments)


def socket_of(args: argparse.Namespace) -> Path:
    """What the command line or the environment says, else where a daemon is."""
    named = args.socket or os.environ.get("EDGEVOICE_SOCKET")
    if named:
        return Path(named)
    try:
        named = getattr(args, "config", None)
        return _first_socket(config.load(config.find(named)))
    except ConfigError:
        return _first_socket(config.Configuration())


def _first_socket(settings: config.Configuration) -> Path:
    """The user's own daemon, or else the system's."""
    own = config.socket_path(settings.control)
    return SYSTEM_SOCKET if _is_there(SYSTEM_SOCKET) and not _is_there(own) else own


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # in a folder for members only: speaking to it will say so
        return True
