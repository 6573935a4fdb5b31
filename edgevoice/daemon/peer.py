"""Who is at the other end of a local socket."""

import socket
import struct
import sys
from typing import Final

from msgspec import Struct

_UCRED: Final = struct.Struct("iII")
"""``struct ucred``: pid, uid, gid; unix(7)."""


class Peer(Struct, frozen=True):
    """A process, as the kernel knew it when it connected; 0 and -1: not known.

    Attributes:
        pid: 0 also where it belongs to another namespace.
        uid: The user it ran as.
    """

    pid: int = 0
    uid: int = -1


def peer_of(end: socket.socket) -> Peer:
    """Who has connected to this end (``SO_PEERCRED``, which cannot be forged)."""
    if sys.platform != "linux":
        return Peer()
    pid, uid, _ = _UCRED.unpack(
        end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    )
    return Peer(pid, uid)
