"""Fills the ``{placeholders}`` of a command with the arguments of a call.

There is no shell. A placeholder becomes text inside the one element it stands in, which
is never split, so that spaces, quotes, ``;`` and newlines mean nothing. What is left to
harm is an argument that the program takes for an option: an element that begins with a
placeholder may not become one, unless ``--`` stands before it; and a program that
stands in the command itself (``sh -c``), which may hold no placeholder at all.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any, Final

from msgspec import Struct

from edgevoice.tools.tool import Refused

LONGEST: Final = 100_000
"""Longest element of a command, bytes; Linux takes 131071 (MAX_ARG_STRLEN)."""

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class _Interpreter(Struct, frozen=True):
    """What runs a program that stands in the command itself.

    Attributes:
        names: Its file's name.
        flag: The option before the program.
        first: The program's first argument, as the program has it.
        added: What stands in the command before that argument.
    """

    names: re.Pattern[str]
    flag: re.Pattern[str]
    first: str
    added: str = ""


_INTERPRETERS: Final = (
    _Interpreter(
        re.compile(r"(ba|da|z|k|a|fi)?sh"), re.compile("-[a-zA-Z]*c"), '"$1"', "'sh', "
    ),
    _Interpreter(
        re.compile(r"(python|pypy)[\d.]*"), re.compile("-[a-zA-Z]*c"), "sys.argv[1]"
    ),
    _Interpreter(re.compile(r"perl[\d.]*"), re.compile("-[a-zA-Z]*[eE]"), "$ARGV[0]"),
)

_WITH_VALUE: Final = frozenset({"-o", "+o", "-O", "+O", "-W", "-X"})
"""Options of these whose value is the next element."""


def mistakes(command: Sequence[str], known: Collection[str]) -> Iterator[str]:
    """What is wrong with a command in the settings.

    Args:
        command: Program and arguments.
        known: Names of the parameters.
    """
    if not command or not command[0]:
        yield 'needs a program: ["/usr/bin/program", "argument", ...]'
        return
    if _PLACEHOLDER.search(command[0]):
        yield f"{command[0]!r}: the program itself must not be a placeholder"
    for element in command:
        if "\0" in element:
            yield f"{element!r}: must not hold a NUL"
        for name in _PLACEHOLDER.findall(element):
            if name not in known:
                near = get_close_matches(name, known, n=1)
                meant = f"did you mean {{{near[0]}}}?" if near else "add it there"
                yield f"{{{name}}} is not in parameters; {meant}"
    for one, program in _programs(command):
        if found := _PLACEHOLDER.search(program):
            yield (
                f"{program!r}: what the model gives would be run as part of a program; "
                f"write {one.first} for it, and add {one.added}{found[0]!r} behind"
            )


def _programs(command: Sequence[str]) -> Iterator[tuple[_Interpreter, str]]:
    """Elements that an interpreter runs as a program."""
    for place, element in enumerate(command):
        for one in _INTERPRETERS:
            if one.names.fullmatch(PurePath(element).name):
                for program in _after_flag(command[place + 1 :], one.flag):
                    yield one, program


def _after_flag(elements: Sequence[str], flag: re.Pattern[str]) -> Iterator[str]:
    flagged = False
    words = iter(elements)
    for word in words:
        if word in _WITH_VALUE:
            next(words, None)
        elif word.startswith(("-", "+")) and word != "-m":
            yield word  # Python and perl take the program in the same element, too
            flagged = flagged or bool(flag.match(word))
        else:
            if flagged:
                yield word
            return


def filled(command: Sequence[str], arguments: Mapping[str, Any]) -> list[str]:
    """The command with every placeholder filled in.

    An element whose placeholder has no argument (an optional one without a default, or
    null) is left out as a whole.

    Raises:
        Refused: An argument cannot stand in a command.
    """
    present = {name: one for name, one in arguments.items() if one is not None}
    result: list[str] = []
    for element in command:
        names = _PLACEHOLDER.findall(element)
        if not all(name in present for name in names):
            continue
        text = _PLACEHOLDER.sub(lambda found: _text(found[1], present), element)
        first = _PLACEHOLDER.match(element)
        if first and text.startswith("-") and "--" not in result:
            _refuse_option(first[1], present)
        if len(text.encode()) > LONGEST:
            raise Refused(f"{', '.join(names)}: is over {LONGEST} bytes")
        result.append(text)
    return result


def _refuse_option(name: str, arguments: Mapping[str, Any]) -> None:
    if isinstance(arguments[name], int | float):
        return  # -5 degrees are -5 degrees
    raise Refused(f"{name}: must not begin with '-'")


def _text(name: str, arguments: Mapping[str, Any]) -> str:
    """An argument as text; what is no text or number, as JSON."""
    value = arguments[name]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        text = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        )
    except RecursionError:
        raise Refused(f"{name}: is nested too deeply") from None
    if "\0" in text:
        raise Refused(f"{name}: must not hold a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused(f"{name}: is not valid Unicode text") from None
    return text
