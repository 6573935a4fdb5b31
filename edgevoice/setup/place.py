"""Where settings and key go: the system's, or the person's own."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgevoice import config
from edgevoice.config import places
from edgevoice.errors import ConfigError, CredentialError

LONGEST: Final = 4096
"""Of a key, characters."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is written.

    Attributes:
        settings: The settings file; it need not exist.
        key: The file of the key; it need not exist.
        is_system: The key is systemd's credential, read by the service alone, and
            the settings do not name its file.
        folder_mode: Permissions of a folder that has to be made.
    """

    settings: Path
    key: Path
    is_system: bool
    folder_mode: int

    def load(self) -> config.Configuration:
        """The settings as they are; the defaults where there is no file.

        Raises:
            ConfigError: They hold mistakes, which a person must mend first.
        """
        try:
            exists = self.settings.exists()
        except PermissionError as error:  # in a folder that we may not enter
            raise ConfigError(
                f"{self.settings}: cannot be read: {error.strerror}; ask its owner, or "
                "use sudo"
            ) from None
        return config.load(self.settings if exists else None)

    def text(self) -> str:
        """The settings file as it is, line ends and all; a first line if new."""
        if self.settings.exists():
            return self.settings.read_bytes().decode("utf-8")
        return "# Settings of edgevoice; what is not here is at its default.\n"

    def present_key(self, settings: config.Configuration) -> str | None:
        """The key that the service would use now; None if there is none.

        A key in a person's shell is not asked for: no service sees it.

        Raises:
            CredentialError: There is one, but it cannot be used.
        """
        environ: Mapping[str, str] = {}
        if self.key.name == config.CREDENTIAL_NAME and self.key.exists():
            environ = {"CREDENTIALS_DIRECTORY": str(self.key.parent)}  # as its unit
        if environ or settings.live.key_file:
            return config.credential(settings.live, environ)
        return None


def place(
    explicit: str | None, *, root: bool, environ: Mapping[str, str] = os.environ
) -> Place:
    """Where this person's settings belong.

    Args:
        explicit: A settings file that was named on the command line.
        root: Whether root asks: then it is for the system's service.
        environ: ``$EDGEVOICE_CONFIG`` names a file, too.

    Raises:
        ConfigError: The file that counts on this machine is the system's, and it is
            not root who asks.
    """
    named = explicit or environ.get("EDGEVOICE_CONFIG")
    if named:
        return _own(Path(named))
    if root:
        key = places.SYSTEM_FILE.with_name(config.CREDENTIAL_NAME)
        return Place(places.SYSTEM_FILE, key, is_system=True, folder_mode=0o755)
    found = config.find(None, environ)
    if found == places.SYSTEM_FILE and not config.sets_nothing(found):
        raise ConfigError(
            f"the settings that count on this machine are {found}: use "
            "`sudo edgevoice setup`, or --config FILE for others"
        )
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config"
    return _own(Path(home) / "edgevoice" / "edgevoice.toml")


def _own(settings: Path) -> Place:
    settings = settings.expanduser().absolute()
    key = settings.with_name(config.CREDENTIAL_NAME)
    if settings.name != places.SYSTEM_FILE.name:  # the key beside it may be a service's
        key = settings.with_name(f"{settings.stem}.key")
    is_system = settings == places.SYSTEM_FILE
    return Place(settings, key, is_system, 0o755 if is_system else 0o700)


def read_key(source: str) -> str:
    """A key from a file, or from standard input (``-``).

    Raises:
        CredentialError: It cannot be read, or holds no key; the text never holds it.
    """
    if source == "-":
        return config.checked_key(sys.stdin.read(LONGEST), "standard input")
    path = Path(source).expanduser()
    try:
        with path.open(encoding="ascii") as file:
            return config.checked_key(file.read(LONGEST), f"the file {path}")
    except OSError as error:
        # Its name is not repeated: some write the key where its file belongs.
        raise CredentialError(
            f"the file of the key cannot be read: {error.strerror}; give its path"
        ) from None
    except ValueError:
        raise CredentialError(f"the file {path} holds no API key") from None
