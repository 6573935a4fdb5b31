from datetime import date
from typing import Any

import pytest

from edgevoice.tools.schema import checked, in_words, mistakes, schema_of
from edgevoice.tools.tool import Refused

SHORT = {
    "room": {"type": "string", "enum": ["hall", "attic"]},
    "level": {"type": "integer", "minimum": 0, "maximum": 100},
    "slow": {"type": "boolean", "default": False},
}


def refusal(arguments: dict[str, Any], parameters: dict[str, Any]) -> str:
    with pytest.raises(Refused) as caught:
        checked(arguments, schema_of(parameters))
    return str(caught.value)


def test_the_short_form_is_a_schema() -> None:
    assert schema_of(
        {"room": "string", "level": {"type": "integer", "default": 3}}
    ) == {
        "type": "object",
        "properties": {
            "room": {"type": "string"},
            "level": {"type": "integer", "default": 3},
        },
        "required": ["room"],
        "additionalProperties": False,
    }
    assert schema_of({}) is None


def test_a_person_is_told_of_each_parameter() -> None:
    assert [*in_words(schema_of({**SHORT, "any": {}, "a": {"type": ["string"]}}))] == [
        "room: hall | attic, required",
        "level: integer, required",
        "slow: boolean",
        "any: any, required",
        "a: string, required",
    ]
    assert [*in_words(None)] == []
    assert [*in_words({"properties": {"a": True, "b": 3}, "required": 3})] == [
        "a: any",
        "b: any",
    ]


def test_a_whole_schema_stays_as_it_is() -> None:
    whole = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/kind"}},
        "$defs": {"kind": {"type": "string"}},
    }

    assert schema_of(whole) == {**whole, "additionalProperties": False}
    open_one = {"type": "object", "patternProperties": {"^a": {}}}
    assert schema_of(open_one) == open_one
    assert checked({"a": "x"}, schema_of(whole)) == {"a": "x"}
    assert refusal({"a": 3}, whole) == "a: 3 is not of type 'string'"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"level": 3}, "'room' is a required property"),
        ({"room": "cellar", "level": 3}, "room: 'cellar' is not one of"),
        ({"room": "hall", "level": "3"}, "level: '3' is not of type 'integer'"),
        ({"room": "hall", "level": 101}, "level: 101 is greater than the maximum"),
        ({"room": "hall", "level": None}, "level: None is not of type 'integer'"),
        ({"room": "hall", "level": 3, "colour": "red"}, "'colour' was unexpected"),
    ],
)
def test_arguments_that_break_the_schema_are_refused_with_the_reason(
    arguments: dict[str, Any], words: str
) -> None:
    assert words in refusal(arguments, SHORT)
    assert "\n" not in refusal(arguments, SHORT)


def test_unknown_names_are_told_with_the_known_ones() -> None:
    unknown = {"room": "hall", "level": 3, "colour": 1}

    assert refusal(unknown, SHORT).endswith("; known: room, level, slow")
    assert refusal({"x": 1}, {}) == "takes no arguments, got 'x'"


def test_a_megabyte_is_not_told_back() -> None:
    assert len(refusal({"room": "x" * 1_000_000, "level": 3}, SHORT)) < 300


def test_what_was_left_out_is_at_its_default() -> None:
    given = {"room": "hall", "level": 3}

    assert checked(given, schema_of(SHORT)) == {**given, "slow": False}
    assert checked({**given, "slow": None}, schema_of(SHORT))["slow"] is False


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"a": "text"},
            "properties.a.type = 'text': must be one of string, integer, number, "
            "boolean, array, object",
        ),
        ({"a b": "string"}, "'a b': a parameter's name is letters, digits and _"),
        ({"a": True}, "a: must be one of string, integer, number, boolean, array, "),
        (
            {"type": "object", "properties": {"a": {"minimum": "x"}}},
            "properties.a.minimum: 'x' is not of type 'number'",
        ),
        (
            {"a": {"type": "string", "pattern": r"\p{L}+"}},
            r"properties.a.pattern = '\\p{L}+': Python reads no such regular expr",
        ),
        (
            {"type": "object", "patternProperties": {"(": {}}},
            "patternProperties = '(': Python reads no such regular expression",
        ),
        (
            {"a": {"$ref": "#/$defs/room"}},
            "properties.a.$ref = '#/$defs/room': is nowhere in this schema",
        ),
        (
            {"a": {"type": "array", "items": {"$ref": "http://a.example/b.json"}}},
            "properties.a.items.$ref = 'http://a.example/b.json': is nowhere in this",
        ),
        ({"a": {"minimun": 3}}, "properties.a.minimun: did you mean minimum?"),
        (
            {"type": "object", "properties": {"a": {}}, "required": ["b"]},
            "required: 'b' is not in properties",
        ),
        ({"a": {"default": date(2026, 11, 21)}}, "a date or a time: write it as text"),
    ],
)
def test_a_mistake_in_a_schema_is_told_with_its_place(
    parameters: dict[str, Any], words: str
) -> None:
    [mistake] = mistakes(schema_of(parameters))
    assert mistake.startswith(words)


@pytest.mark.parametrize(
    "parameters",
    [
        {
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/room"}, "b": {"$ref": "#"}},
            "$defs": {"room": {"type": "string"}},
        },
        {"a": {"default": {"$ref": "#/nowhere"}}},
        {"a": {"type": "string", "pattern": "^[a-z]+$"}},
        {"a": {"x-note": 3, "title": "A", "readOnly": True, "$comment": "b"}},
        {"type": "object", "required": ["b"], "patternProperties": {"b": {}}},
    ],
)
def test_a_schema_may_refer_to_itself(parameters: dict[str, Any]) -> None:
    assert [*mistakes(schema_of(parameters))] == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"multipleOf": 0.5}, 10**400),
        ({"$ref": "#/properties/a"}, "x"),
    ],
)
def test_arguments_that_no_schema_can_judge_are_refused(
    schema: dict[str, Any], value: object
) -> None:
    with pytest.raises(Refused, match="cannot be judged"):
        checked({"a": value}, {"type": "object", "properties": {"a": schema}})
