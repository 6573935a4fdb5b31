"""The manual pages and the completion, held against the commands and the settings."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from edgevoice import cli
from edgevoice.config import Configuration, Settings, entry_of
from edgevoice.errors import EX_CONFIG, EX_FAILED, EX_NO_DAEMON, EX_OK

ROOT = Path(__file__).parent.parent
MANUAL = (ROOT / "man" / "edgevoice.1").read_text("utf-8").replace("\\-", "-")
COMPLETION = ROOT / "completions" / "edgevoice.bash"


def parsers() -> dict[str, argparse.ArgumentParser]:
    actions = cli._parser()._actions
    (known,) = (a for a in actions if isinstance(a, argparse._SubParsersAction))
    return dict(known.choices)


def options(parser: argparse.ArgumentParser) -> set[str]:
    found = {word for action in parser._actions for word in action.option_strings}
    return {word for word in found if word.startswith("--")}


def complete(*words: str) -> set[str]:
    """What bash offers for the last word."""
    script = """
    . "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _edgevoice edgevoice "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    command = ["bash", "-c", script, "-", str(COMPLETION), "edgevoice", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def settings_page() -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "write-manual")],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def keys(kind: type[Settings]) -> Iterator[str]:
    """The names of all settings, those of the tables below included."""
    for name, hint in get_type_hints(kind).items():
        if table := entry_of(hint):
            yield from keys(table)
        elif isinstance(hint, type) and issubclass(hint, Settings):
            yield from keys(hint)
        else:
            yield name


def test_the_manual_explains_every_command_and_no_other() -> None:
    body = MANUAL.partition(".SS The appliance")[2].partition(".SH OPTIONS")[0]
    told = re.findall(r"^\.T[PQ]\n\.B[RI]? (\w+)", body, re.MULTILINE)

    assert sorted(told) == sorted(parsers())


def test_the_manual_names_every_option_and_no_other() -> None:
    known = {word for one in parsers().values() for word in options(one)}
    told, _, examples = MANUAL.partition(".SH FILES")

    assert set(re.findall(r"--[a-z][a-z-]*", told)) == known | {"--version"}
    assert "edgevoice talk --simulate" in examples


def test_the_manual_names_every_exit_status() -> None:
    section = MANUAL.partition(".SH EXIT STATUS")[2].partition(".SH ")[0]
    told = set(map(int, re.findall(r"^\d+$", section, re.MULTILINE)))

    assert told == {EX_OK, EX_FAILED, 2, EX_NO_DAEMON, EX_CONFIG}


def test_bash_completes_the_commands() -> None:
    assert complete("") == {*parsers(), "--help", "--version"}
    assert complete("unm") == {"unmute"}


@pytest.mark.parametrize("command", parsers())
def test_bash_completes_the_options_of(command: str) -> None:
    assert complete(command, "--") == options(parsers()[command])


def test_the_page_of_the_settings_explains_every_key_and_no_other() -> None:
    told = re.findall(r"^\.TP\n\\fB(\w+)\\fR\n(.*)", settings_page(), re.MULTILINE)

    assert [name for name, _ in told] == [*keys(Configuration)]
    assert all(text and not text.startswith(".") for _, text in told)


def test_roff_takes_no_line_of_the_settings_for_a_command() -> None:
    macros = re.findall(r"^[.'](\S*)", settings_page(), re.MULTILINE)

    assert {*macros} <= {
        '\\"',
        "TH",
        "SH",
        "SS",
        "PP",
        "TP",
        "IP",
        "EX",
        "EE",
        "I",
        "br",
        "BR",
    }
