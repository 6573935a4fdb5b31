"""Answers and faults of the simulated server by name, and how they are read.

A fault of the real server that is worth a test is a class of a few lines in one of the
modules imported here; its first line is its help. How one is written
stands in ``behaviour``.
"""

import difflib
from collections.abc import Sequence
from typing import Final

from edgevoice.errors import ConfigError
from edgevoice.simulator import (
    answers,
    contents,
    counts,
    credentials,
    links,
    messages,
    strictness,
    toolcalls,
)
from edgevoice.simulator.behaviour import Behaviour
from edgevoice.simulator.when import is_when

BEHAVIOURS: Final[dict[str, type[Behaviour]]] = {
    "echo": answers.Echo,
    "say": answers.Say,
    "silent": answers.Silent,
    "stall": answers.Stall,
    "empty": answers.Empty,
    "poisoned": answers.Poisoned,
    "speed": answers.Speed,
    "gaps": answers.Gaps,
    "call": toolcalls.Call,
    "call_anyway": toolcalls.CallAnyway,
    "calls": toolcalls.CallScript,
    "thoughts": contents.Thoughts,
    "text": contents.TextPart,
    "search": contents.Search,
    "code": contents.Code,
    "url_context": contents.UrlContext,
    "reason": contents.Reason,
    "waiting": contents.Waiting,
    "status": contents.Status,
    "in_progress": contents.InProgress,
    "interim": contents.Interim,
    "voice_activity": contents.VoiceActivity,
    "usage": counts.Usage,
    "full_usage": counts.FullUsage,
    "repeated_usage": counts.RepeatedUsage,
    "call_usage": counts.CallUsage,
    "no_usage": counts.NoUsage,
    "strict_calls": strictness.StrictCalls,
    "seed_only": strictness.SeedOnly,
    "one_picture_a_second": strictness.OnePictureASecond,
    "issued_tokens": credentials.IssuedTokens,
    "token_terms": credentials.TokenTerms,
    "refuse": links.Refuse,
    "close": links.Close,
    "dead_handle": links.DeadHandle,
    "resume_then_die": links.ResumeThenDie,
    "drop": links.Drop,
    "delay": links.Delay,
    "go_away": links.GoAway,
    "lifetime": links.Lifetime,
    "mute": links.Mute,
    "deaf": links.Deaf,
    "late_pong": links.LatePong,
    "quiet_interrupt": messages.QuietInterrupt,
    "no_turn_complete": messages.NoTurnComplete,
    "double_turn_complete": messages.DoubleTurnComplete,
    "empty_update": messages.EmptyUpdate,
    "late_transcript": messages.LateTranscript,
    "late_audio": messages.LateAudio,
    "together": messages.Together,
    "bare_mime": messages.BareMime,
    "unknown": messages.Unknown,
    "text_messages": messages.TextMessages,
    "big": messages.Big,
    "garbage": messages.Garbage,
}
"""What can stand before the = of a behaviour."""


def describe() -> list[tuple[str, str]]:
    """Name and one line of help of each behaviour."""
    return [(name, (b.__doc__ or "").split("\n")[0]) for name, b in BEHAVIOURS.items()]


def build(names: Sequence[str]) -> list[Behaviour]:
    """The behaviours that these strings ask for; an echo comes first in any case.

    Raises:
        ConfigError: A name is unknown, a value is of the wrong form, or WHEN names a
            moment at which the behaviour cannot act.
    """
    return [answers.Echo(), *(_build(name) for name in names if name != "echo")]


def _build(text: str) -> Behaviour:
    rest, _, when = text.rpartition("@")
    if not is_when(when):  # an @ that belongs to the value
        rest, when = text, ""
    name, _, value = rest.partition("=")
    if name not in BEHAVIOURS:
        near = difflib.get_close_matches(name, BEHAVIOURS, 1) or [", ".join(BEHAVIOURS)]
        raise ConfigError(f"unknown behaviour {name!r}; there is {near[0]}")
    behaviour = BEHAVIOURS[name](value, when)
    if behaviour.when.moment not in behaviour.moments:
        possible = ", ".join(sorted(moment.value for moment in behaviour.moments))
        raise ConfigError(f"{name} cannot act at {when!r}; it can at {possible}")
    return behaviour
