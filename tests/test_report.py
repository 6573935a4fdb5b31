"""Status and events, as a person reads them."""

import re
from typing import Any

import pytest

from edgevoice.report import describe, describe_event

USAGE: dict[str, Any] = {
    "tokens": {"prompt": 70, "response": 13, "total": 83},
    "money": 0.12,
    "currency": "USD",
    "estimate": False,
    "conversation": {"turns": 2, "tokens": {}, "money": 0.034},
    "next_press_at_most": 0.021,
    "budget": {"daily": 1.0, "left": 0.88},
}
STATUS: dict[str, Any] = {
    "phase": "idle",
    "link": "up",
    "error": None,
    "session": {"age_s": 125, "resumed": True, "connections": 3},
    "model": "gemini-3.8-live",
    "microphone": {"name": "USB Mic", "state": "open", "error": None},
    "speaker": {"name": "default", "state": "missing", "error": "it is unplugged"},
    "turns": {"said": 5, "answered": 3, "told": 1, "pending": 1},
    "last_turn": {"number": 5, "outcome": "answered", "latency_ms": 640},
    "usage": USAGE,
    "camera": {"when": None, "error": None},
    "picture": None,
    "notes": 0,
    "volume": 30,
    "muted": True,
}


def test_the_status_reads_as_a_few_aligned_lines() -> None:
    assert describe(STATUS).splitlines() == [
        "phase       idle",
        "link        up",
        "error       none",
        "session     2 min old, resumed, 3 connections",
        "model       gemini-3.8-live",
        "microphone  USB Mic: open",
        "speaker     default: it is unplugged",
        "volume      30 (muted)",
        "turns       5 said, 3 answered, 1 lost, 1 waiting for the link",
        "last turn   5: answered, first sound after 640 ms",
        "tokens      83 since the start",
        "money       0.120 USD today, 0.034 in this conversation, "
        "the next press 0.021 at most, 0.880 left of 1.00 a day",
    ]


