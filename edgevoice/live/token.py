"""An ephemeral token, and how long it is good; pure.

The Live API's rules ("Ephemeral tokens", AuthToken): a token begins one session, soon
after it was made (60 s by default). Resuming that session does not count as a use, but
no message is taken after ``expireTime`` (30 minutes by default). What the documents do
not say: after ``newSessionExpireTime`` no session is resumed with it either (seen in
production; the close says ``new_session_expire_time deadline exceeded``).
"""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct, field

from edgevoice.live.endpoint import TOKEN_PREFIX

LIFE_S: Final = 1800.0
"""What a token lives if nothing else is said, seconds."""

OPENS_S: Final = 60.0
"""How long it opens connections if nothing else is said, seconds."""

LONGEST_LIFE_S: Final = 20 * 3600.0
"""No token may live longer, seconds."""

SHORTEST_LIFE_S: Final = 120.0
"""A shorter life is no plan for a connection: this clock is wrong, or the token old."""


class Token(Struct, frozen=True):
    """A token.

    Attributes:
        value: A secret.
        life: How long messages are taken with it, seconds from now; 0 if that is not
            to be counted on.
        opens: How long connections may be made with it, seconds from now.
    """

    value: str
    life: float
    opens: float = OPENS_S

    def __repr__(self) -> str:
        return "Token(...)"


class _Answer(Struct, rename="camel"):
    name: str
    expire_time: datetime | None = field(default=None)
    new_session_expire_time: datetime | None = field(default=None)


def parse_token(output: bytes, now: float) -> Token:
    """Read what a source gave: the bare token, or JSON as ``auth_tokens`` answers.

    Args:
        output: All of it.
        now: Seconds since 1970.

    Raises:
        ValueError: There is no token in it; the text holds nothing of it.
    """
    text = output.strip()
    answer = _Answer("")
    try:
        if text.startswith(b"{"):
            answer = msgspec.json.decode(text, type=_Answer)
        else:
            answer.name = text.decode("ascii")
    except ValueError:  # msgspec's and the decoder's errors are of that kind
        raise ValueError("no token in it") from None
    name = answer.name
    if not (name.startswith(TOKEN_PREFIX) and name.isascii() and name.isprintable()):
        raise ValueError("no token in it")
    if " " in name or name == TOKEN_PREFIX:
        raise ValueError("no token in it")
    opens = _opens(answer.new_session_expire_time, now)
    return Token(name, _life(answer.expire_time, now), opens)


def _life(expires: datetime | None, now: float) -> float:
    if expires is None:
        return LIFE_S
    life = expires.timestamp() - now
    return min(life, LONGEST_LIFE_S) if life >= SHORTEST_LIFE_S else 0.0


def _opens(until: datetime | None, now: float) -> float:
    return OPENS_S if until is None else max(0.0, until.timestamp() - now)
