"""The drill's judge, and one short drill."""

import subprocess
import sys
from typing import Any

import pytest

from tests.drill import verdict
from tests.program import ROOT

WELL: dict[str, Any] = {
    "fates": {"answered": 3, "lost": 1, "killed": 1},
    "causes": {"lost: the server did not answer in time": 1},
    "counts": {},
    "unasked": {},
    "unheard": [],
    "twice": [],
    "killed": 1,
    "told of kills": 1,
    "refused": [],
    "attempts": 12,
    "most open": 1,
    "gaps": [0.5, 1.5],
    "growth": [[100, 0, 0, 5]],
    "wedged": [],
    "trouble": [],
}


def test_a_drill_in_which_all_was_answered_or_told_is_good() -> None:
    lines, good = verdict([WELL, WELL])

    assert good
    assert "said:             10" in lines
    assert "without a link:   4 times, median 1.000 s, worst 1.500 s" in lines


@pytest.mark.parametrize(
    "wrong",
    [
        {"fates": {"answered": 3, "untold": 1}},
        {"unheard": [7]},
        {"twice": [7]},
        {"told of kills": 0},
        {"refused": ["Request contains an invalid argument."]},
        {"attempts": 13},
        {"growth": [[3000, 0, 0, 50]]},
        {"growth": [[0, 1, 0, 50]]},
        {"growth": [[0, 0, 1, 50]]},
        {"wedged": ["7 cut: None"]},
        {"trouble": ["Traceback (most recent call last):"]},
        {"counts": {"damaged state": 1}},
    ],
)
def test_whatever_else_became_of_an_utterance_is_wrong(wrong: dict[str, Any]) -> None:
    assert not verdict([{**WELL, **wrong}])[1]


def test_a_drill_of_few_turns_does_not_judge_its_growth() -> None:
    assert verdict([{**WELL, "growth": [[0, 1, 0, 3]]}])[1]


@pytest.mark.sound
@pytest.mark.network
@pytest.mark.timeout(100)
def test_a_short_drill_goes_well(net: object) -> None:
    """The fixture skips it where no network can be made."""
    command = [sys.executable, "scripts/drill", "--turns=4", "--jobs=1", "--seed=2"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "all well" in done.stdout
