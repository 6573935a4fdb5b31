"""`edgevoice turns`: where the time of each turn went, and that as text. Pure.

Time runs from the release of the button, or from the text of a typed turn: what lies
right of it is waited for. What the person took to allow something is cut out, as it is
in ``latency_ms``.
"""

import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeAlias

from edgevoice import svg
from edgevoice.moments import gates_in_words, latency_in_words, underruns_in_words

Turn: TypeAlias = Mapping[str, Any]
"""As the daemon tells it: times in ms from the press, see ``Timeline.facts``."""


class Stage(NamedTuple):
    """What goes on from one moment to the next."""

    words: str
    unicode: str
    ascii: str
    colour: str


SPEECH: Final = Stage("speech", "░", "-", "#cfd8e0")
SENDING: Final = Stage("tail and sending", "▒", "=", "#7fb0dc")
SERVER: Final = Stage("the server", "·", ".", "#f2b705")
GATE: Final = Stage("start gate", "▓", "+", "#b07fd0")
ANSWER: Final = Stage("answer", "█", "#", "#4da167")

STAGES: Final = {
    "pressed_ms": SPEECH,
    "released_ms": SENDING,
    "last_audio_sent_ms": SERVER,
    "first_answer_audio_ms": GATE,
    "first_sound_ms": ANSWER,
}
"""By the moment with which each begins, in order."""

Span: TypeAlias = tuple[Stage, float, float]
"""A stage, its begin and its end, ms after the release."""

NONE: Final = "no turn has ended yet"


def spans(turn: Turn) -> list[Span]:
    """The stages that it came to; each lasts until the next one, or to the end."""
    stages = dict(STAGES)
    if turn["typed"]:
        stages["pressed_ms"] = SENDING
    known = [(stage, at(turn, name)) for name, stage in stages.items() if name in turn]
    # None of them begins before the one before it.
    begins = [*accumulate((begin for _, begin in known), max)]
    ends = [*begins[1:], at(turn, "ended_ms")]
    found = zip((stage for stage, _ in known), begins, ends, strict=True)
    return [(stage, begin, end) for stage, begin, end in found if begin < end]


def at(turn: Turn, moment: str) -> float:
    """When a moment came, ms after the release."""
    return _after_release(turn, turn[moment])


def _after_release(turn: Turn, ms: float) -> float:
    """A time from the press as one after the release, without what was asked."""
    given_up = 0 if turn["typed"] else turn["ended_ms"]
    asked = (min(end, ms) - begin for begin, end in turn["questions_ms"])
    return float(
        ms - turn.get("released_ms", given_up) - sum(t for t in asked if t > 0)
    )


def signs(turn: Turn) -> Iterator[tuple[float, str]]:
    """Letters at single moments: the first transcript, questions to the person."""
    if "first_transcript_ms" in turn:
        yield at(turn, "first_transcript_ms"), "t"
    for begin, _ in turn["questions_ms"]:
        yield _after_release(turn, begin), "?"


