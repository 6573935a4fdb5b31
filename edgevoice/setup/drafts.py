"""What is to be written: files from what was there and what is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgevoice import config
from edgevoice.config import Configuration
from edgevoice.errors import ConfigError
from edgevoice.setup import service
from edgevoice.setup.files import PRIVATE, PUBLIC, Draft
from edgevoice.setup.place import Place
from edgevoice.setup.settings_file import Key, Value, literal, set_keys
from edgevoice.setup.steps import PARTS, changed

KEY_FILE: Final[Key] = ("live", "key_file")

_KEYS: Final = (KEY_FILE, *(key for part in PARTS for key in part.keys))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be.

    Attributes:
        settings: All of them.
        key: A new one; None: whatever there is stays.
    """

    settings: Configuration
    key: str | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return f"Wanted({self.settings!r})"


def changes(before: Configuration, after: Configuration) -> dict[Key, Value]:
    """What differs, of the settings that setup knows."""
    return {key: _value(after, key) for key in _KEYS if _differs(before, after, key)}


def drafts(where: Place, before: Configuration, wanted: Wanted) -> list[Draft]:
    """The files to write, none if nothing is new; checked as `edgevoice check` does.

    Raises:
        ConfigError: The settings would be wrong, or cannot be changed where they stand.
    """
    settings, found = _settings(where, wanted), []
    if new := changes(before, settings):
        text = set_keys(where.text(), new)
        config.parse(text, where.settings)
        _encodes(text, where.settings)
        draft = Draft(where.settings, text, PUBLIC, where.folder_mode, keeps=True)
        found.append(draft)
    if where.is_system:
        found += _input_drop_in(settings.button.source.startswith("evdev:"))
    if wanted.key is not None:  # last: a key that is replaced is lost
        key = f"{wanted.key}\n"
        found.append(Draft(where.key, key, PRIVATE, where.folder_mode))
    return found


def summary(
    where: Place, before: Configuration, wanted: Wanted, files: Sequence[Draft]
) -> list[str]:
    """What would be written, in lines for a person; the key is not shown."""
    lines = []
    for draft in files:
        lines.append(f"{draft.path}{' (only its owner can read it)' * _private(draft)}")
        if draft.path == service.INPUT_DROP_IN:
            allowed = "lets the service read input devices"
            removed = "is removed: the button is no input device"
            lines.append(f"  {removed if draft.text is None else allowed}")
        elif _private(draft):
            lines.append("  the key")
        else:
            for key, value in changes(before, _settings(where, wanted)).items():
                old = _value(before, key)
                lines.append(
                    f"  {'.'.join(key)} = {literal(value)} (was {literal(old)})"
                )
    return lines


def _settings(where: Place, wanted: Wanted) -> Configuration:
    """Those that are wanted; the service's own need not say where its key is."""
    if wanted.key is None or where.is_system:
        return wanted.settings
    return changed(wanted.settings, KEY_FILE, str(where.key))


def _encodes(text: str, path: Path) -> None:
    """Refuse what the command line gave as bytes that are no text."""
    try:
        text.encode()
    except UnicodeError:
        raise ConfigError(
            f"{path}: a name that was given is not UTF-8: give it as "
            "`edgevoice devices` shows it"
        ) from None


def _private(draft: Draft) -> bool:
    return draft.mode == PRIVATE


def _input_drop_in(needed: bool) -> list[Draft]:
    """The unit's confinement lets no input device through but by this."""
    path = service.INPUT_DROP_IN
    if needed and not path.exists() and service.BOOTED.is_dir():
        return [Draft(path, service.INPUT_ALLOWED, PUBLIC)]
    if not needed and path.exists() and path.read_text() == service.INPUT_ALLOWED:
        return [Draft(path, None, PUBLIC)]
    return []


def _differs(before: Configuration, after: Configuration, key: Key) -> bool:
    return _value(before, key) != _value(after, key)


def _value(settings: Configuration, key: Key) -> Value:
    table, name = key
    value: Value = getattr(getattr(settings, table), name)
    return value
