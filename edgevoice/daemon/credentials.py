"""What a connection authenticates with: the fixed key, or a token for each session.

Tokens come from a program or from an address of the person's own, so that no key lives
on the device. A new session takes a new token. A connection that resumes a session
takes that session's token again while it lasts; should the server refuse that, a new
one. Tokens are in memory only, never logged, and in no error's text.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from edgevoice import config
from edgevoice.config import Live
from edgevoice.daemon import token_url
from edgevoice.daemon.token_url import LONGEST, NoToken, mend, wait
from edgevoice.errors import CredentialError
from edgevoice.live.closing import Ending, Remedy
from edgevoice.live.token import Token, parse_token

TIMEOUT_S: Final = 10.0
"""For one token, seconds; a person may be waiting."""

REAP_S: Final = 1.0
"""How long a program that was killed is waited for, seconds."""

USUAL_LIFE_S: Final = 600.0
"""How long a connection lives if no setting says so ("Session management"), seconds."""

NEVER: Final = float("inf")

_RUN_IT: Final = "run it by hand, as the same user, to see why"


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where tokens come from; see ``[live]`` for what each is."""

    command: tuple[str, ...] = field(default=(), repr=False)
    url: str = field(default="", repr=False)
    method: str = "POST"
    secret_file: str = field(default="", repr=False)


def token_source(live: Live) -> TokenSource | None:
    """The source that the settings name, or None: there is a key instead."""
    if not config.fetches_tokens(live):
        return None
    return TokenSource(
        tuple(live.token_command),
        live.token_url,
        live.token_method,
        live.token_secret_file,
    )


class Credentials:
    """Gives each connection its credential; loop's thread only.

    Args:
        clock: Seconds of the loop's clock.

    Attributes:
        ends: When the credential of the present connection ends, on that clock.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.ends = NEVER
        self._clock = clock
        self._token: Token | None = None
        self._reused = False

    async def credential(
        self, source: TokenSource, *, resuming: bool, connection: float
    ) -> str:
        """A token for the next connection.

        Args:
            source: Where a new one comes from.
            resuming: Whether it goes on with the session of the one before.
            connection: How long it is to live, seconds; 0: as long as it may.

        Raises:
            NoToken: None came.
        """
        left = self.ends - self._clock()
        enough = (connection or USUAL_LIFE_S) <= left < NEVER
        if resuming and enough and self._token is not None:
            self._reused = True
            return self._token.value
        self.forget()
        self._token = token = await fetch(source, time.time())
        self.ends = self._clock() + token.life if token.life else NEVER
        return token.value

    def forget(self) -> None:
        """The next connection takes a new token."""
        self._token, self.ends, self._reused = None, NEVER, False

    def blamed(self, ending: Ending, lived: float) -> bool:
        """Whether a connection failed because its token had been used before.

        The Live API allows that for resuming; some servers refuse it all the same.

        Args:
            ending: How the connection ended.
            lived: Seconds from setupComplete to its end; 0 if it never came up.
        """
        if lived or not ending.code:
            return False
        reused = self._reused
        self.forget()
        return reused and ending.remedy is not Remedy.RESUME


async def fetch(source: TokenSource, now: float) -> Token:
    """Ask the source for a token; takes ``TIMEOUT_S`` at most.

    Args:
        source: Whom to ask.
        now: Seconds since 1970.

    Raises:
        NoToken: None came.
    """
    name = "token_command" if source.command else "token_url"
    try:
        async with asyncio.timeout(TIMEOUT_S):
            output = await (_run(source.command) if source.command else _call(source))
    except TimeoutError:
        late = f"{name} gave no token in {TIMEOUT_S:.0f} s"
        raise wait(late, "" if source.command else "check the network") from None
    try:
        return parse_token(output, now)
    except ValueError:
        cure = 'it has to give auth_tokens/..., or JSON with that as "name"'
        raise mend(f"what {name} gave is no token", cure) from None


async def _call(source: TokenSource) -> bytes:
    try:
        secret = config.token_secret(source.secret_file) if source.secret_file else ""
    except CredentialError as error:
        raise NoToken(Ending(0, str(error), Remedy.REFUSED)) from None
    ask = token_url.ask
    return await asyncio.to_thread(ask, source.url, source.method, secret, TIMEOUT_S)


async def _run(command: tuple[str, ...]) -> bytes:
    """What a program prints; it and its children end with this call."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it may hold secrets
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such program"
        cure = "check its name and mode"
        raise mend(f"token_command cannot be run: {reason}", cure) from None
    assert process.stdout is not None
    try:
        output = await _at_most(process.stdout, LONGEST)
        status = await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), REAP_S)
    if status:
        raise wait(f"token_command failed with exit status {status}", _RUN_IT)
    return output


async def _at_most(stream: asyncio.StreamReader, most: int) -> bytes:
    """All of a stream; of a longer one the beginning."""
    try:
        return await stream.readexactly(most)
    except asyncio.IncompleteReadError as end:
        return end.partial
