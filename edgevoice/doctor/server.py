"""The way to the server, step by step: name, TCP, TLS, clock, and a session set up.

The steps before the last show where the way ends, since the last can only say that it
does. The last opens the same socket and asks for the same session as the daemon.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from msgspec import structs
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from edgevoice.daemon import tls
from edgevoice.daemon.calling import (
    NEXT_ADDRESS_S,
    NO_CONNECTION,
    OPEN_TIMEOUT_S,
    SETUP_TIMEOUT_S,
    call,
    ending_of,
)
from edgevoice.daemon.credentials import TokenSource, fetch
from edgevoice.daemon.threads import LooseThreads
from edgevoice.daemon.token_url import NoToken
from edgevoice.doctor import clock
from edgevoice.doctor.finding import Finding, State, ok, skipped, wrong
from edgevoice.errors import LinkError, RemoteProtocolError
from edgevoice.live import endpoint
from edgevoice.live.closing import Ending, Remedy, classify
from edgevoice.live.outgoing import SessionOptions
from edgevoice.live.session import LiveSession
from edgevoice.live.session import State as Stage


def check_token(source: TokenSource) -> tuple[str | None, Finding]:
    """Fetch a token as the daemon does; blocks for some seconds.

    Returns:
        The token, or None; and ``key``.
    """
    where = "token_command" if source.command else "token_url"

    async def probe() -> tuple[str | None, Finding]:
        asyncio.get_running_loop().set_default_executor(LooseThreads())
        try:
            token = await fetch(source, time.time())
        except NoToken as error:
            ending = error.ending
            return None, wrong("key", ending.reason, ending.cure or _SOURCE)
        return token.value, ok("key", f"{where} gave a token; no API key counts")

    return asyncio.run(probe())


Step: TypeAlias = Callable[[str, int], Coroutine[None, None, Finding]]
"""Takes host and port."""

WAY: Final = ("dns", "tcp", "tls")
"""The steps before a session is asked for."""

HTTPS: Final = 443
"""The port of wss:// where none is named."""

_LATER: Final = "the server's own trouble: try again in some minutes"
_SOURCE: Final = "check [live] in the settings"
_NAMES: Final = "check the network, its name server, and `endpoint` in [live]"
_NOT_ONE: Final = "check `endpoint` in [live]: what answers there is no Live API"


def check_server(
    address: str,
    credential: str | None,
    options: SessionOptions,
    fallbacks: Sequence[str] = (),
) -> list[Finding]:
    """Try the way to the server; blocks for a minute at most.

    Args:
        address: URL, see ``endpoint.url``.
        credential: API key or ephemeral token; None only tries the way.
        options: The session to ask for, the one that the daemon asks for.
        fallbacks: Models to be tried in order if that of ``options`` is not there.

    Returns:
        ``dns``, ``tcp``, ``tls``, ``clock`` and ``session``, one for each model that
        was tried.
    """

    async def probe() -> list[Finding]:
        # A name server that does not answer is not waited for at the end.
        asyncio.get_running_loop().set_default_executor(LooseThreads())
        way = await _way(address)
        if any(step.state is State.WRONG for step in way):
            return [*way, skipped("session", "the server cannot be reached")]
        if credential is None:
            return [*way, skipped("session", "there is no key to try")]
        models = (options.model, *fallbacks)
        asked = [structs.replace(options, model=model) for model in models]
        sessions, server_time = await _sessions(address, credential, asked)
        way[-1] = _clock(server_time)
        return [*way, *sessions]

    return asyncio.run(probe())


async def _way(address: str) -> list[Finding]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    port = parts.port or HTTPS
    if parts.scheme == "wss" and _has_proxy(f"{host}:{port}"):
        # Names and certificates are the proxy's business.
        return [*(skipped(step, "a proxy is used") for step in WAY), _clock(None)]
    if parts.scheme == "ws":  # the simulator: it would wonder about a bare connection
        return [*(skipped(step, "this machine itself") for step in WAY), _clock(None)]
    steps: dict[str, Step] = {"dns": _dns, "tcp": _tcp, "tls": _tls}
    found: list[Finding] = []
    for name, step in steps.items():
        if found and found[-1].state is not State.OK:
            found.append(skipped(name, "not reached"))
        else:
            found.append(await _tried(name, step(host, port)))
    return [*found, _clock(None)]


def _has_proxy(host: str) -> bool:
    """Whether the library calls this host through one, as its ``get_proxy`` says."""
    return not proxy_bypass(host) and not _PROXIES.isdisjoint(getproxies())


