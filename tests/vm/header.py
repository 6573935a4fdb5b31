"""The simulated header: the button's contact and the lamp's pin (gpio-sim)."""

import time
from pathlib import Path

LINES = Path("/sys/devices/platform/gpio-sim.0/gpiochip0")
BUTTON = LINES / "sim_gpio17"
LAMP = LINES / "sim_gpio25"
BOUNCE_S = 0.01


def press() -> float:
    """Connect the button's pin to ground; when, by ``time.monotonic()``."""
    return _pull("pull-down")


def release() -> float:
    """Let go of it; when."""
    return _pull("pull-up")


def bouncing_press() -> int:
    """The contact bounces for 10 ms, then it is down; how often it closed."""
    return _bounce(last="pull-down", other="pull-up")


def bouncing_release() -> int:
    return _bounce(last="pull-up", other="pull-down")


def is_lit() -> bool:
    """Whether the daemon drives the lamp's pin high."""
    return (LAMP / "value").read_text().strip() == "1"


def when_lit() -> float:
    """The time, by ``time.monotonic()``, if the lamp is lit; else 0."""
    return time.monotonic() if is_lit() else 0.0


def _bounce(last: str, other: str) -> int:
    end, edges = time.monotonic() + BOUNCE_S, 0
    while time.monotonic() < end:
        _pull(last)
        _pull(other)
        edges += 1
    _pull(last)
    return edges + 1


def _pull(where: str) -> float:
    (BUTTON / "pull").write_text(where)
    return time.monotonic()
