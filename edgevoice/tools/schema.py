"""Parameters of a tool as JSON schema: how they are written, and what breaks them.

jsonschema is imported when a schema is first looked at: it takes 6 MB and 45 ms of a
fast machine, which those who set no tool do not pay.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from edgevoice.tools.tool import Arguments, Refused

TYPES: Final = ("string", "integer", "number", "boolean", "array", "object")
"""What the short form takes for a schema."""

_OPEN: Final = frozenset(
    {"additionalProperties", "patternProperties", "unevaluatedProperties", "$ref"}
    | {"allOf", "anyOf", "oneOf"}
)
"""With one of these, a schema says itself which other names it takes."""


def schema_of(parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """JSON schema of what the settings have as ``parameters``.

    ``{type = "object", ...}`` is one already. The short form has a name for each
    parameter, and its type or its own schema: ``{room = "string", level = {type =
    "integer", maximum = 100}}``. One with a ``default`` is optional, others are not.

    Returns:
        A schema that takes no other names, unless it says so; None for no parameters.
    """
    if not parameters:
        return None
    if parameters.get("type") == "object":
        schema = dict(parameters)
    else:
        properties = {
            name: {"type": one} if isinstance(one, str) else one
            for name, one in parameters.items()
        }
        schema = {"type": "object", "properties": properties}
        needed = [name for name in properties if not _has_default(properties[name])]
        if needed:
            schema["required"] = needed
    if _OPEN.isdisjoint(schema):
        schema["additionalProperties"] = False
    return schema


def _has_default(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "default" in schema


def properties_of(schema: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Each parameter's own schema."""
    properties = (schema or {}).get("properties")
    return properties if isinstance(properties, Mapping) else {}


def in_words(schema: Mapping[str, Any] | None) -> Iterator[str]:
    """Each parameter for a person: ``room: string, required``."""
    for name, one in properties_of(schema).items():
        kind = one.get("type", "any") if isinstance(one, Mapping) else "any"
        words = " or ".join(kind) if isinstance(kind, list) else str(kind)
        if isinstance(one, Mapping) and isinstance(one.get("enum"), list):
            words = " | ".join(map(str, one["enum"]))
        needed = ", required" if name in (schema or {}).get("required", ()) else ""
        yield f"{name}: {words}{needed}"


def mistakes(schema: Mapping[str, Any] | None) -> Iterator[str]:
    """What is wrong with a schema, a line each, with the place in front."""
    if schema is None:
        return
    wrong = [*_wrong_parameters(schema)]
    yield from wrong or dict.fromkeys(_wrong_words(schema))


def _wrong_parameters(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, one in properties_of(schema).items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            yield f"{name!r}: a parameter's name is letters, digits and _"
        elif not isinstance(one, Mapping):
            yield f"{name}: must be one of {', '.join(TYPES)}, or a schema"


def _wrong_words(schema: Mapping[str, Any]) -> Iterator[str]:
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema)
    for error in errors:
        where = ".".join(map(str, error.absolute_path))
        value = error.instance
        if error.absolute_path and error.absolute_path[-1] == "type":
            yield f"{where} = {value!r}: must be one of {', '.join(TYPES)}"
        else:
            yield f"{where}: {_short(error.message)}"


def checked(arguments: Arguments, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """The arguments, those that are missing at their default.

    Raises:
        Refused: They break the schema; one line that says how.
    """
    if schema is None:
        if arguments:
            raise Refused(f"takes no arguments, got {_names(arguments)}")
        return {}
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    needed = schema.get("required", ())
    # Models write null for what they leave out.
    given = {n: one for n, one in arguments.items() if one is not None or n in needed}
    error = best_match(Draft202012Validator(schema).iter_errors(given))
    if error is not None:
        where = ".".join(map(str, error.absolute_path))
        message = _short(error.message)
        if error.validator == "additionalProperties":
            known = ", ".join(properties_of(schema)) or "none"
            message = f"{message}; known: {known}"
        raise Refused(f"{where}: {message}" if where else message)
    defaults = {
        name: one["default"]
        for name, one in properties_of(schema).items()
        if _has_default(one)
    }
    return {**defaults, **given}


def _names(arguments: Arguments) -> str:
    return _short(", ".join(map(repr, arguments)))


def _short(text: str) -> str:
    """At most 160 characters of it: what the model gave may be a megabyte."""
    return text if len(text) <= 160 else f"{text[:78]} ... {text[-78:]}"
