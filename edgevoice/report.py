"""Status and events in words, for a person at a terminal."""

import time
from collections.abc import Iterator
from typing import Any


def describe(status: dict[str, Any]) -> str:
    """The status as a few aligned lines."""
    session, turns = status["session"], status["turns"]
    age = session["age_s"]
    rows = [
        ("phase", status["phase"]),
        ("link", _link(status)),
        ("error", status["error"] or "none"),
        ("session", "none yet" if age is None else _session(session)),
        ("microphone", _device(status["microphone"])),
        ("speaker", _device(status["speaker"])),
        ("volume", f"{status['volume']}{' (muted)' if status['muted'] else ''}"),
        ("turns", _turns(turns)),
        *_shown(status),
        ("last turn", _turn(status["last_turn"])),
        ("tokens", f"{status['usage']['tokens']['total']} since the start"),
    ]
    return "\n".join(f"{name:<12}{value}" for name, value in rows)


def _shown(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Camera, picture and notes, where there are any."""
    camera = status.get("camera") or {}  # an older daemon tells nothing of them
    if camera.get("when"):
        yield "camera", camera["error"] or camera["when"]
    if status.get("picture"):
        yield "picture", "goes with the next turn"
    if status.get("notes"):
        yield "notes", f"{status['notes']} waiting"


def _link(status: dict[str, Any]) -> str:
    error = status.get("link_error")
    return f"{status['link']}: {error}" if error else str(status["link"])


def _session(session: dict[str, Any]) -> str:
    how = "resumed" if session["resumed"] else "new"
    number = session["connections"]
    links = "1 connection" if number == 1 else f"{number} connections"
    return f"{duration(session['age_s'])} old, {how}, {links}"


def duration(seconds: int) -> str:
    """For example ``3 h 12 min``; seconds only below a minute."""
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _turns(turns: dict[str, int]) -> str:
    words = {"told": "lost", "pending": "waiting for the link"}
    return ", ".join(
        f"{count} {words.get(name, name)}" for name, count in turns.items()
    )


def _device(device: dict[str, Any]) -> str:
    return f"{device['name']}: {device['error'] or device['state']}"


def _turn(turn: dict[str, Any] | None) -> str:
    if not turn:
        return "none yet"
    latency = turn["latency_ms"]
    heard = "" if latency is None else f", first sound after {latency} ms"
    return f"{turn['number']}: {turn['outcome']}{heard}"


def describe_event(event: dict[str, Any]) -> str:
    """One event on one line; nothing in it can move the cursor."""
    clock = time.strftime("%H:%M:%S", time.localtime(event["time"]))
    words = "".join(c if c.isprintable() else " " for c in _words(event))
    return f"{clock} {event['event']:<10} {words}"


def _words(event: dict[str, Any]) -> str:
    match event:
        case {"event": "phase", "phase": str(phase)}:
            return phase
        case {"event": "link", "link": str(link), "error": error}:
            return f"{link}: {error}" if error else link
        case {"event": "device", "kind": str(kind), "name": _, "state": _}:
            return f"{kind} {_device(event)}"
        case {"event": "turn", "latency_ms": _}:
            return _turn(event)
        case {"event": "turn", "number": number, "outcome": outcome}:
            return f"{number}: {outcome}"
        case {"event": "transcript", "who": who, "text": text}:
            return f"{who}:{'' if str(text).startswith(' ') else ' '}{text}"
        case {"event": "settings", "changed": list(changed), "error": error}:
            return str(error or f"new: {', '.join(changed) or 'nothing'}")
        case {"event": "volume", "volume": volume, "muted": muted}:
            return f"{volume}{' (muted)' if muted else ''}"
        case {"event": "picture", "state": str(state), "error": error}:
            return f"{state}: {error}" if error else state
        case {"event": "note", "waiting": waiting}:
            return f"{waiting} waiting" if waiting else "told"
        case _:  # of a newer daemon
            facts = ((n, v) for n, v in event.items() if n not in {"event", "time"})
            return " ".join(f"{n}={v}" for n, v in facts if v is not None)
