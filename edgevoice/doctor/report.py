"""Findings in words, for a person at a terminal."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from edgevoice.doctor.finding import Finding, State

WIDTH: Final = 12
"""Columns of a name."""

SIGNS: Final = {
    State.OK: "✓",
    State.WARNING: "!",
    State.WRONG: "✗",
    State.SKIPPED: "-",
}
PLAIN: Final = {"✓": "+", "✗": "x"}
"""For a terminal that cannot show these."""

COLOURS: Final = {State.OK: 32, State.WARNING: 33, State.WRONG: 31, State.SKIPPED: 2}
"""As terminals number them (ECMA-48, SGR)."""


def describe(finding: Finding, *, colour: bool = False, encoding: str = "utf-8") -> str:
    """A finding as one line, and its cure as another below.

    Nothing in it can move the cursor, whatever a server or a card calls itself.

    Args:
        finding: Which.
        colour: Whether the screen has colours.
        encoding: Of the screen.
    """
    sign = SIGNS[finding.state]
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        sign = PLAIN[sign]
    if colour:
        sign = f"\x1b[{COLOURS[finding.state]}m{sign}\x1b[0m"
    line = f"{sign} {finding.name:<{WIDTH}}{_plain(finding.found)}"
    if finding.cure:
        line += f"\n  {'':<{WIDTH}}-> {_plain(finding.cure)}"
    return line.encode(encoding, "replace").decode(encoding)


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each state, the worst first."""
    count = Counter(finding.state for finding in findings)
    order = (State.WRONG, State.WARNING, State.OK, State.SKIPPED)
    return ", ".join(f"{count[state]} {state.value}" for state in order)


def as_json(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """The findings for programs; names and states stay the same."""
    return [
        {
            "name": finding.name,
            "state": finding.state.value,
            "found": finding.found,
            "cure": finding.cure,
        }
        for finding in findings
    ]


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
