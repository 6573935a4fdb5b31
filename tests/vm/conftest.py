import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from _pytest.terminal import TerminalReporter

from tests.vm import header, unit

SUITE = Path("/host/suite")
FIGURES = Path("/host/figures.json")

Record = Callable[..., None]
Times = Callable[[int], int]

figures: dict[str, object] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if SUITE.read_text().strip() != "trixie":
        skip = pytest.mark.skip(reason="Debian 12 has edgevoice by scripts/install")
        for item in items:
            if item.get_closest_marker("package"):
                item.add_marker(skip)


@pytest.fixture
def record() -> Record:
    """Note a figure for the end: record(name, value), or many with their unit."""

    def note(name: str, value: object, unit: str = "") -> None:
        if unit and isinstance(value, list):
            p50, p99 = (round(float(np.percentile(value, q)), 1) for q in (50, 99))
            figures[name] = {"p50": p50, "p99": p99, "of": len(value), "unit": unit}
        else:
            figures[name] = value

    return note


@pytest.fixture
def times() -> Times:
    """How often to repeat: Debian 12 repeats a fifth of it."""
    return lambda full: full if SUITE.read_text().strip() == "trixie" else full // 5


@pytest.fixture(autouse=True)
def appliance() -> Iterator[None]:
    """Settings and key are in place; nothing runs before a test, nor after it."""
    unit.stop()
    unit.no_drop_in()
    unit.write_key()
    unit.write_settings()
    header.release()
    yield
    unit.stop()
    unit.no_drop_in()
    header.release()


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n")
    terminalreporter.section("figures")
    for name, value in figures.items():
        if isinstance(value, dict) and "p50" in value:
            value = "p50 {p50} {unit}, p99 {p99} {unit}, of {of}".format(**value)
        terminalreporter.write_line(f"{name}: {value}")