def reach(turns: Sequence[Turn]) -> float:
    """How many ms after the release are drawn: a single long wait is cut off.

    Those that were never heard count only if none was.
    """
    heard = [turn for turn in turns if "first_sound_ms" in turn] or turns
    waits = sorted(max(at(turn, wait_ends(turn)), 1.0) for turn in heard)
    return min(waits[-1], 3 * waits[len(waits) // 2]) * 1.1


def wait_ends(turn: Turn) -> str:
    """The moment up to which somebody waited."""
    return "first_sound_ms" if "first_sound_ms" in turn else "ended_ms"


def remarks(turn: Turn) -> str:
    """What is not as it should be."""
    sendings, asked = turn["sendings"], turn["asked_ms"]
    words = [
        turn["outcome"] if turn["outcome"] != "answered" else "",
        f"sent {sendings} times" if sendings > 1 else "",
        _late_sending(turn),
        underruns_in_words(turn),
        f"? asked {asked / 1000:.1f} s, not counted" if asked else "",
    ]
    return "; ".join(filter(None, words))


SLOW_MS: Final = 1500
"""Sending that takes longer than any tail."""


def _late_sending(turn: Turn) -> str:
    """The question waited for a network; one that was lost says so by itself."""
    if turn["outcome"].startswith("lost"):
        return ""
    sent = at(turn, "last_audio_sent_ms") if "last_audio_sent_ms" in turn else 0.0
    return f"sent after {sent / 1000:.1f} s: the network" if sent > SLOW_MS else ""


def columns(turn: Turn) -> tuple[str, str, str, str]:
    """Its number, when it ended, how long was spoken, and how long waited."""
    clock = time.strftime("%H:%M:%S", time.localtime(turn["time"]))
    spoke = "typed" if turn["typed"] else f"{turn['spoken_ms'] / 1000:.1f} s"
    latency = turn["latency_ms"]
    wait = "-" if latency is None else f"{latency} ms"
    return str(turn["number"]), clock, spoke, wait


def parts(turn: Turn) -> str:
    """How long each stage took for which somebody waited."""
    waited = [one for one in spans(turn) if one[0] not in {SPEECH, ANSWER}]
    return ", ".join(
        f"{stage.words} {end - begin:.0f} ms" for stage, begin, end in waited
    )


def label(ms: float) -> str:
    """A time on the scale."""
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms" if ms else "0"


# -- as text -------------------------------------------------------------------------

CELLS: Final = 48
LEAD: Final = 6
"""Of a bar, and of the part of it that lies before the release."""

TICK: Final = 10
"""Cells from one line of the scale to the next."""

COLUMNS: Final = 80


def text(
    turns: Sequence[Turn], latency: Mapping[str, Any], *, unicode: bool = True
) -> str:
    """One line for each turn, a second one for what is not as it should be.

    Args:
        turns: Oldest first.
        latency: Of all that the daemon remembers, see ``Tally.latency``.
        unicode: Whether the terminal can show more than ASCII.
    """
    if not turns:
        return NONE
    scale = max(svg.step(reach(turns) / (CELLS - LEAD)), 5.0)
    lines = [_line("turn", "ended", "spoke", _scale(scale), "wait")]
    for turn in turns:
        number, clock, spoke, wait = columns(turn)
        lines.append(_line(number, clock, spoke, _bar(turn, scale, unicode), wait))
        lines += _indented(remarks(turn))
    if len(turns) == 1:
        lines += _indented(parts(turns[0]))
    legend = [f"{_cell(stage, unicode)} {stage.words}" for stage in STAGES.values()]
    lines += ["", "  ".join([*legend, "t transcript"])]
    lines += filter(None, (latency_in_words(latency), gates_in_words(turns)))
    return "\n".join(lines)


def _line(number: str, clock: str, spoke: str, bar: str, wait: str) -> str:
    return f"{number:>4} {clock:<8} {spoke:>6} {bar:<{CELLS}} {wait:>8}"


def _indented(words: str) -> list[str]:
    indent = " " * 5
    return textwrap.wrap(
        words, COLUMNS, initial_indent=indent, subsequent_indent=indent
    )


def _cell(stage: Stage, unicode: bool) -> str:
    return stage.unicode if unicode else stage.ascii


def _scale(scale: float) -> str:
    line = " " * LEAD
    for cell in range(0, CELLS - LEAD, TICK):
        mark = f"|{label(cell * scale)}"
        if LEAD + cell + len(mark) <= CELLS:
            line = f"{line:<{LEAD + cell}}{mark}"
    return line


def _bar(turn: Turn, scale: float, unicode: bool) -> str:
    """What goes on in the middle of each cell."""
    cells = [" "] * CELLS
    for stage, begin, end in spans(turn):
        for cell in range(CELLS):
            if begin <= (cell - LEAD + 0.5) * scale < end:
                cells[cell] = _cell(stage, unicode)
    for when, sign in signs(turn):
        cell = LEAD + int(when // scale)
        if 0 <= cell < CELLS:
            cells[cell] = sign
    if at(turn, wait_ends(turn)) >= (CELLS - LEAD) * scale:
        cells[-1] = ">"
    return "".join(cells)
