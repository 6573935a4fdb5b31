"""Ephemeral tokens: issued with terms, checked at each connection.

A request for one is that of ``POST auth_tokens``. The words of the refusals were seen
in the field; so was that a resumption is no use of a token, but has to come before
``newSessionExpireTime`` all the same.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from edgevoice.errors import ConfigError
from edgevoice.live.endpoint import TOKEN_PREFIX
from edgevoice.simulator.reasons import refused
from edgevoice.simulator.schema import CLIENT_MESSAGE
from edgevoice.simulator.wire import JsonObject, Refused

LIFE: Final = timedelta(minutes=30)
NEW_SESSION_LIFE: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(hours=20)


class Terms(
    Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What is asked for with a new token.

    Attributes:
        uses: Sessions that it may begin; 0 for any number.
        expire_time: When it ends, sessions under way included; after 30 min if not set.
        new_session_expire_time: Until when connections may be made; 60 s if not set.
        bidi_generate_content_setup: Setup fields that it fixes.
        field_mask: Which of them, by comma; empty fixes the setup as a whole.
    """

    uses: int = 1
    expire_time: datetime | None = None
    new_session_expire_time: datetime | None = None
    bidi_generate_content_setup: JsonObject = {}
    field_mask: str = ""


class Token(Struct, kw_only=True):
    """A token with its terms."""

    expires: datetime
    opens_until: datetime
    left: int | None
    """Sessions that it may still begin; None for any number."""
    fixed: JsonObject
    mask: tuple[str, ...]
    """Paths of names in camelCase; none fixes the setup as a whole."""

    def check(self, now: datetime) -> None:
        """Look at the times before a connection's setup.

        Raises:
            Refused: It has expired, or opens no connection any more.
        """
        if now >= self.expires:
            raise refused("token_expired")
        if now >= self.opens_until:
            raise refused("token_late")

    def use(self, *, resuming: bool) -> None:
        """Count a session that begins; a resumed one is none.

        Raises:
            Refused: It has been used too often.
        """
        if resuming or self.left is None:
            return
        if not self.left:
            raise refused("token_used")
        self.left -= 1

    def constrain(self, setup: JsonObject) -> JsonObject:
        """The setup as it counts: what the token fixes replaces what the client sent.

        The handle of a session to resume is always the client's own.
        """
        if not self.fixed:
            return setup
        if not self.mask:
            resumption = {k: v for k, v in setup.items() if k == "sessionResumption"}
            return self.fixed | resumption
        for path in self.mask:
            setup = _replaced(setup, self.fixed, path.split("."))
        return setup


def _replaced(setup: JsonObject, fixed: JsonObject, path: list[str]) -> JsonObject:
    """A copy of the setup with the fixed value at this path, or without any."""
    name, *inner = path
    kept = {key: value for key, value in setup.items() if key != name}
    if inner:
        value = _replaced(setup.get(name, {}), fixed.get(name, {}), inner)
        return kept | {name: value}
    return kept | ({name: fixed[name]} if name in fixed else {})


class Tokens:
    """All tokens by name."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def issue(self, request: JsonObject, now: datetime, name: str = "") -> str:
        """A new token.

        Args:
            request: As in ``POST auth_tokens``.
            now: With a time zone.
            name: What to call it; empty for a random name.

        Raises:
            ConfigError: The request is of the wrong form, or asks for too long a life.
        """
        terms = _read(request)
        name = name or TOKEN_PREFIX + secrets.token_hex(32)
        token = Token(
            expires=terms.expire_time or now + LIFE,
            opens_until=terms.new_session_expire_time or now + NEW_SESSION_LIFE,
            left=terms.uses or None,
            fixed=_setup(terms.bidi_generate_content_setup),
            mask=tuple(_camel(path) for path in terms.field_mask.split(",") if path),
        )
        if token.expires - now > LONGEST:
            raise ConfigError(
                "expire_time is too far in the future. Maximum lifetime is 20h"
            )
        self._tokens[name] = token
        return name

    def find(self, name: str) -> Token | None:
        """The token of this name; None if it was not issued here."""
        return self._tokens.get(name)


def within(request: JsonObject, now: datetime) -> JsonObject:
    """A request whose times may be seconds from now, as a behaviour writes them."""
    times = {"expireTime", "newSessionExpireTime"} & request.keys()
    seconds = {k: request[k] for k in times if isinstance(request[k], int | float)}
    moments = {k: (now + timedelta(seconds=s)).isoformat() for k, s in seconds.items()}
    return request | moments


def _read(request: JsonObject) -> Terms:
    try:
        terms = msgspec.convert(request, Terms)
    except msgspec.ValidationError as error:
        raise ConfigError(f"a token cannot be issued so: {error}") from None
    times = (terms.expire_time, terms.new_session_expire_time)
    if any(time and time.tzinfo is None for time in times):
        raise ConfigError("a token's times need a zone, as in 2026-11-21T09:00:00Z")
    return terms


def _setup(fields: JsonObject) -> JsonObject:
    try:
        read: JsonObject = CLIENT_MESSAGE["v1alpha"]({"setup": fields}, "")["setup"]
    except Refused as refusal:
        raise ConfigError(f"a token cannot fix this: {refusal.reason}") from None
    return read


def _camel(path: str) -> str:
    first, *others = path.strip().split("_")
    return first + "".join(other[:1].upper() + other[1:] for other in others)


def utc() -> datetime:
    """Now."""
    return datetime.now(UTC)
