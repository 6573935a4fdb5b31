"""Secrets that tools need, from files: never in settings, argv, a log or an error."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edgevoice.errors import CredentialError

LONGEST: Final = 16_384
"""Longest secret, bytes."""


def path_of(place: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where a secret is: a path, or the name of a credential that systemd gives.

    Raises:
        CredentialError: It is a name, but systemd gives no credentials here.
    """
    if "/" in place:
        return Path(place).expanduser()
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise CredentialError(
            "names a credential of systemd, and there are none here: write a path, "
            "or add LoadCredential= to the unit"
        )
    return Path(folder) / place


def secret(place: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text of a secret's file without the space around it.

    Raises:
        CredentialError: It cannot be read, others may read it, or it is empty. What
            was given as its place stays out of the text if it may be the secret itself.
    """
    path = path_of(place, environ)
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            # systemd's own copy is 0440, in a folder that only the service can enter.
            group = stat.S_IRWXG if "/" in place else 0
            if mode & (group | stat.S_IRWXO):
                raise CredentialError(f"{path} can be read by others: chmod 600 {path}")
            text = file.read(LONGEST).strip()
    except OSError as error:
        named = f"{path}" if _is_surely_a_path(place) else "the file"
        raise CredentialError(f"{named} cannot be read: {error.strerror}") from None
    except ValueError:
        raise CredentialError("the file is not UTF-8 text") from None
    if not text or "\0" in text or "\n" in text:
        raise CredentialError("the file must hold one line of text")
    return text


def _is_surely_a_path(place: str) -> bool:
    """Whether it may be shown: a secret in base64 may hold slashes, too."""
    folder = Path(place).expanduser().parent
    return folder.is_absolute() and folder != Path("/") and os.path.isdir(folder)


def secrets(
    places: Mapping[str, str], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Several of them by name.

    Raises:
        CredentialError: See ``secret``; the name stands in front.
    """
    found = {}
    for name, place in places.items():
        try:
            found[name] = secret(place, environ)
        except CredentialError as error:
            raise CredentialError(f"{name}: {error}") from None
    return found
