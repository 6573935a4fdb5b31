"""What the end of a connection means, and what to do about it.

The close code and reason are the protocol's only error channel; codes are used
for several things, so the reason decides where it is known. The Live API has no
list; these rows were seen in the field, and ``tests/test_live_closing.py`` names
each with the words that came with it.
"""

from enum import Enum, auto
from typing import Final

from msgspec import Struct


class Remedy(Enum):
    """What to do next."""

    RESUME = auto()
    """Connect again, with the handle."""
    FRESH = auto()
    """The handle is dead: drop it and start a new session."""
    REFUSED = auto()
    """A person must mend something: try again slowly, and say why."""


class Ending(Struct, frozen=True):
    """How a connection ended.

    Attributes:
        code: WebSocket close code, HTTP status of a refused handshake, or 0 when
            the network failed.
        reason: The server's words, or the network's; one line.
        remedy: What to do next.
        cure: What a person can do, one clause; empty if nothing.
    """

    code: int
    reason: str
    remedy: Remedy
    cure: str = ""

    @property
    def timed_out(self) -> bool:
        """The connection had reached the age at which the server ends it."""
        return self.reason.lower().startswith(_TOO_OLD)

    @property
    def token_is_dead(self) -> bool:
        """The ephemeral token does not open a connection, or none any more."""
        words = self.reason.lower()
        return any(dead in words for dead in _DEAD_TOKEN)

    @property
    def internal(self) -> bool:
        """The server has trouble of its own; 1011 says more than that, too."""
        usual = self.timed_out or self.token_is_dead
        return self.code == _INTERNAL_ERROR and not usual

    @property
    def no_such_model(self) -> bool:
        """The server does not offer the model, or not for the Live API."""
        return self.cure == _MODEL

    def __str__(self) -> str:
        known = not self.code or str(self.code) in self.reason
        code = "" if known else f" ({self.code})"
        what = f"{self.reason or 'connection closed'}{code}"
        return f"{what}; {self.cure}" if self.cure else what


_TOO_OLD: Final = (
    "deadline expired before operation",  # 1011, after 58 minutes
    "the operation was cancelled",  # 1000, after 10 minutes
    "the operation was aborted",  # 1008
)

_INTERNAL_ERROR: Final = 1011

_DEAD_TOKEN: Final = (
    "token has been used too many times",
    "new_session_expire_time",  # too late for a new connection
    "token has expired",  # also "auth token has expired", in the middle of a session
)


class _Row(Struct, frozen=True):
    code: int | None
    words: str
    remedy: Remedy
    cure: str = ""


_KEY: Final = "check the API key"
_TOKEN: Final = (
    "put a new token in its place, or set `token_command` or `token_url` in [live]"
)
_MODEL: Final = "check `model` in [live]"
_SETTINGS: Final = "check [live] in the settings"
_QUOTA: Final = "wait, or raise the quota of the project"

_ROWS: Final = (
    _Row(None, "api key", Remedy.REFUSED, _KEY),
    _Row(None, "api_key", Remedy.REFUSED, _KEY),
    *(_Row(None, words, Remedy.REFUSED, _TOKEN) for words in _DEAD_TOKEN),
    _Row(None, "invalid session handle", Remedy.FRESH),
    _Row(None, "session not found", Remedy.FRESH),
    _Row(None, "requested entity was not found", Remedy.FRESH),
    _Row(1008, "is not found for api version", Remedy.REFUSED, _MODEL),
    _Row(1008, "not supported for bidigeneratecontent", Remedy.REFUSED, _MODEL),
    _Row(None, "quota", Remedy.REFUSED, _QUOTA),
    _Row(None, "resource_exhausted", Remedy.REFUSED, _QUOTA),
    _Row(1007, "content_type_audio is not supported", Remedy.RESUME),
    _Row(1007, "", Remedy.REFUSED, _SETTINGS),
    _Row(401, "", Remedy.REFUSED, _KEY),
    _Row(403, "", Remedy.REFUSED, _KEY),
    _Row(404, "", Remedy.REFUSED, "check `endpoint` and `api_version` in [live]"),
    _Row(408, "", Remedy.RESUME),
    _Row(429, "", Remedy.REFUSED, _QUOTA),
)
"""The first row that fits counts; where none does, see ``classify``."""

_CLIENT_ERRORS: Final = range(400, 500)
"""HTTP statuses that say: asking again in the same way does not help."""


def classify(code: int, reason: str, *, resumed: bool) -> Ending:
    """Say what the end of a connection asks for.

    Args:
        code: Close code, or HTTP status of the handshake, or 0 for the network.
        reason: The words that came with it; matched without regard to case.
        resumed: The session was set up with a handle and has not worked since:
            then a refusal may be the handle's fault, and a fresh session is
            worth one try.
    """
    reason = " ".join(reason.split())
    words = reason.lower()
    for row in _ROWS:
        if row.code in {None, code} and row.words in words:
            remedy = row.remedy
            if resumed and remedy is Remedy.REFUSED and code == 1007 and not row.words:
                remedy = Remedy.FRESH
            return Ending(code, reason, remedy, row.cure)
    if code in _CLIENT_ERRORS:
        return Ending(code, reason, Remedy.REFUSED, _SETTINGS)
    return Ending(code, reason, Remedy.RESUME)
