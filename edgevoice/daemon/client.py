"""Speaks to the running daemon over its control socket; plain blocking calls."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from edgevoice.errors import EdgeVoiceError, Forbidden, NoDaemon

TIMEOUT_S: Final = 5.0
"""Longest wait for a reply, seconds, unless told otherwise."""


class Client:
    """One connection to the daemon.

    Args:
        path: The control socket.
        timeout: Longest wait for a reply, seconds; None: ``TIMEOUT_S``.

    Raises:
        NoDaemon: Nobody listens there.
        Forbidden: We may not speak to it.
    """

    def __init__(self, path: Path, timeout: float | None = None) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout or TIMEOUT_S)
        try:
            self._socket.connect(str(path))
        except PermissionError:
            self._socket.close()
            raise Forbidden(
                f"may not speak to the daemon at {path}: join the group edgevoice "
                "(`sudo adduser $USER edgevoice`, then log in anew), or use sudo"
            ) from None
        except OSError:
            self._socket.close()
            raise NoDaemon(
                f"no daemon listens on {path}: start it with `edgevoice run` or "
                "`systemctl start edgevoice`, or name its socket with --socket"
            ) from None
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a command and return its reply.

        Raises:
            EdgeVoiceError: The daemon refused, the text is its own; or it does not
                answer.
            NoDaemon: It ended, or it is none of ours.
        """
        request = {"command": command, **arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            line = self._lines.readline()
        except TimeoutError:
            raise EdgeVoiceError("the daemon does not answer; is it stuck?") from None
        except OSError:
            line = b""
        reply = _item(line)
        if reply is None:
            raise NoDaemon("the daemon ended before it answered")
        if not reply.pop("ok", False):
            raise EdgeVoiceError(str(reply.get("error", "refused without a reason")))
        return reply

    def follow(self) -> Iterator[dict[str, Any]]:
        """Every event from now on, until the daemon ends."""
        self.ask("watch")
        self._socket.settimeout(None)
        with contextlib.suppress(OSError):  # cut off: as good as an end
            for line in self._lines:
                item = _item(line)
                if item is None:
                    return
                yield item


def _item(line: bytes) -> dict[str, Any] | None:
    """What one line says; None if the connection ended in it."""
    if not line.endswith(b"\n"):
        return None
    try:
        item = json.loads(line)
    except ValueError:
        item = None
    if not isinstance(item, dict):
        raise NoDaemon("what listens there is no edgevoice; see --socket")
    return item
