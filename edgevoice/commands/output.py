"""Where a command puts what it has drawn."""

import sys
from pathlib import Path

from edgevoice.errors import EdgeVoiceError


def shows(characters: str) -> bool:
    """Whether standard output can show them."""
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def write(path: Path, text: str) -> None:
    """Write a file.

    Raises:
        EdgeVoiceError: It cannot be written.
    """
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise EdgeVoiceError(f"{path}: cannot be written: {error.strerror}") from None
