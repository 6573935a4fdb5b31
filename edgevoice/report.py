"""Status and events in words, for a person at a terminal."""

import time
from typing import Any


def describe(status: dict[str, Any]) -> str:
    """The status as a few aligned lines."""
    session, turns = status["session"], status["turns"]
    age = session["age_s"]
    rows = [
        ("phase", status["phase"]),
        ("link", status["link"]),
        ("error", status["error"] or "none"),
        ("session", "none yet" if age is None else _session(session)),
        ("microphone", _device(status["microphone"])),
        ("speaker", _device(status["speaker"])),
        ("volume", f"{status['volume']}{' (muted)' if status['muted'] else ''}"),
        ("turns", ", ".join(f"{count} {name}" for name, count in turns.items())),
        ("last turn", _turn(status["last_turn"])),
        ("tokens", f"{status['usage']['tokens']['total']} since the start"),
    ]
    return "\n".join(f"{name:<12}{value}" for name, value in rows)


def _session(session: dict[str, Any]) -> str:
    how = "resumed" if session["resumed"] else "new"
    return f"{session['age_s']} s old, {how}, {session['connections']} connections"


def _device(device: dict[str, Any]) -> str:
    return f"{device['name']}: {device['error'] or device['state']}"


def _turn(turn: dict[str, Any] | None) -> str:
    if not turn:
        return "none yet"
    latency = turn["latency_ms"]
    heard = "" if latency is None else f", first sound {latency} ms after the release"
    return f"{turn['number']}: {turn['outcome']}{heard}"


def describe_event(event: dict[str, Any]) -> str:
    """One event on one line."""
    clock = time.strftime("%H:%M:%S", time.localtime(event["time"]))
    facts = (
        f"{name}={value}"
        for name, value in event.items()
        if name not in {"event", "time"} and value is not None
    )
    return f"{clock} {event['event']:<10} {' '.join(facts)}"
