"""What a connection authenticates with: the fixed key, or a token for each session.

Tokens come from a program or from an address of the person's own, so that no key lives
on the device. A new session takes a new token. A connection that resumes a session
takes that session's token again while it lasts and opens connections; should the server
refuse that, a new one. Tokens are in memory only, never logged, and in no error's text.
"""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from edgevoice import config
from edgevoice.config import Live
from edgevoice.daemon import token_url
from edgevoice.daemon.backoff import STABLE_S
from edgevoice.daemon.token_url import LONGEST, NoToken, mend, wait
from edgevoice.errors import CredentialError
from edgevoice.live.closing import Ending, Remedy
from edgevoice.live.token import Token, parse_token

TIMEOUT_S: Final = 10.0
"""For one token, seconds; a person may be waiting."""

USUAL_LIFE_S: Final = 600.0
"""How long a connection lives if no setting says so ("Session management"), seconds."""

OPENING_S: Final = 15.0
"""A token must open connections for so long yet to be taken again, seconds: that one is
opened takes a while, see ``calling``."""

NEVER: Final = float("inf")

_REPLACED: Final = "the session is resumed with a new token"
_NEW_ONES: Final = (
    "what `token_command` or `token_url` in [live] gives must be new each time"
)
_GIVEN: Final = ("CREDENTIALS_DIRECTORY",)
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
        self._opens_until = 0.0
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
        if resuming and self._token is not None and self._serves(connection):
            self._reused = True
            return self._token.value
        self.forget()
        self._token = token = await fetch(source, time.time())
        now = self._clock()
        self._opens_until = now + token.opens
        self.ends = now + token.life if token.life else NEVER
        return token.value

    def _serves(self, connection: float) -> bool:
        """Whether the token opens one more connection, and covers all of it."""
        now = self._clock()
        lives = (connection or USUAL_LIFE_S) <= self.ends - now < NEVER
        return lives and now + OPENING_S <= self._opens_until

    def forget(self) -> None:
        """The next connection takes a new token."""
        self._token, self.ends, self._reused = None, NEVER, False

    def judge(self, ending: Ending, lived: float) -> tuple[Ending, bool]:
        """See whether the end of a connection was its token's.

        The Live API lets a session be resumed with its token; some servers refuse it
        all the same. A token that is dead is replaced, and the session goes on; unless
        it was dead when it was new, which a person must mend.

        Args:
            ending: How the connection ended.
            lived: Seconds from setupComplete to its end; 0 if it never came up.

        Returns:
            The ending as it is to be taken, and whether to try again at once.
        """
        dead, reused = ending.token_is_dead, self._reused
        if self._token is None or not ending.code or (lived and not dead):
            return ending, False
        self.forget()
        if dead and not (lived or reused):
            return replace(ending, cure=_NEW_ONES), False
        if not dead and (not reused or ending.remedy is Remedy.RESUME):
            return ending, False
        resumed = replace(ending, remedy=Remedy.RESUME, cure=_REPLACED)
        return resumed, reused or lived >= STABLE_S


async def fetch(source: TokenSource, now: float) -> Token:
    """Ask the source for a token; takes ``TIMEOUT_S``, and then the end of a program.

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
        cure = "run it by hand: see what it waits for"
        raise wait(late, cure if source.command else "check the network") from None
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
    """What a program prints; it and its children end with this call.

    It is told no key of ours, but where systemd keeps credentials: one may be its own.
    What it says at stderr is dropped, since that may hold secrets.
    """
    from edgevoice.tools.processes import environment, started

    given = {name: os.environ[name] for name in _GIVEN if name in os.environ}
    try:
        async with started(command, environment(given), TIMEOUT_S) as running:
            output = await _at_most(running.output, LONGEST)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such program"
        cure = "check its name and mode"
        raise mend(f"token_command cannot be run: {reason}", cure) from None
    if running.late:
        raise TimeoutError
    if running.status:
        status = f"exit status {running.status}"
        raise wait(f"token_command failed with {status}", _RUN_IT)
    return output


async def _at_most(stream: asyncio.StreamReader, most: int) -> bytes:
    """All of a stream; of a longer one the beginning."""
    try:
        return await stream.readexactly(most)
    except asyncio.IncompleteReadError as end:
        return end.partial