_PROXIES: Final = frozenset({"wss", "socks", "https"})


async def _tried(name: str, step: Coroutine[None, None, Finding]) -> Finding:
    try:
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            return await step
    except ssl.SSLCertVerificationError as error:
        if cure := clock.blamed(error.verify_code):
            found = f"{error.verify_message}; it is {clock.words(time.time())} here"
            return wrong(name, found, cure)
        return _ended(name, ending_of(error))
    except NO_CONNECTION as error:
        return _ended(name, ending_of(error))


async def _dns(host: str, port: int) -> Finding:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return wrong("dns", f"{host} has no address: {error.strerror}", _NAMES)
    addresses = sorted({str(address[0]) for *_, address in found})
    if addresses == [host]:
        return ok("dns", f"{host} needs no looking up")
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    return ok("dns", f"{host} is {addresses[0]}{more}")


async def _tcp(host: str, port: int) -> Finding:
    began = time.monotonic()
    _, writer = await asyncio.open_connection(
        host, port, happy_eyeballs_delay=NEXT_ADDRESS_S
    )
    took = _ms(began)
    peer = writer.get_extra_info("peername")[0]
    writer.close()
    return ok("tcp", f"{peer} port {port} answers in {took} ms")


async def _tls(host: str, port: int) -> Finding:
    _, writer = await asyncio.open_connection(
        host, port, ssl=tls.context(), happy_eyeballs_delay=NEXT_ADDRESS_S
    )
    shown = writer.get_extra_info("ssl_object")
    issuer = dict(pair for part in shown.getpeercert()["issuer"] for pair in part)
    writer.close()
    who = issuer.get("organizationName") or issuer.get("commonName")
    return ok("tls", f"{shown.version()}, certificate by {who}")


async def _sessions(
    address: str, credential: str, asked: Sequence[SessionOptions]
) -> tuple[list[Finding], float | None]:
    """Ask for one session after another, until one is to be had.

    Returns:
        What became of each, those before the one that works as warnings; and the
        server's time, seconds since 1970.
    """
    found: list[Finding] = []
    server_time: float | None = None
    for options in asked:
        began = time.monotonic()
        ending, server_time = await _session(address, credential, options)
        if ending is None:
            took = f"the server took the key and {options.model} in {_ms(began)} ms"
            found = [replace(one, state=State.WARNING) for one in found]
            return [*found, ok("session", took)], server_time
        found.append(_ended("session", ending))
        if not ending.no_such_model and not ending.internal:
            break  # no model is at fault
    return found, server_time


async def _session(
    address: str, credential: str, options: SessionOptions
) -> tuple[Ending | None, float | None]:
    """Set up a session and leave it: why not, if so, and the server's time."""
    server_time: float | None = None
    try:
        async with call(address, endpoint.headers(credential)) as connection:
            server_time = _time_of(connection)
            await _set_up(connection, LiveSession(options, None))
    except ConnectionClosed as error:
        if error.rcvd is None:
            return Ending(0, "the connection broke", Remedy.RESUME), server_time
        ending = classify(error.rcvd.code, error.rcvd.reason, resumed=False)
        return ending, server_time
    except LinkError as error:
        return Ending(0, str(error), Remedy.RESUME), server_time
    except NO_CONNECTION as error:
        return ending_of(error), server_time
    except RemoteProtocolError as error:
        return Ending(0, str(error), Remedy.RESUME, _NOT_ONE), server_time
    return None, server_time


async def _set_up(connection: ClientConnection, session: LiveSession) -> None:
    try:
        async with asyncio.timeout(SETUP_TIMEOUT_S):
            await connection.send(session.setup())
            while session.state is not Stage.READY:
                session.receive(await connection.recv(), time.monotonic())
    except TimeoutError:
        text = "the server did not complete the setup in time"
        raise LinkError(text) from None


def _time_of(connection: ClientConnection) -> float | None:
    """What the server's answer says (RFC 9110, section 6.6.1); None: nothing."""
    response = connection.response
    try:
        date = response.headers["Date"] if response else ""
        return parsedate_to_datetime(date).timestamp()
    except (KeyError, ValueError):
        return None


def _clock(server_time: float | None) -> Finding:
    return clock.check_clock(time.time(), clock.built(), server_time)


def _ended(name: str, ending: Ending) -> Finding:
    code = ending.code and str(ending.code) not in ending.reason
    found = f"{ending.reason or 'connection closed'}{f' ({ending.code})' * bool(code)}"
    return wrong(name, found, ending.cure or _LATER)


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
