"""The API key and other secrets: where they are, and who else may read them."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from edgevoice.config.live_table import Live, fetches_tokens
from edgevoice.errors import CredentialError

CREDENTIAL_NAME: Final = "gemini-api-key"
"""Name of the file in ``$CREDENTIALS_DIRECTORY`` (systemd ``LoadCredential=``)."""

Kind: TypeAlias = Literal["credential", "key_file", "token_secret_file"]
"""Who names the file of a secret."""


def credential(live: Live, environ: Mapping[str, str] = os.environ) -> str:
    """The API key or ephemeral token.

    In this order: systemd's credential, ``key_file``, ``$GEMINI_API_KEY``. With
    ``token_command`` or ``token_url`` none of them counts.

    Returns:
        The credential; empty if a token is to be fetched for each session.

    Raises:
        CredentialError: There is none, or its file is open to others. The text
            never holds the key.
    """
    if fetches_tokens(live):
        return ""
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if directory:
        path = Path(directory) / CREDENTIAL_NAME
        # The unit brings a blank one where the person has made none: look further.
        if os.path.exists(path) and (key := _read_key(path, "credential").strip()):
            return checked_key(key, f"credential {path}")
    if live.key_file:
        path = Path(os.path.expanduser(live.key_file))
        return checked_key(_read_key(path, "key_file"), f"key file {path}")
    if environ.get("GEMINI_API_KEY", "").strip():
        return checked_key(environ["GEMINI_API_KEY"], "$GEMINI_API_KEY")
    raise CredentialError(
        "no API key: set GEMINI_API_KEY, or live.key_file in the settings, or as a "
        f"service LoadCredential={CREDENTIAL_NAME}"
    )


def token_secret(path: str) -> str:
    """The secret that ``token_secret_file`` holds.

    Raises:
        CredentialError: It cannot be read, or others can read it.
    """
    file = Path(os.path.expanduser(path))
    secret = _read_key(file, "token_secret_file")
    return checked_key(secret, "live.token_secret_file", "secret")


def _read_key(path: Path, kind: Kind) -> str:
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            # systemd's own copy is 0440, in a folder that only the service can enter.
            group = 0 if kind == "credential" else stat.S_IRWXG
            if mode & (group | stat.S_IRWXO):
                what = "secret" if kind == "token_secret_file" else "key"
                raise CredentialError(
                    f"{what} file {path} can be read by others: chmod 600 {path}"
                )
            return file.read(4096)
    except OSError as error:
        # Its name stays out of the text: it may be the key itself.
        raise CredentialError(
            f"the file that {_NAMED_BY[kind]} names cannot be read: {error.strerror}"
        ) from None
    except ValueError:
        raise CredentialError(
            f"the file that {_NAMED_BY[kind]} names holds no {_HOLDS[kind]}"
        ) from None


_NAMED_BY: Final = {
    "credential": f"LoadCredential={CREDENTIAL_NAME}",
    "key_file": "live.key_file (a path, not the key)",
    "token_secret_file": "live.token_secret_file (a path, not the secret)",
}
_HOLDS: Final = {
    "credential": "API key",
    "key_file": "API key",
    "token_secret_file": "secret",
}


def checked_key(key: str, where: str, what: str = "API key") -> str:
    """A key, or what else is meant, without the space around it.

    Raises:
        CredentialError: It cannot be one; the text never holds it.
    """
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise CredentialError(f"{where} holds no {what} (one line, no spaces)")
    return key
