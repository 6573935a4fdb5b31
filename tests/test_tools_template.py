from typing import Any

import pytest

from edgevoice.tools.template import LONGEST, filled, mistakes
from edgevoice.tools.tool import Refused

NASTY = [
    "; rm -rf /",
    "$(id)",
    "`id`",
    "a b  c",
    "line\nanother",
    "'\"\\",
    "| cat > /etc/passwd &",
    "*",
    "{degrees}",
    "~",
]


@pytest.mark.parametrize("text", NASTY)
def test_an_argument_stays_inside_its_element_whatever_it_holds(text: str) -> None:
    given = {"room": text, "degrees": 20}

    assert filled(["set", "{room}", "to {degrees} in {room}."], given) == [
        "set",
        text,
        f"to 20 in {text}.",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (5.0, "5"), (5.5, "5.5"), (True, "true"), ([1, "ä"], '[1, "ä"]')],
)
def test_what_is_no_text_is_written_as_json_has_it(value: object, text: str) -> None:
    assert filled(["x", "{a}"], {"a": value}) == ["x", text]


def test_an_element_without_its_argument_is_left_out() -> None:
    command = ["x", "--room={room}", "{a}{b}", "end"]

    assert filled(command, {"a": "1"}) == ["x", "end"]
    assert filled(command, {"a": "1", "b": None}) == ["x", "end"]
    assert filled(command, {"a": "1", "b": ""}) == ["x", "1", "end"]


@pytest.mark.parametrize("text", ["-rf", "--output=/etc/passwd", "-"])
def test_an_argument_may_not_become_an_option(text: str) -> None:
    with pytest.raises(Refused, match="a: must not begin with '-'"):
        filled(["rm", "{a}"], {"a": text})
    with pytest.raises(Refused, match="must not begin"):
        filled(["rm", "{b}{a}"], {"b": "", "a": text})

    assert filled(["rm", "--", "{a}"], {"a": text})[2] == text
    assert filled(["rm", "--name={a}"], {"a": text})[1] == f"--name={text}"


def test_a_number_may_be_less_than_nothing() -> None:
    assert filled(["set", "{a}"], {"a": -5}) == ["set", "-5"]


def test_an_argument_cannot_bring_the_two_dashes_itself() -> None:
    with pytest.raises(Refused, match="must not begin"):
        filled(["rm", "{a}", "{b}"], {"a": "--", "b": "-rf"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\0b", "a: must not hold a NUL character"),
        ("\ud800", "a: is not valid Unicode text"),
        ("x" * 1_000_000, f"a: is over {LONGEST} bytes"),
        ("ä" * (LONGEST // 2 + 1), f"a: is over {LONGEST} bytes"),
    ],
)
def test_what_no_command_can_take_is_refused(text: str, words: str) -> None:
    with pytest.raises(Refused) as caught:
        filled(["x", "{a}"], {"a": text})
    assert str(caught.value) == words


def test_other_braces_mean_nothing() -> None:
    assert [*mistakes(["jq", '{"a": 1}', "{}", "{ b }"], [])] == []
    assert filled(["jq", '{"a": {"b": "{c}"}}'], {"c": "x"})[1] == '{"a": {"b": "x"}}'


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], 'needs a program: ["/usr/bin/program", "argument", ...]'),
        ([""], 'needs a program: ["/usr/bin/program", "argument", ...]'),
        (["{room}"], "'{room}': the program itself must not be a placeholder"),
        (["x", "{rom}"], "{rom} is not in parameters; did you mean {room}?"),
        (["x", "{zzz}"], "{zzz} is not in parameters; add it there"),
        (["x", "a\0"], "'a\\x00': must not hold a NUL"),
    ],
)
def test_a_mistake_in_a_command_is_told(command: list[str], words: str) -> None:
    assert [*mistakes(command, ["room"])] == [words]


@pytest.mark.parametrize(
    ("command", "cure"),
    [
        (["sh", "-c", "lamp {room}"], """write "$1" for it, and add 'sh', '{room}'"""),
        (["/bin/bash", "-o", "pipefail", "-ec", "lamp '{room}'"], '"$1"'),
        (["env", "A=b", "dash", "-c", "-x", "lamp {room}"], '"$1"'),
        (["busybox", "ash", "-c", "lamp {room}"], '"$1"'),
        (["python3", "-c", "print('{room}')"], "sys.argv[1] for it, and add '{room}'"),
        (["python3.13", "-Ic", "print({room})"], "sys.argv[1]"),
        (["python3", "-cprint({room})"], "sys.argv[1]"),
        (["perl", "-wne", "print {room}"], "$ARGV[0] for it, and add '{room}'"),
    ],
)
def test_an_argument_may_not_become_part_of_a_program(
    command: list[str], cure: str
) -> None:
    [mistake] = mistakes(command, ["room"])
    assert "what the model gives would be run as part of a program" in mistake
    assert cure in mistake


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", 'lamp "$1"', "sh", "{room}"],
        ["sh", "-c", "lamp ${room:-hall} {}", "sh", "{room}"],
        ["sh", "/usr/local/bin/lamp", "{room}"],
        ["python3", "-c", "import sys; print(sys.argv[1])", "{room}"],
        ["python3", "-m", "lamp", "-c", "{room}"],
        ["perl", "-ne", "print", "{room}"],
        ["lamp", "-c", "{room}"],
    ],
)
def test_an_argument_beside_a_program_is_no_mistake(command: list[str]) -> None:
    assert [*mistakes(command, ["room"])] == []


def test_an_argument_that_is_nested_too_deeply_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Refused, match="nested too deeply"):
        filled(["x", "{a}"], {"a": deep})
