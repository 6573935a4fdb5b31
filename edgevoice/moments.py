"""When what happened in a turn, and how long turns took, in words."""

from collections.abc import Mapping
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
    gate, underruns = turn.get("gate_ms"), turn.get("underruns", 0)
    return f"ms from the press: {', '.join(words)}" + "".join(
        [
            "" if gate is None else f"; start gate {gate} ms",
            f"; underruns {underruns}" if underruns else "",
        ]
    )
