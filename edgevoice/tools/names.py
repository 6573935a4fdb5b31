"""What a tool may be called.

Source: FunctionDeclaration.name in google.ai.generativelanguage.v1beta: a letter or
underscore first, then letters, digits, underscores, dots, colons and dashes, 64 at
most. Colons are left out, since some models write them as they please.
"""

import hashlib
import re
from typing import Final

LEGAL: Final = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"
"""A name, as a regular expression."""

LONGEST: Final = 64
_DIGEST: Final = 6


def legal(name: str) -> str:
    """The name with what is not allowed in it replaced, and no longer than allowed.

    A long one ends in a digest of the whole, so that two long names stay two.
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    if not re.match(r"[A-Za-z]", plain):
        plain = f"tool_{plain}"
    if len(plain) <= LONGEST:
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:_DIGEST]
    return f"{plain[: LONGEST - _DIGEST - 1]}_{digest}"
