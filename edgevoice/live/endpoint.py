"""Where to connect, and with which headers.

The key travels in a header, never in the URL: URLs end in logs and exceptions.
"""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from edgevoice.errors import ConfigError

SERVICE: Final = "google.ai.generativelanguage"
METHOD: Final = "GenerativeService.BidiGenerateContent"
CONSTRAINED_METHOD: Final = "GenerativeService.BidiGenerateContentConstrained"
"""The method that takes an ephemeral token (Live API, "Ephemeral tokens")."""

TOKEN_PREFIX: Final = "auth_tokens/"
"""What every ephemeral token starts with."""

API_VERSIONS: Final = ("v1beta", "v1alpha", "v1")

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_NO_ADDRESS: Final = "is no address; use wss://HOST or ws://127.0.0.1:PORT"


def is_token(credential: str) -> bool:
    """Whether the credential is an ephemeral token rather than an API key."""
    return credential.startswith(TOKEN_PREFIX)


def path(api_version: str, credential: str) -> str:
    """The WebSocket path for this version and kind of credential."""
    method = CONSTRAINED_METHOD if is_token(credential) else METHOD
    return f"/ws/{SERVICE}.{api_version}.{method}"


def url(endpoint: str, api_version: str, credential: str) -> str:
    """The address to connect to; it never holds the credential.

    Raises:
        ConfigError: ``endpoint`` is no ``wss://host``, or is ``ws://`` to
            another machine, where the key would travel unencrypted.
    """
    parts = _parts(endpoint)
    return f"{parts.scheme}://{parts.netloc}{path(api_version, credential)}"


def check(endpoint: str) -> None:
    """Refuse an endpoint that is unusable or would show the key to the network.

    Raises:
        ConfigError: See ``url``. The text does not repeat the endpoint: people put
            the key into it (``?key=...``), and the text ends in the log.
    """
    _parts(endpoint)


def check_token_url(url: str) -> None:
    """Refuse an address for tokens that is unusable or shows them to the network.

    Raises:
        ConfigError: See ``url``; the text does not repeat it.
    """
    no_address = "is no address; use https://HOST/PATH"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(no_address) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ConfigError(no_address)
    if not url.isprintable() or not url.isascii() or " " in url:
        raise ConfigError(no_address)
    if "@" in parts.netloc:
        raise ConfigError("holds a password; put it into the file token_secret_file")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError(
            "is unencrypted; use https:// (http:// only for this machine)"
        )


def _parts(endpoint: str) -> SplitResult:
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise ConfigError(_NO_ADDRESS) from None
    if parts.scheme not in {"ws", "wss"} or not parts.hostname or port == 0:
        raise ConfigError(_NO_ADDRESS)
    if not endpoint.isprintable() or " " in endpoint:
        raise ConfigError(_NO_ADDRESS)
    if parts.path.strip("/") or not set("?#@").isdisjoint(endpoint):
        raise ConfigError("must be scheme and host only, without path or key")
    if parts.scheme == "ws" and parts.hostname not in LOOPBACK:
        raise ConfigError("is unencrypted; use wss:// (ws:// only for this machine)")
    return parts


def headers(credential: str) -> dict[str, str]:
    """The one header that authenticates; never log it.

    Two kinds at once are refused by the server, so it is always exactly one.
    """
    if is_token(credential):
        return {"Authorization": f"Token {credential}"}
    return {"x-goog-api-key": credential}
