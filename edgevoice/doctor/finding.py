"""What one check found, and what would mend it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, but worse than it could; or it may not be what was meant."""
    WRONG = "wrong"
    """Edgevoice does not work like that."""
    SKIPPED = "skipped"
    """It was not tried, or there is no such thing here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        name: Of the check; one word that stays the same, for scripts.
        state: How bad it is.
        found: What was found, one line.
        cure: What a person can do, one line; empty if nothing needs to be done.
    """

    name: str
    state: State
    found: str
    cure: str = ""


def ok(name: str, found: str) -> Finding:
    """All is well."""
    return Finding(name, State.OK, found)


def warning(name: str, found: str, cure: str) -> Finding:
    """It works, but not as it should."""
    return Finding(name, State.WARNING, found, cure)


def wrong(name: str, found: str, cure: str) -> Finding:
    """It does not work."""
    return Finding(name, State.WRONG, found, cure)


def skipped(name: str, why: str, cure: str = "") -> Finding:
    """It was not tried."""
    return Finding(name, State.SKIPPED, why, cure)


def failed(name: str, error: Exception) -> Finding:
    """An error of ours: our texts say what is wrong, a semicolon, what mends it."""
    found, _, cure = str(error).partition("; ")
    return wrong(name, found, cure)
