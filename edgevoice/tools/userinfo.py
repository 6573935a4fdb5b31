"""Names and passwords inside addresses, which complaints of programs repeat."""

import re
from typing import Final

LEFT_OUT: Final = "[left out]"

_USERINFO: Final = re.compile(r"(?<=//)[^/\s\"']+(?=@)")
"""Up to the last ``@`` of the host: a password may hold one that is not escaped."""


def without_userinfo(text: str) -> str:
    """The text with ``//name:password@`` of every address in it blotted out."""
    return _USERINFO.sub(LEFT_OUT, text)
