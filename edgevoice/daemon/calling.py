"""Opens the socket to the server, and names what kept it from opening."""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Mapping
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidStatus,
    WebSocketException,
)

from edgevoice import __version__
from edgevoice.daemon import tls
from edgevoice.live.closing import Ending, Remedy, classify

OPEN_TIMEOUT_S: Final = 12.0
"""For name, TCP, TLS and handshake together, seconds. A person waits, and a first
packet that is lost is sent again ever more rarely (tcp(7), tcp_syn_retries: after 7 s
not until 15 s), so it is better to begin anew. Two dead name servers, 5 s each, fit
in."""

NEXT_ADDRESS_S: Final = 0.25
"""When a host's next address is tried beside the first, seconds (RFC 8305, section 8).
In many homes IPv6 is announced and dead: waiting for it would use up the time."""

SETUP_TIMEOUT_S: Final = 20.0
"""From there to setupComplete, seconds."""

PING_EVERY_S: Final = 20.0
"""Keeps address translation alive, and an idle link from being dead unnoticed."""

UNACKNOWLEDGED_S: Final = 10.0
"""Data that the network has not acknowledged for so long ends the connection, seconds.
Without it Linux tries for some 15 minutes (tcp(7), tcp_retries2). The server's kernel
acknowledges at once, however slow the server is: its pongs may take 30 s. Holes of a
few seconds, as when a Wi-Fi changes its station, must not end it. A server that takes
nothing for so long, with its receive window shut, is given up as well."""

MAX_MESSAGE: Final = 16 * 2**20
"""Largest message taken, bytes; audio comes in some 16 kB."""

NO_CONNECTION: Final = (
    OSError,
    EOFError,
    WebSocketException,
    ImportError,  # a SOCKS proxy is set, and what speaks to it is not installed
    UnicodeError,  # a host name that is none
)
"""What the opening of a socket may raise; see ``ending_of``."""

_FIRST_ERROR: Final = 400
"""HTTP statuses from here on are errors."""

_NETWORK: Final = "check the network"
_PORTAL: Final = "a login page stands between: log in to this Wi-Fi first"
_CLOCK: Final = f"check the clock; or {_PORTAL}"
_PROXY: Final = "check https_proxy and all_proxy in the environment"

# The library logs headers, and with them the key, at DEBUG.
logging.getLogger("websockets").setLevel(logging.INFO)


class _Call(connect):
    """A connection to the server that was named, and to no other."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow no redirect: the key would go along, to whatever host it names."""
        return exc


class _Watched(ClientConnection):
    """A connection that ends when the network stops to acknowledge."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell the kernel how long to try."""
        super().connection_made(transport)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux only
            transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP,
                socket.TCP_USER_TIMEOUT,
                round(UNACKNOWLEDGED_S * 1000),
            )


def call(address: str, headers: Mapping[str, str]) -> connect:
    """A socket to the server, open for as long as the block runs.

    Args:
        address: URL; never holds the credential.
        headers: The one that authenticates.

    Raises:
        OSError: The network failed, or another of ``NO_CONNECTION``.
    """
    here = address.startswith("ws://")  # only this machine may be called like that
    return _Call(
        address,
        additional_headers=headers,
        user_agent_header=f"edgevoice/{__version__}",
        compression=None,  # base64 of PCM gains nothing
        create_connection=_Watched,
        ssl=None if here else tls.context(),
        ping_interval=PING_EVERY_S,
        ping_timeout=None,  # pongs after 8 to 30 s are healthy here
        # Cancelled in the wrong moment, a race of addresses leaves a socket open; one
        # address needs none.
        happy_eyeballs_delay=None if here else NEXT_ADDRESS_S,
        open_timeout=OPEN_TIMEOUT_S,
        close_timeout=2,
        max_size=MAX_MESSAGE,
        proxy=None if here else True,  # no proxy can reach this machine
    )


def ending_of(error: Exception) -> Ending:
    """Name what kept the socket from opening, and the cure where it is known."""
    match error:
        case InvalidStatus():
            status = error.response.status_code
            if status < _FIRST_ERROR:
                return Ending(status, "a web page answered", Remedy.RESUME, _PORTAL)
            return classify(status, f"HTTP status {status}", resumed=False)
        case ssl.SSLCertVerificationError():
            return Ending(0, f"TLS: {error.verify_message}", Remedy.RESUME, _CLOCK)
        case TimeoutError():
            return Ending(0, "the server does not answer", Remedy.RESUME, _NETWORK)
        case UnicodeError():
            return Ending(0, "`endpoint` in [live] is no host name", Remedy.RESUME)
        case OSError() | EOFError() | InvalidHandshake():
            words = f"cannot connect: {_words(error)}"
            return Ending(0, words, Remedy.RESUME, _NETWORK)
        case _:  # not in its own words: they hold the proxy's password
            return Ending(0, "the proxy cannot be used", Remedy.RESUME, _PROXY)


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(
        error, ssl.SSLError | socket.gaierror
    ):
        # asyncio puts the address in place of the system's words.
        return os.strerror(error.errno) if error.errno else str(error)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
