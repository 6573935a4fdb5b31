"""Changes single keys in the text of a settings file; all else stays as it is.

Every change is tried in several ways, the nicest first, and the first is taken whose
text reads as the old settings and the change. So no way needs to know all of TOML,
and none can do harm: not to a text that looks like a key, nor to another table.
"""

import copy
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from edgevoice.errors import ConfigError

Key: TypeAlias = tuple[str, str]
"""Table and key, as in ``("button", "pin")``."""

Value: TypeAlias = str | int


def set_keys(text: str, changes: Mapping[Key, Value]) -> str:
    """The text with these keys set, comments and all other lines kept.

    A set line is replaced, or one that is commented out in its table (``#pin = 17``);
    if there is neither, a line is added, and the table if need be.

    Args:
        text: Valid TOML.
        changes: What each key shall be.

    Raises:
        ConfigError: A key is written in a way that is not known here, such as an inline
            table; the text says what to write by hand.
    """
    for key, value in changes.items():
        text = _set_key(text, key, value)
    return text


def literal(value: Value) -> str:
    """A value as TOML: that of a string is as JSON's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _set_key(text: str, key: Key, value: Value) -> str:
    wanted = _with(tomllib.loads(text), key, value)
    for changed in _ways(text, key, literal(value)):
        if _reads(changed, wanted):
            return changed
    table, name = key
    raise ConfigError(
        f"cannot change {table}.{name} where it stands: set it there by hand to "
        f"{literal(value)}, and run `edgevoice setup` again"
    )


def _ways(text: str, key: Key, shown: str) -> Iterator[str]:
    """Texts that may be what is wanted, the nicest first."""
    lines = text.split("\n")
    table, name = key
    end = "\r" if lines[0].endswith("\r") else ""
    for pattern in (_SET, _COMMENTED):
        for at, line in enumerate(lines):
            if found := re.match(pattern.format(name=name, table=table), line):
                kept = f"{found[1]}{shown}{_comment(line)}"
                yield "\n".join([*lines[:at], kept, *lines[at + 1 :]])
    added = f"{name} = {shown}{end}"
    for at, line in enumerate(lines, 1):
        if re.match(rf"\s*\[\s*{table}\s*\]", line):
            yield "\n".join([*lines[:at], added, *lines[at:]])
    blank = "" if not text or text.endswith("\n") else f"{end}\n"
    yield f"{text}{blank}{end}\n[{table}]{end}\n{added}\n"
    yield f"{table}.{added}\n{text}"


_SET: Final = r"(\s*(?:{table}\s*\.\s*)?{name}\s*=\s*)"
_COMMENTED: Final = r"#((?:{table}\.)?{name} = )"
"""As config/edgevoice.toml has it; a remark has a space after its sign."""


def _comment(line: str) -> str:
    """What follows the value of a set line: a remark, the end of a DOS line."""
    line = line.removeprefix("#")
    for at, sign in enumerate(line):
        if sign == "#" and _parsed(line[:at]) is not None:
            before = line[:at]
            return before[len(before.rstrip()) :] + line[at:]
    return "\r" if line.endswith("\r") else ""


def _with(table: Mapping[str, Any], key: Key, value: Value) -> dict[str, Any]:
    changed = copy.deepcopy(dict(table))
    changed.setdefault(key[0], {})[key[1]] = value
    return changed


def _reads(text: str, wanted: Mapping[str, Any]) -> bool:
    return _parsed(text) == wanted


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
