"""The status line: what is going on, in one line of any width. Pure."""

import math
from typing import Final

from msgspec import Struct

from edgevoice.controls.cells import cells, clean, cut, cut_front
from edgevoice.controls.control import Signal


class Status(Struct, frozen=True):
    """All that the status line tells."""

    signal: Signal = Signal.IDLE
    link: str = "connecting"
    """``up``, ``connecting``, ``down`` or ``refused``."""
    how: str = ""
    """How to talk: one of ``keyevents.HOW``."""
    level: float = 0.0
    """Root mean square of the microphone, 0.0 to 1.0; shown while listening."""
    latency_ms: int | None = None
    """Of the last turn, from the release to the first sound."""
    volume: int | None = 80
    """0 to 100; None: muted."""
    error: str | None = None
    """What is wrong now, in words for a person."""
    money: str = ""
    """What today came to, for example ``0.012 USD``; empty: nothing."""


class Look(Struct, frozen=True):
    """What the terminal can show."""

    colour: bool = True
    unicode: bool = True


FULL: Final = Look()
"""A good terminal."""

RESET: Final = "\x1b[0m"
DIM: Final = "\x1b[2m"
RED: Final = "\x1b[31m"
COLOURS: Final = {
    Signal.IDLE: "\x1b[32m",
    Signal.LISTENING: "\x1b[1;31m",
    Signal.THINKING: "\x1b[33m",
    Signal.SPEAKING: "\x1b[36m",
    Signal.OFFLINE: "\x1b[35m",
    Signal.ERROR: "\x1b[1;31m",
    Signal.BUDGET: "\x1b[33m",
    Signal.ASKING: "\x1b[1;33m",
}
SYMBOLS: Final = {
    Signal.IDLE: ("○", "-"),
    Signal.LISTENING: ("●", "*"),
    Signal.SPEAKING: ("▶", ">"),
    Signal.OFFLINE: ("◌", "x"),
    Signal.ERROR: ("✗", "!"),
    Signal.BUDGET: ("¤", "$"),
    Signal.ASKING: ("◆", "?"),
}
"""With Unicode, and without. Thinking turns."""
SPINNER: Final = ("◐◓◑◒", "|/-\\")
TURN: Final = 0.2
"""Seconds for one step of the spinner."""

WORDS: Final = {Signal.IDLE: "ready", Signal.ASKING: "allow it? y or n"}
"""What a signal is called, if not by its own name."""

METER_CELLS: Final = 10
METER_FLOOR: Final = -50.0
"""dB of full scale at the left end of the meter; a quiet room is about here."""
METER: Final = (("▮", "▯"), ("#", "-"))

ELLIPSIS: Final = ("…", "...")


def render(status: Status, width: int, now: float, look: Look = FULL) -> str:
    """The status line.

    Args:
        status: What to tell.
        width: Cells at most; colours take none.
        now: Any clock in seconds; moves the spinner.
        look: What the terminal can show.

    Returns:
        One line without control characters other than colours, at most ``width``
        cells. What does not fit is left out, the least important first.
    """
    parts = [part for part in _parts(status, now, look) if part[1]]
    kept: list[int] = []
    left = width
    for at in sorted(range(len(parts)), key=lambda at: parts[at][0]):
        need = cells(parts[at][1]) + (2 if kept else 0)
        if need <= left:
            kept.append(at)
            left -= need
        elif parts[at][0] <= 1:  # the state and the error are cut, never left out
            room = left - (2 if kept else 0)
            order, text, colour = parts[at]
            parts[at] = (order, cut(text, room, _of(ELLIPSIS, look)), colour)
            kept.append(at)
            break
    return "  ".join(
        _paint(parts[at][1], parts[at][2], look) for at in sorted(kept) if parts[at][1]
    )


def render_draft(draft: str, width: int, look: Look = FULL) -> str:
    """The line that is being typed, or its end if it is too long.

    At most ``width`` cells with the cursor behind it; ``width`` is at least 10.
    """
    head = "say: "
    room = width - cells(head) - 1
    return _paint(head, DIM, look) + cut_front(clean(draft), room, _of(ELLIPSIS, look))


def _parts(status: Status, now: float, look: Look) -> list[tuple[int, str, str]]:
    """Every part in the order shown: (rank, text, colour); rank 0 matters most."""
    signal = status.signal
    listening = signal is Signal.LISTENING
    state = f"{_symbol(signal, now, look)} {WORDS.get(signal, signal.value)}"
    latency = "" if status.latency_ms is None else f"{status.latency_ms} ms"
    volume = "muted" if status.volume is None else f"vol {status.volume}"
    return [
        (0, state, COLOURS[signal]),
        (2, meter(status.level, look) if listening else "", COLOURS[signal]),
        (1, clean(status.error or ""), RED),
        (3, clean(status.how), ""),
        (4, f"link {status.link}", "" if status.link != "up" else DIM),
        (6, latency, DIM),
        (5, volume, DIM if status.volume is not None else COLOURS[Signal.THINKING]),
        (7, clean(status.money), DIM),
        (8, "? help", DIM),
    ]


def meter(level: float, look: Look = FULL) -> str:
    """The microphone's level as a bar, in even steps of loudness (dB)."""
    db = 20 * math.log10(max(level, 1e-6))
    full = round(METER_CELLS * min(max(1 - db / METER_FLOOR, 0), 1))
    on, off = METER[0] if look.unicode else METER[1]
    return on * full + off * (METER_CELLS - full)


def _symbol(signal: Signal, now: float, look: Look) -> str:
    if signal is Signal.THINKING:
        return _of(SPINNER, look)[int(now / TURN) % 4]
    return _of(SYMBOLS[signal], look)


def _of(pair: tuple[str, str], look: Look) -> str:
    return pair[0] if look.unicode else pair[1]


def _paint(text: str, colour: str, look: Look) -> str:
    return f"{colour}{text}{RESET}" if look.colour and colour and text else text
