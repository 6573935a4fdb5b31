"""The network that tests hurt, itself."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.network import FAR, NEAR, Line, Network, network

needs_network = pytest.mark.network
TIMEOUT = 5.0
"""Longest wait for a packet, seconds."""


@contextlib.contextmanager
def ports(net: Network) -> Iterator[tuple[socket.socket, Callable[[], bytes]]]:
    """A socket that sends from near to far, and what waits there for a datagram."""
    with contextlib.ExitStack() as stack:
        with net.near.inside():
            near = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        with net.far.inside():
            far = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        far.bind((FAR, 0))
        far.settimeout(TIMEOUT)
        near.connect(far.getsockname())
        yield near, lambda: far.recv(100)


def is_soon(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


# -- what the line decides -----------------------------------------------------------


def test_a_line_loses_the_share_that_it_is_told_to_lose() -> None:
    line = Line()
    line.loss = 0.05
    lost = sum(line.loses() for _ in range(10_000))
    assert 400 < lost < 600
    assert (line.lost, line.carried) == (lost, 10_000 - lost)


def test_a_line_that_is_not_hurt_loses_nothing_and_takes_no_time() -> None:
    line = Line()
    assert not any(line.loses() for _ in range(1000))
    assert line.due(7.0) == 7.0


def test_a_dead_line_loses_everything() -> None:
    line = Line()
    line.dead = True
    assert all(line.loses() for _ in range(1000))


def test_jitter_makes_the_delay_shorter_or_longer() -> None:
    line = Line()
    line.delay, line.jitter = 0.15, 0.05
    due = [line.due(7.0) for _ in range(1000)]
    assert 7.10 <= min(due) < 7.11
    assert 7.19 < max(due) <= 7.20


# -- hosts and line ----------------------------------------------------------------


@needs_network
def test_a_packet_arrives_at_the_other_host(net: Network) -> None:
    with ports(net) as (near, received):
        near.send(b"hello")
        assert received() == b"hello"
    assert (net.line.carried, net.line.lost) == (1, 0)


@needs_network
def test_a_packet_takes_the_delay(net: Network) -> None:
    net.line.delay = 0.2
    with ports(net) as (near, received):
        sent = time.monotonic()
        near.send(b"hello")
        received()
        assert 0.2 <= time.monotonic() - sent < 1.0


@needs_network
def test_jitter_does_not_change_the_order(net: Network) -> None:
    net.line.delay = net.line.jitter = 0.02
    with ports(net) as (near, received):
        for number in range(100):
            near.send(bytes([number]))
        assert [received()[0] for _ in range(100)] == list(range(100))


@needs_network
def test_a_line_that_dies_loses_what_is_under_way(net: Network) -> None:
    net.line.delay = 0.1
    with ports(net) as (near, received):
        near.send(b"old")
        net.line.dead = True
        is_soon(lambda: net.line.lost)
        net.line.dead = False
        near.send(b"new")
        assert received() == b"new"


@needs_network
def test_without_its_interface_a_host_reaches_nobody_until_it_has_it_again(
    net: Network,
) -> None:
    with ports(net) as (near, received):
        net.near.interface_down()
        with pytest.raises(OSError, match="unreachable"):
            near.send(b"old")
        net.near.interface_up()
        near.send(b"new")
        assert received() == b"new"


@needs_network
def test_a_host_with_its_interface_back_reaches_addresses_behind_the_other(
    net: Network,
) -> None:
    net.near.interface_down()
    net.near.interface_up()
    with net.near.inside(), socket.socket(type=socket.SOCK_DGRAM) as near:
        near.connect(("192.0.2.1", 9))  # raises without a default route
        assert near.getsockname()[0] == NEAR


@needs_network
def test_nothing_is_left_over(net: Network) -> None:
    before = os.stat("/proc/thread-self/ns/net").st_ino, os.listdir("/proc/self/fd")
    with contextlib.suppress(ZeroDivisionError), network() as made, made.far.inside():
        assert os.stat("/proc/thread-self/ns/net").st_ino != before[0]
        raise ZeroDivisionError
    after = os.stat("/proc/thread-self/ns/net").st_ino, os.listdir("/proc/self/fd")
    assert after == before
