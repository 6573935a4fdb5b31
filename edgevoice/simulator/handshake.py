"""Who may open a socket: path, API version, and the one credential."""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct
from websockets.datastructures import Headers

from edgevoice.live.endpoint import (
    API_VERSIONS,
    CONSTRAINED_METHOD,
    METHOD,
    SERVICE,
    is_token,
)
from edgevoice.simulator.reasons import REASONS

_PATHS: Final = {
    f"/ws/{SERVICE}.{version}.{method}": (version, method == CONSTRAINED_METHOD)
    for version in API_VERSIONS
    for method in (METHOD, CONSTRAINED_METHOD)
}
_BAD_KEYS: Final = {
    "invalid": REASONS["key_invalid"][1],
    "expired": REASONS["key_expired"][1],
}
"""Keys that stand for bad ones, and the close reason: the server accepts the socket
and closes it with 1007 rather than refuse the handshake."""


class Denied(Exception):
    """The handshake is refused.

    Attributes:
        status: HTTP status.
        text: One line for the body.
    """

    def __init__(self, status: HTTPStatus, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(status, text)


class Caller(Struct, frozen=True):
    """Who is let in.

    Attributes:
        version: API version of the path.
        auth: ``key header``, ``key query``, ``token header`` or ``token query``.
        bad_key: Close reason, if the key is one that the server does not accept.
        token: The ephemeral token; empty with a key.
    """

    version: str
    auth: str
    bad_key: str = ""
    token: str = ""


def admit(target: str, headers: Headers) -> Caller:
    """Look at the handshake's request.

    Args:
        target: Path and query.
        headers: Of the request.

    Raises:
        Denied: 404 for another path, 403 without the right kind of credential.
    """
    address = urlsplit(target)
    if address.path not in _PATHS:
        raise Denied(
            HTTPStatus.NOT_FOUND, "Not found; see the Live API's WebSocket URL."
        )
    version, constrained = _PATHS[address.path]
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    auth, credential = (_token if constrained else _key)(query, headers)
    if not constrained and is_token(credential):
        return Caller(version, auth, _BAD_KEYS["invalid"])
    token = credential if constrained else ""
    return Caller(version, auth, _BAD_KEYS.get(credential, ""), token)


def _key(query: dict[str, str], headers: Headers) -> tuple[str, str]:
    if key := headers.get("x-goog-api-key"):
        return "key header", key
    if key := query.get("key"):
        return "key query", key
    raise Denied(
        HTTPStatus.FORBIDDEN,
        "No API key: send x-goog-api-key. Tokens go to Constrained.",
    )


def _token(query: dict[str, str], headers: Headers) -> tuple[str, str]:
    scheme, _, in_header = headers.get("Authorization", "").partition(" ")
    in_query = query.get("access_token", "")
    # Google's own client sends the token as a key, too; the server lets it pass.
    if in_query and in_header:
        raise Denied(HTTPStatus.FORBIDDEN, "Send the token once: header or query.")
    if is_token(in_query):
        return "token query", in_query
    if scheme == "Token" and is_token(in_header):
        return "token header", in_header
    raise Denied(HTTPStatus.FORBIDDEN, "No ephemeral token: Authorization: Token ...")
