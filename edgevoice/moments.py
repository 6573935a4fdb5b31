"""When what happened in a turn, and how long turns took, in words."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final


def latency_in_words(latency: Mapping[str, Any]) -> str:
    """How long it took from the release to the first sound."""
    count = latency["turns"]
    if not count:
        return "no answer was heard yet"
    over = "1 turn" if count == 1 else f"{count} turns"
    return (
        f"p50 {latency['p50_ms']} ms, p95 {latency['p95_ms']} ms "
        f"from release to first sound, over {over}"
    )


MOMENTS: Final = (
    "first_audio_sent",
    "released",
    "last_audio_sent",
    "first_transcript",
    "first_answer_audio",
    "first_sound",
    "ended",
)
"""Of a turn, after the press, in their usual order."""


def moments_in_words(turn: Mapping[str, Any]) -> str:
    """When what happened in a turn, in the order in which it did."""
    known = [(turn[f"{name}_ms"], name) for name in MOMENTS if f"{name}_ms" in turn]
    words = [
        f"{name.replace('_', ' ')} {ms}"
        for ms, name in sorted(known, key=itemgetter(0))
    ]
    if not words:  # of an older daemon
        return ""
    gate = turn.get("gate_ms")
    gathered = "" if gate is None else f"; {gate} ms of sound gathered first"
    return f"ms from the press: {', '.join(words)}{gathered}"


def underruns_in_words(turn: Mapping[str, Any]) -> str:
    """How often its answer ran dry; nothing if it did not."""
    count = turn.get("underruns")  # an older daemon tells nothing of it
    return f"stuttered {count}x" if count else ""


def gates_in_words(turns: Sequence[Mapping[str, Any]]) -> str:
    """How much of their answers gathered before it was heard; nothing of no answer."""
    gates = [turn["gate_ms"] for turn in turns if turn["gate_ms"] is not None]
    if not gates:
        return ""
    least, most = min(gates), max(gates)
    range_ms = f"{least} ms" if least == most else f"{least} to {most} ms"
    return f"{range_ms} of sound gathered first"
