"""Opening the socket; how the daemon lives with what is told here: test_bad_network."""

import asyncio
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon import calling
from edgevoice.daemon.calling import call, ending_of
from edgevoice.live import endpoint
from edgevoice.live.closing import Remedy
from edgevoice.simulator import Simulator
from tests.network import Network
from tests.test_bad_network import certificate

HEADERS = endpoint.headers("a-key")
NOBODY = "10.77.0.99"
"""An address behind the line at which no host is."""


def address(url: str) -> str:
    return url + endpoint.path("v1beta", "a-key")


async def test_the_kernel_is_told_how_long_to_wait_for_an_acknowledgement() -> None:
    async with (
        Simulator() as simulator,
        call(address(simulator.url), HEADERS) as connection,
    ):
        there = connection.transport.get_extra_info("socket")
        option = there.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert option == 10_000


async def test_a_system_without_that_option_connects_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
    async with (
        Simulator() as simulator,
        call(address(simulator.url), HEADERS) as connection,
    ):
        there = connection.transport.get_extra_info("socket")
        assert there.getsockopt(socket.IPPROTO_TCP, 18) == 0  # Linux' number for it


@pytest.mark.network
async def test_a_network_that_is_dead_is_given_up_in_time(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "OPEN_TIMEOUT_S", 0.5)
    net.line.dead = True
    began = time.monotonic()
    with net.near.inside(), pytest.raises(TimeoutError) as given_up:
        async with call(address(f"wss://{net.far.address}:1"), HEADERS):
            pass
    assert 0.5 <= time.monotonic() - began < 1.5
    ending = ending_of(given_up.value)
    assert str(ending) == "the server does not answer; check the network"
    assert ending.remedy is Remedy.RESUME


@pytest.mark.network
async def test_of_two_addresses_a_dead_one_does_not_keep_us_from_the_other(
    net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def both(_: Any, port: int, **__: Any) -> list[Any]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (host, port)) for host in (NOBODY, net.far.address)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    tls = certificate(tmp_path, net.far.address)
    simulator = Simulator(host=net.far.address, tls=tls)
    with net.far.inside():
        await simulator.__aenter__()
    try:
        url = address(simulator.url).replace(net.far.address, "two.test")
        # It answers; that nobody vouches for it is another matter.
        with net.near.inside(), pytest.raises(ssl.SSLCertVerificationError):
            async with asyncio.timeout(5), call(url, HEADERS):
                pass
    finally:
        await simulator.__aexit__(None, None, None)
