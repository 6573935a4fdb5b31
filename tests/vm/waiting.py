"""Waiting for a state. The machine is emulated, and slow: deadlines are generous."""

import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 60.0
LOOK_S = 0.01

T = TypeVar("T")


def until(
    look: Callable[[], T], patience: float = PATIENCE_S, pause: float = LOOK_S
) -> T:
    """Look until what is seen is true; it.

    Raises:
        AssertionError: It was not within so many seconds; tells what was seen last.
    """
    deadline = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {patience} s: {seen!r}"
        time.sleep(pause)
    return seen


def output(*command: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout
