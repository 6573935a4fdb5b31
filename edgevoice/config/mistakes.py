"""What is wrong with a key by itself, in words.

A mistake is told with the key's path and the nearest right name, all of them at once.
"""

import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from edgevoice.config.table import SECRET, Settings, entry_of
from edgevoice.config.tables import Button, Configuration, PriceSettings
from edgevoice.config.tool_tables import McpSettings, ToolSettings


def mistakes_in(
    kind: type[Settings], table: Mapping[str, Any], prefix: str
) -> Iterator[str]:
    """Every mistake in a table, not just the first."""
    hints = typing.get_type_hints(kind, include_extras=True)
    for key, value in table.items():
        name = prefix + (key if key.isprintable() else repr(key))
        if key not in hints:
            yield f"{name}: unknown key; {_nearest(key, hints, prefix)}"
        elif isinstance(hints[key], type) and issubclass(hints[key], Settings):
            if isinstance(value, dict):
                yield from mistakes_in(hints[key], value, f"{name}.")
            else:
                yield f"{name}: is a table; write [{name}]"
        elif entry := entry_of(hints[key]):
            yield from _mistakes_in_list(entry, value, name)
        else:
            try:
                msgspec.convert(value, hints[key])
            except msgspec.ValidationError as error:
                wrong = _choices(hints[key]) or _in_words(str(error))
                wrong = wrong[0].lower() + wrong[1:]
                # Some write the key itself where its file belongs.
                shown = name if key in SECRET else f"{name} = {_shown(value)}"
                yield f"{shown}: {wrong}"
    for key in _required(kind):
        if key not in table:
            yield f"{prefix}{key}: is missing"


def _mistakes_in_list(kind: type[Settings], tables: Any, name: str) -> Iterator[str]:
    """Those in a list of tables; the first is ``tools[1]``."""
    if not isinstance(tables, list):
        yield f"{name}: is a list of tables; write [[{name}]]"
        return
    for number, table in enumerate(tables, 1):
        if isinstance(table, dict):
            yield from mistakes_in(kind, table, f"{name}[{number}].")
        else:
            yield f"{name}[{number}]: is a table; write [[{name}]]"


def _required(kind: type[Settings]) -> Iterator[str]:
    for one in msgspec.structs.fields(kind):
        if one.required:
            yield one.name


def _shown(value: Any) -> str:
    """A value nearly as TOML writes it."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _in_words(error: str) -> str:
    """What msgspec says, for somebody who does not know Python's types."""
    inner = r"Expected (.+), got (.+) - at `\$\[(\.\.\.|\d+)\]`"
    error = re.sub(inner, r"each value must be \1, not \2", error)
    for kind, words in _KINDS.items():
        error = re.sub(rf"\b{kind}\b", words, error)
    return error.replace("`", "")


_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "object": "a table",
    "array": "a list",
}


def _nearest(key: str, hints: Mapping[str, Any], prefix: str) -> str:
    """What was meant: a name like it here, or the same name in another table."""
    from difflib import get_close_matches

    near = get_close_matches(key, hints, n=1, cutoff=0.6)
    meant = [f"{prefix}{near[0]}"] if near else _paths(Configuration, key)
    if meant:
        return f"did you mean {' or '.join(meant)}?"
    return "known here: " + ", ".join(hints)


def _paths(kind: type[Settings], key: str, prefix: str = "") -> list[str]:
    """Every place in the settings where this key may stand."""
    found = []
    for name, hint in typing.get_type_hints(kind).items():
        if name == key:
            found.append(f"{prefix}{name}")
        if isinstance(hint, type) and issubclass(hint, Settings):
            found += _paths(hint, key, f"{prefix}{name}.")
        elif entry := entry_of(hint):
            found += _paths(entry, key, f"{prefix}{name}[].")
    return found


def _choices(hint: Any) -> str:
    """What may stand there, if that is one of a few; else nothing."""
    if typing.get_origin(hint) is Literal:
        return "must be one of " + ", ".join(v or '""' for v in typing.get_args(hint))
    if typing.get_origin(hint) is tuple and typing.get_origin(_first(hint)) is Literal:
        return "must be a list, of " + ", ".join(typing.get_args(_first(hint)))
    if hint == typing.get_type_hints(ToolSettings, include_extras=True)["name"]:
        return "must be letters, digits, _, . and -, a letter first, 64 at most"
    if hint == typing.get_type_hints(McpSettings, include_extras=True)["url"]:
        return "must be an address: https://HOST/mcp"
    if hint == typing.get_type_hints(PriceSettings, include_extras=True)["currency"]:
        return "must be three capital letters, as USD"
    if hint == typing.get_type_hints(Button, include_extras=True)["source"]:
        return "must be one of gpio, keyboard, none, evdev:/dev/input/by-id/NAME"
    return ""


def _first(hint: Any) -> Any:
    return typing.get_args(hint)[0]
