"""Parameters of a tool as JSON schema: how they are written, and what breaks them.

jsonschema is imported when a schema is first looked at: it takes 6 MB and 45 ms of a
fast machine, which those who set no tool do not pay.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import unquote

from edgevoice.tools.tool import Arguments, Refused

TYPES: Final = ("string", "integer", "number", "boolean", "array", "object")
"""What the short form takes for a schema."""

_WORDS: Final = ("title", "description", "default", "example", "examples", "deprecated")
"""Beside those that judge: what a schema says of itself; OpenAPI's ``example``, too."""

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
    required = (schema or {}).get("required")
    for name, one in properties_of(schema).items():
        kind = one.get("type", "any") if isinstance(one, Mapping) else "any"
        kinds = kind if isinstance(kind, list) else [kind]
        words = " or ".join(map(str, kinds))
        if isinstance(one, Mapping) and isinstance(one.get("enum"), list):
            words = " | ".join(map(str, one["enum"]))
        is_needed = isinstance(required, list) and name in required
        needed = ", required" if is_needed else ""
        yield f"{name}: {words}{needed}"


def mistakes(schema: Mapping[str, Any] | None) -> Iterator[str]:
    """What is wrong with a schema, a line each, with the place in front."""
    if schema is None:
        return
    for judge in (
        _wrong_parameters,
        _wrong_values,
        _wrong_words,
        _wrong_references,
        _misspelt,
    ):
        if wrong := [*judge(schema)]:
            yield from dict.fromkeys(wrong)
            return


def _wrong_parameters(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, one in properties_of(schema).items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            yield f"{name!r}: a parameter's name is letters, digits and _"
        elif not isinstance(one, Mapping):
            yield f"{name}: must be one of {', '.join(TYPES)}, or a schema"


def _wrong_values(schema: Mapping[str, Any]) -> Iterator[str]:
    """What TOML has and JSON has not."""
    try:
        json.dumps(schema, allow_nan=False)
    except TypeError:
        yield "a date or a time: write it as text"
    except ValueError:
        yield "inf or nan: JSON has no such number"


def _wrong_words(schema: Mapping[str, Any]) -> Iterator[str]:
    from jsonschema import Draft202012Validator, FormatChecker

    judge = Draft202012Validator(
        Draft202012Validator.META_SCHEMA, format_checker=FormatChecker(["regex"])
    )
    for error in judge.iter_errors(schema):
        where = ".".join(map(str, error.absolute_path))
        value = error.instance
        if error.absolute_path and error.absolute_path[-1] == "type":
            yield f"{where} = {value!r}: must be one of {', '.join(TYPES)}"
        elif error.validator == "format":
            yield f"{where} = {value!r}: Python reads no such regular expression"
        else:
            yield f"{where}: {_short(error.message)}"


def _wrong_references(schema: Mapping[str, Any]) -> Iterator[str]:
    """Every ``$ref`` that points at nothing here; none is fetched from elsewhere."""
    for where, reference in _references(schema):
        try:
            _found(schema, reference)
        except (LookupError, TypeError, ValueError):
            yield f"{where} = {reference!r}: is nowhere in this schema (#/$defs/NAME)"


def _references(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for name, one in items:
        here = f"{where}.{name}".removeprefix(".")
        if name == "$ref" and isinstance(one, str):
            yield here, one
        elif name not in {"const", "default", "enum", "examples"}:
            yield from _references(one, here)


def _found(schema: Any, reference: str) -> Any:
    """What a JSON pointer points at (RFC 6901).

    Raises:
        LookupError, TypeError, ValueError: There is nothing, or it is no pointer.
    """
    begin, *names = unquote(reference).split("/")
    if begin != "#":
        raise ValueError(reference)
    for name in names:
        name = name.replace("~1", "/").replace("~0", "~")
        schema = schema[int(name) if isinstance(schema, list) else name]
    return schema


def _misspelt(schema: Mapping[str, Any]) -> Iterator[str]:
    """Names that JSON schema does not mind, but which cannot have been meant."""
    from jsonschema import Draft202012Validator

    properties = properties_of(schema)
    if schema.get("additionalProperties") is False:
        for name in schema.get("required", ()):
            if name not in properties:
                yield f"required: {name!r} is not in properties"
    known = [*Draft202012Validator.VALIDATORS, *_WORDS]
    for name, one in properties.items():
        for word in {*one} - {*known}:
            if near := get_close_matches(word, known, n=1, cutoff=0.8):
                yield f"properties.{name}.{word}: did you mean {near[0]}?"


def checked(arguments: Arguments, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """The arguments, those that are missing at their default.

    Raises:
        Refused: They break the schema, or drive it round in a circle; one line.
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
    try:
        error = best_match(Draft202012Validator(schema).iter_errors(given))
    except (ArithmeticError, RecursionError) as problem:
        raise Refused(f"cannot be judged: {problem}") from None
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
