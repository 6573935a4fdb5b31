"""What README and ARCHITECTURE say, held against the code."""

import argparse
import os
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from gpiozero.pins.mock import MockFactory

from edgevoice import cli
from edgevoice.audio.earcons import Earcon
from edgevoice.config import CREDENTIAL_NAME, Configuration
from edgevoice.config.places import SYSTEM_FILE
from edgevoice.controls.keyevents import HELP
from edgevoice.controls.patterns import PATTERNS
from edgevoice.daemon.logs import FIELDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
TROUBLE = (ROOT / "docs" / "trouble.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
UNIT = (ROOT / "systemd" / "edgevoice.service").read_text("utf-8")
DEFAULTS = Configuration()


def table(head: str, text: str = README) -> list[list[str]]:
    """The rows of the table whose first column has this head; of the README's."""
    found = re.search(rf"^\| {head} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found, f"no table {head!r}"
    return [
        [cell.strip() for cell in row.strip("|").split(" | ")]
        for row in found[1].splitlines()
    ]


def commands() -> set[str]:
    actions = cli._parser()._actions
    (known,) = (a for a in actions if isinstance(a, argparse._SubParsersAction))
    return set(known.choices)


def code() -> list[str]:
    """Everything in the README that is set as code."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.partition("#")[0] for block in blocks for line in block.splitlines()]
    lines = [
        line for line in lines if not re.search(r"git clone|systemctl|journ", line)
    ]
    return [*lines, *re.findall(r"`(edgevoice [^`]+)`", README)]


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 200


def test_the_wires_are_drawn_as_the_header_has_them() -> None:
    header = MockFactory().board_info.headers["J8"]
    drawn = {
        int(position): name
        for left, odd, even, right in re.findall(
            r"(\w+) +\((\d+)\) +\((\d+)\) +(\w+)", README
        )
        for position, name in ((odd, left), (even, right))
    }

    assert sorted(drawn) == list(range(1, 23))
    assert drawn == {at: header.pins[at].name for at in drawn}


def test_button_and_lamp_are_wired_to_the_default_pins() -> None:
    header = MockFactory().board_info.headers["J8"]
    named = re.findall(r"(GPIO\d+|GND) \(pin (\d+)\)", README)

    assert all(header.pins[int(at)].name == name for name, at in named)
    assert [name for name, _ in named] == [
        f"GPIO{DEFAULTS.button.pin}",
        "GND",
        f"GPIO{DEFAULTS.indicator.pin}",
        "GND",
    ]


def test_the_lamp_table_is_the_lamps() -> None:
    told = {
        re.split(r"\W", means)[0]: tuple(
            tuple(map(int, pair.split("/"))) for pair in rhythm.strip("`").split()
        )
        for _, means, rhythm in table("lamp")
    }

    assert told == {signal.value: pattern for signal, pattern in PATTERNS.items()}


def direction(notes: list[float]) -> str:
    if len(set(notes)) == 1:
        return "equal"
    return "rising" if notes == sorted(notes) else "falling"


def test_every_signal_sound_is_told_with_its_notes() -> None:
    count = {"two": 2, "three": 3, "four": 4}
    told = {
        means.partition(":")[0]: (count[sound.split()[0]], sound.split()[1])
        for sound, means in table("sound")
    }

    assert told == {
        earcon.name.lower(): (
            len(notes),
            direction(notes),
        )
        for earcon in Earcon
        if (notes := [hz for hz, _ in earcon.value if hz])
    }


def test_the_keys_are_those_of_the_help() -> None:
    assert [tuple(row) for row in table("key")] == [*HELP]


def test_every_command_is_told_and_exists() -> None:
    unit = re.findall(r"`(edgevoice [^`]+)`", UNIT)  # what only systemd calls
    told = re.findall(r"(?<![\w./-])edgevoice ([a-z]+)\b", "\n".join([*code(), *unit]))

    assert set(told) == commands()


def test_the_settings_shown_are_the_defaults() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)

    assert msgspec.convert(tomllib.loads(block), Configuration) == DEFAULTS


def test_the_durations_of_the_button_are_the_defaults() -> None:
    before, after = DEFAULTS.microphone.pre_roll_ms, DEFAULTS.microphone.tail_ms

    assert f"{before / 1000} s from before the press and {after / 1000} s" in README
    assert f"the {before / 1000} s before and the {after / 1000} s after" in README
    assert f"the last {before / 1000} s are held in memory" in README
    assert f"shorter than {DEFAULTS.button.tap_ms / 1000} s" in README
    assert f"after {DEFAULTS.button.max_hold_s} s the question ends" in README
    assert "kept for five minutes" in README
    assert DEFAULTS.live.keep_s == 5 * 60


def test_the_installation_is_what_the_unit_and_the_scripts_expect() -> None:
    scripts = set(re.findall(r"scripts/[a-z-]+", README))

    assert scripts >= {"scripts/build-package", "scripts/install", "scripts/uninstall"}
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)
    assert "ExecStart=/usr/bin/edgevoice run" in UNIT
    places = (ROOT / "scripts" / "places.sh").read_text("utf-8")
    assert "venv=/opt/edgevoice\n" in places
    assert "`/opt/edgevoice`" in README
    key = SYSTEM_FILE.with_name(CREDENTIAL_NAME)
    assert f"LoadCredential={CREDENTIAL_NAME}:{key}" in UNIT
    assert f"`{key}`" in README


@pytest.mark.parametrize(
    "words",
    [
        words
        for row in [*table("symptom"), *table("symptom", TROUBLE)]
        for words in re.findall(r"^`+ ?(.+?) ?`+[ ,|]?", row[0])
    ],
)
def test_a_symptom_that_is_quoted_is_said_by_the_program(words: str) -> None:
    source = "".join(path.read_text("utf-8") for path in ROOT.glob("edgevoice/**/*.py"))

    assert words in source


def test_the_tree_of_the_architecture_names_every_file() -> None:
    tree = ARCHITECTURE.partition("## The tree")[2].split("```")[1]
    told, folder = set(), ""
    for indent, name in re.findall(r"^( *)(\w+(?:\.py|/))(?= |$)", tree, re.MULTILINE):
        if name.endswith("/"):
            folder = folder if not indent else name
            continue
        told.add(f"{folder if len(indent) == 4 else ''}{name}")

    assert told == {
        path.relative_to(ROOT / "edgevoice").as_posix()
        for path in ROOT.glob("edgevoice/**/*.py")
    }


def test_the_manual_names_every_field_of_the_journal() -> None:
    manual = (ROOT / "man" / "edgevoice.1").read_text("utf-8")
    told = manual.partition(".SH JOURNAL")[2].partition(".SH EXAMPLES")[0]

    assert re.findall(r"^\.B ([A-Z_]+)$", told, re.MULTILINE)[1:] == [*FIELDS]
