"""Two hosts and the line between them, which a test can hurt. Linux only.

A host is a network namespace (namespaces(7)) with one interface, a TUN device
(Documentation/networking/tuntap.rst). A thread carries IP packets from one device to
the other: what it does not carry is lost. The namespaces have no name; the kernel
forgets them with the last descriptor, so nothing is left over after a crash either.
"""

import contextlib
import ctypes
import fcntl
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

NEAR, FAR = "10.77.0.1", "10.77.0.2"

_CLONE_NEWNET: Final = 0x40000000  # linux/sched.h
_TUNSETIFF: Final = 0x400454CA  # linux/if_tun.h
_IFF_TUN_NO_PI: Final = 0x1001
_LONGEST_PACKET: Final = 65536
_LIBC: Final = ctypes.CDLL(None, use_errno=True)  # os.setns came with Python 3.12
_HERE: Final = "/proc/thread-self/ns/net"


class Line:
    """What becomes of packets on their way; the test's thread sets, another asks.

    It never changes their order in one direction: it is a queue that is too long.

    Attributes:
        loss: Share of the packets that are lost, 0 to 1.
        delay: Seconds for one way.
        jitter: The delay is up to so many seconds shorter or longer.
        dead: Nothing arrives, not even what is under way, and nobody is told.
        carried: Packets that were handed over at the other end.
        lost: Packets that were not.
    """

    def __init__(self) -> None:
        self.loss = self.delay = self.jitter = 0.0
        self.dead = False
        self.carried = self.lost = 0
        self._chance = random.Random(1)

    def due(self, now: float) -> float:
        """When a packet that is sent now should arrive."""
        return now + self.delay + self._chance.uniform(-self.jitter, self.jitter)

    def loses(self) -> bool:
        """Whether the packet that arrives now is lost instead; counts it."""
        lost = self.dead or self._chance.random() < self.loss
        self.lost += lost
        self.carried += not lost
        return lost


class Host:
    """One end of the line.

    Args:
        address: Its IPv4 address.
        namespace: Descriptor of its network namespace, in which ``line`` is a device.
    """

    def __init__(self, address: str, namespace: int) -> None:
        self.address = address
        self._namespace = namespace
        self._ip("link", "set", "lo", "up")
        # No IPv6: its own chatter would be counted as packets.
        self._ip("link", "set", "line", "addrgenmode", "none")
        self._ip("address", "add", f"{self.address}/24", "dev", "line")
        self.interface_up()

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """The sockets that this thread opens, and its children, belong to this host."""
        with _back_again():
            _check(_LIBC.setns(self._namespace, _CLONE_NEWNET))
            yield

    def interface_down(self) -> None:
        """Lose the interface, and with it the routes."""
        self._ip("link", "set", "line", "down")

    def interface_up(self) -> None:
        """Have it again; the default route comes back as from a network manager."""
        self._ip("link", "set", "line", "up")
        self._ip("route", "add", "default", "dev", "line")

    def _ip(self, *words: str) -> None:
        with self.inside():
            subprocess.run(["ip", *words], check=True)


@dataclass(frozen=True)
class Network:
    """Two hosts and their line."""

    near: Host
    far: Host
    line: Line


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Two hosts that reach each other until the block ends.

    Raises:
        OSError: It may not be made here; see ``missing``.
    """
    line = Line()
    with contextlib.ExitStack() as stack:
        near, near_end = stack.enter_context(_host(NEAR))
        far, far_end = stack.enter_context(_host(FAR))
        stop = os.eventfd(0)
        stack.callback(os.close, stop)
        carrier = threading.Thread(
            target=_carry, args=(line, near_end, far_end, stop), name="line"
        )
        carrier.start()
        stack.callback(carrier.join)
        stack.callback(os.eventfd_write, stop, 1)
        yield Network(near, far, line)


def missing() -> str:
    """What keeps us from making a network; empty if nothing does."""
    try:
        with network():
            return ""
    except (OSError, subprocess.SubprocessError, AttributeError) as error:
        return (
            f"{error}: needs Linux, iproute2, /dev/net/tun, and to be root or to run "
            "under `unshare --map-root-user --net`"
        )


@contextlib.contextmanager
def _host(address: str) -> Iterator[tuple[Host, int]]:
    """A host, and the descriptor through which its packets come and go."""
    with contextlib.ExitStack() as stack:
        with _back_again():
            _check(_LIBC.unshare(_CLONE_NEWNET))
            namespace = os.open(_HERE, os.O_RDONLY)
            stack.callback(os.close, namespace)
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            stack.callback(os.close, end)
            wanted = struct.pack("16sH22x", b"line", _IFF_TUN_NO_PI)
            fcntl.ioctl(end, _TUNSETIFF, wanted)
        yield Host(address, namespace), end


def _carry(line: Line, near: int, far: int, stop: int) -> None:
    """Carry packets between two TUN devices until told to stop; a thread."""
    opposite = {near: far, far: near}
    under_way: dict[int, deque[tuple[float, bytes]]] = {near: deque(), far: deque()}
    while True:
        due = [queue[0][0] for queue in under_way.values() if queue]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        readable = select.select([near, far, stop], [], [], wait)[0]
        if stop in readable:
            return
        now = time.monotonic()
        for end in readable:
            packet = os.read(end, _LONGEST_PACKET)
            under_way[opposite[end]].append((line.due(now), packet))
        for end, queue in under_way.items():
            while queue and queue[0][0] <= now:
                _deliver(line, end, queue.popleft()[1])


def _deliver(line: Line, end: int, packet: bytes) -> None:
    if not line.loses():
        with contextlib.suppress(OSError):  # the interface is down
            os.write(end, packet)


@contextlib.contextmanager
def _back_again() -> Iterator[None]:
    """Return this thread to the network namespace in which it is now."""
    here = os.open(_HERE, os.O_RDONLY)
    try:
        yield
    finally:
        try:
            _check(_LIBC.setns(here, _CLONE_NEWNET))
        finally:
            os.close(here)


def _check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
