"""What a Python function takes, from its signature and docstring."""

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias, Union

import msgspec
from msgspec import UNSET, Struct, UnsetType

from edgevoice.errors import ConfigError

Function: TypeAlias = Callable[..., Any]
"""A function, a coroutine function or an async generator function."""

_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def parameters_of(
    function: Function, descriptions: dict[str, str] | None = None
) -> dict[str, Any] | None:
    """JSON schema of what a function takes; None if it takes nothing.

    Args:
        function: Its signature counts.
        descriptions: What is said of each parameter.

    Raises:
        ConfigError: See ``tool_of``.
    """
    hints = _hints(function)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, one in inspect.signature(function).parameters.items():
        if one.kind not in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}:
            raise ConfigError(
                f"parameter {name}: must be one that can be given by name"
            )
        if name not in hints:
            raise ConfigError(f"parameter {name}: needs a type, such as {name}: str")
        properties[name] = _schema(hints[name], name)
        if descriptions and name in descriptions:
            properties[name]["description"] = descriptions[name]
        if one.default is inspect.Parameter.empty:
            required.append(name)
    if not properties:
        return None
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return {**schema, "additionalProperties": False}


def taken_by(function: Function) -> type[Struct]:
    """A struct of what a function takes; UNSET stands for what was left out."""
    hints = _hints(function)
    fields: list[Any] = []
    for name, one in inspect.signature(function).parameters.items():
        if one.default is inspect.Parameter.empty:
            fields.append((name, hints[name]))
        else:
            fields.append((name, Union[hints[name], UnsetType], UNSET))  # noqa: UP007
    return msgspec.defstruct("Taken", fields, kw_only=True, forbid_unknown_fields=True)


def _hints(function: Function) -> dict[str, Any]:
    """The types of its parameters.

    Raises:
        ConfigError: See ``tool_of``.
    """
    inner = inspect.unwrap(function)
    if not (inspect.isfunction(inner) or inspect.ismethod(inner)):
        raise ConfigError("is no plain function; offer a def that calls it")
    try:
        return typing.get_type_hints(function)
    except Exception as error:  # noqa: BLE001  whatever a type's text may do
        raise ConfigError(
            f"{error}; import what its types name outside `if TYPE_CHECKING:`"
        ) from None


def _schema(hint: Any, name: str) -> dict[str, Any]:
    if hint in _TYPES:
        return {"type": _TYPES[hint]}
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _schema(inner[0], name)
    if origin is Literal and all(isinstance(one, str) for one in inner):
        return {"type": "string", "enum": [*inner]}
    if hint is list or origin is list:
        return {
            "type": "array",
            **({"items": _schema(inner[0], name)} if inner else {}),
        }
    if hint is dict or origin is dict:
        return {"type": "object"}
    if origin in {Union, types.UnionType}:
        kinds = [one for one in inner if one is not type(None)]
        if len(kinds) == 1:  # optional: it may be left out, which its default says
            return _schema(kinds[0], name)
    raise ConfigError(
        f"parameter {name}: {hint} has no schema; known are str, int, float, bool, "
        "Literal of texts, list, dict and Optional of these"
    )


def told(documentation: str) -> Iterator[tuple[str, str]]:
    """What the ``Args:`` of a docstring say of each parameter."""
    found = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)+)", documentation, re.MULTILINE)
    if not found:
        return
    entries = re.split(r"\n(?=[ \t]{1,4}\w)", f"\n{found[1]}")
    for entry in entries:
        if match := re.match(r"\s*\*{0,2}(\w+)(?: ?\([^)]*\))?:\s*(.*)", entry, re.S):
            yield match[1], " ".join(match[2].split())
