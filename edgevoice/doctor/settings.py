"""Whether the settings can be read, and where the key is; never what it is."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from edgevoice import config
from edgevoice.config import CREDENTIAL_NAME, Configuration, Live, places
from edgevoice.doctor.finding import Finding, failed, ok, skipped, warning, wrong
from edgevoice.errors import ConfigError, CredentialError
from edgevoice.live.endpoint import is_token

_LISTS: Final = "`edgevoice check` lists every mistake; mend the file"
_PLACE: Final = "`sudo edgevoice setup` asks for it; README tells where it belongs"


def check_settings(path: Path | None) -> tuple[Configuration | None, Finding]:
    """Read the settings; None if they cannot be used."""
    try:
        settings = config.load(path)
    except ConfigError as error:
        more = len(error.mistakes) - 1
        found = error.mistakes[0] + (f" (and {more} more)" if more else "")
        return None, wrong("settings", found, _LISTS)
    return settings, ok("settings", str(path or "the built-in ones: there is no file"))


def check_key(
    live: Live, path: Path | None, environ: Mapping[str, str] = os.environ
) -> tuple[str | None, Finding]:
    """Find the key that the daemon with these settings finds.

    Args:
        live: The settings.
        path: Their file. With the file of a service goes that service's own key; the
            system service's only root may read.
        environ: The environment.

    Returns:
        The key, or None; and ``key``.
    """
    services = [file for file in _of_services(path, environ) if _exists(file)]
    for file in services:
        if os.access(file, os.R_OK) and file.read_bytes().strip():
            environ = {**environ, "CREDENTIALS_DIRECTORY": str(file.parent)}
            break
    try:
        key = config.credential(live, environ)
    except CredentialError as error:
        shut = [file for file in services if not os.access(file, os.R_OK)]
        if shut:
            why = f"{shut[0]}: only root may read it"
            return None, skipped("key", why, "to try it: `sudo edgevoice doctor`")
        finding = failed("key", error)
        return None, finding if finding.cure else wrong(
            "key", str(error).partition(": set ")[0], _PLACE
        )
    kind = "an ephemeral token" if is_token(key) else "an API key"
    where = _where(live, environ)
    if where in services and Path(where).stat().st_mode & 0o077:
        found = f"{where} can be read by others"
        return key, warning("key", found, f"`sudo chmod 600 {where}`")
    return key, ok("key", f"{kind} in {where}")


def _of_services(path: Path | None, environ: Mapping[str, str]) -> Iterator[Path]:
    """Where the two units have their key: LoadCredential= in each."""
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config"
    for folder in (places.SYSTEM_FILE.parent, Path(home) / "edgevoice"):
        if path is None or path.parent == folder:
            yield folder / CREDENTIAL_NAME


def _where(live: Live, environ: Mapping[str, str]) -> Path | str:
    """Where ``config.credential`` found it."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / CREDENTIAL_NAME).exists():
        credential = Path(folder) / CREDENTIAL_NAME
        if credential.read_bytes().strip():
            return credential
    return os.path.expanduser(live.key_file) or "$GEMINI_API_KEY"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False
