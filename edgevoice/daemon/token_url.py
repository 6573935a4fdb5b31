"""Asks an address for a token; blocks, so it belongs into a thread.

With TLS as everywhere; no redirect is followed, since the secret would go along.
"""

import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import IO, Any, Final

from edgevoice import __version__
from edgevoice.daemon import tls
from edgevoice.errors import LinkError
from edgevoice.live.closing import Ending, Remedy

LONGEST: Final = 65_536
"""No answer with a token is longer, bytes."""

_FIRST_ERROR: Final = 400
_TRY_AGAIN: Final = frozenset({408, 425, 429})
"""HTTP statuses of the 4xx that pass by themselves."""
_CLIENT_ERRORS: Final = range(_FIRST_ERROR, 500)


class NoToken(LinkError):
    """No token came.

    Attributes:
        ending: Why, who can mend it and how, as for a connection that failed.
    """

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        super().__init__(str(ending))


def mend(what: str, cure: str) -> NoToken:
    """A person has to act first."""
    return NoToken(Ending(0, what, Remedy.REFUSED, cure))


def wait(what: str, cure: str) -> NoToken:
    """It may pass by itself."""
    return NoToken(Ending(0, what, Remedy.RESUME, cure))


def ask(url: str, method: str, secret: str, timeout: float) -> bytes:
    """What the address answers.

    Args:
        url: See ``endpoint.check_token_url``.
        method: ``GET`` or ``POST``.
        secret: Goes along as a bearer token; empty: none.
        timeout: For each step, seconds.

    Raises:
        NoToken: It does not answer, or not with success.
    """
    request = urllib.request.Request(url, method=method)
    request.add_header("User-Agent", f"edgevoice/{__version__}")
    request.add_header("Cache-Control", "no-store")
    if method == "POST":
        request.data = b""
    if secret:
        request.add_unredirected_header("Authorization", f"Bearer {secret}")
    here = url.startswith("http://")  # only this machine may be called like that
    proxies = urllib.request.ProxyHandler({} if here else None)
    try:
        trust = urllib.request.HTTPSHandler(context=tls.context())
        opener = urllib.request.build_opener(proxies, trust, _NoRedirect)
        with opener.open(request, timeout=timeout) as answer:
            return bytes(answer.read(LONGEST))
    except urllib.error.HTTPError as error:
        error.close()
        raise _refused(error.code) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _failed(error) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> None:
        """Go nowhere else: the redirect itself is the answer then."""


def _refused(status: int) -> NoToken:
    words = f"token_url answered with HTTP status {status}"
    if status < _FIRST_ERROR:
        return wait(words, "redirects are not followed; give the address itself")
    if status in {401, 403}:
        return mend(words, "check token_secret_file")
    if status in _CLIENT_ERRORS and status not in _TRY_AGAIN:
        return mend(words, "check token_url and token_method")
    return wait(words, "see what its server says")


def _failed(error: Exception) -> NoToken:
    reason = getattr(error, "reason", error)  # urllib wraps the real one
    if isinstance(reason, ssl.SSLCertVerificationError):
        cure = "check the clock and the certificate"
        return wait(f"token_url: TLS: {reason.verify_message}", cure)
    if isinstance(reason, TimeoutError):
        return wait("token_url does not answer", "check the network")
    words = getattr(reason, "strerror", None) or type(reason).__name__
    return wait(f"token_url cannot be reached: {words}", "check the network")