def test_money_that_is_estimated_says_so_and_no_budget_is_not_told() -> None:
    usage = {**USAGE, "estimate": True, "budget": {"daily": None, "left": None}}
    line = describe({**STATUS, "usage": usage}).splitlines()[-1]

    assert "left" not in line
    assert line.endswith("estimated: the model's prices are not known, set [prices]")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"error": "no key"}, "error       no key"),
        (
            {"session": {"age_s": None, "resumed": False, "connections": 0}},
            "session     none yet",
        ),
        (
            {"session": {"age_s": 0, "resumed": False, "connections": 1}},
            "session     0 s old, new, 1 connection",
        ),
        (
            {"session": {"age_s": 7265, "resumed": False, "connections": 2}},
            "session     2 h 1 min old, new, 2 connections",
        ),
        ({"last_turn": None}, "last turn   none yet"),
        (
            {"last_turn": {"number": 2, "outcome": "lost: why", "latency_ms": None}},
            "last turn   2: lost: why",
        ),
        (
            {"latency": {"turns": 2, "p50_ms": 640, "p95_ms": 700}},
            "latency     p50 640 ms, p95 700 ms from release to first sound, "
            "over 2 turns",
        ),
        ({"muted": False}, "volume      30"),
        ({"camera": {"when": "press", "error": None}}, "camera      press"),
        ({"camera": {"when": "press", "error": "no lens"}}, "camera      no lens"),
        ({"picture": "waits"}, "picture     goes with the next turn"),
        ({"notes": 2}, "notes       2 waiting"),
        ({"tools": ["stop", "volume"]}, "tools       2 that the model may call"),
        (
            {"mcp": [{"name": "home", "tools": ["lamp"], "error": None}]},
            "MCP server  home: 1 tool",
        ),
        (
            {"mcp": [{"name": "home", "tools": [], "error": "Connection refused"}]},
            "MCP server  home: Connection refused",
        ),
    ],
)
def test_each_state_has_its_words(changes: dict[str, Any], line: str) -> None:
    assert line in describe({**STATUS, **changes}).splitlines()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"event": "phase", "phase": "listening"}, "phase      listening"),
        ({"event": "link", "link": "up", "error": None}, "link       up"),
        (
            {"event": "link", "link": "up", "error": None, "model": "m"},
            "link       up: m",
        ),
        (
            {"event": "link", "link": "down", "error": "the connection broke"},
            "link       down: the connection broke",
        ),
        (
            {
                "event": "device",
                "kind": "microphone",
                "name": "USB Mic",
                "state": "open",
                "error": None,
            },
            "device     microphone USB Mic: open",
        ),
        (
            {"event": "turn", "number": 3, "outcome": "begun"},
            "turn       3: begun",
        ),
        (
            {
                "event": "turn",
                "number": 3,
                "outcome": "answered",
                "latency_ms": 512,
                "underruns": 0,
            },
            "turn       3: answered, first sound after 512 ms",
        ),
        (
            {
                "event": "turn",
                "number": 3,
                "outcome": "answered",
                "latency_ms": 512,
                "underruns": 2,
                "gate_ms": 60,
                "released_ms": 100,
                "first_sound_ms": 612,
            },
            "turn       3: answered, first sound after 512 ms, stuttered 2x; "
            "ms from the press: released 100, first sound 612; "
            "60 ms of sound gathered first",
        ),
        (
            {"event": "transcript", "who": "user", "text": " How"},
            "transcript user: How",
        ),
        (
            {"event": "transcript", "who": "model", "text": "Fine"},
            "transcript model: Fine",
        ),
        (
            {"event": "settings", "changed": ["speaker.volume"], "error": None},
            "settings   new: speaker.volume",
        ),
        (
            {"event": "settings", "changed": [], "error": "x: unknown key"},
            "settings   x: unknown key",
        ),
        ({"event": "volume", "volume": 0, "muted": False}, "volume     0"),
        ({"event": "weather", "sky": "blue", "wind": None}, "weather    sky=blue"),
        ({"event": "phase", "news": 7}, "phase      news=7"),
    ],
)
def test_each_event_is_one_line(event: dict[str, Any], words: str) -> None:
    line = describe_event({"time": 0.0, **event})

    assert re.fullmatch(r"\d\d:\d\d:00 ", line[:9])
    assert line[9:] == words


def test_what_the_model_says_cannot_move_the_cursor_or_break_the_line() -> None:
    event = {"event": "transcript", "who": "model", "text": "a\x1b[2J\nb\x9b1mc\r"}

    line = describe_event({"time": 0.0, **event})

    assert line[9:] == "transcript model: a [2J b 1mc "


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            {"event": "tool_call", "name": "dim", "state": "called", "args": {"to": 4}},
            "dim to=4",
        ),
        (
            {"event": "tool_call", "name": "dim", "state": "done", "took_ms": 12},
            "dim: done (12 ms)",
        ),
        (
            {"event": "tool_call", "name": "dim", "state": "failed", "took_ms": 3},
            "dim: failed (3 ms)",
        ),
        (
            {"event": "tool_call", "name": "dim", "state": "failed", "error": "dark"},
            "dim: failed: dark",
        ),
        ({"event": "question", "name": "go", "args": {}}, "allow go? Tap the button"),
        (
            {"event": "question", "name": "open", "args": {"door": "front"}},
            "allow open door='front'? Tap the button",
        ),
        (
            {"event": "question", "name": "open", "allowed": False},
            "open: not allowed",
        ),
    ],
)
def test_a_function_call_is_told_in_words(event: dict[str, Any], line: str) -> None:
    assert describe_event({"time": 0.0, **event}).split(maxsplit=2)[2] == line


def test_long_arguments_are_shortened_and_cannot_move_the_cursor() -> None:
    args = {"text": "\x1b[2J" + "x" * 5000}
    event = {"event": "tool_call", "name": "say", "state": "called", "args": args}

    line = describe_event({"time": 0.0, **event})

    assert len(line) < 260
    assert line.isprintable()


def test_the_status_says_what_a_press_would_allow() -> None:
    said = describe({**STATUS, "phase": "thinking", "asks": "open_door"})

    assert "thinking, asking: tap the button to allow open_door" in said
