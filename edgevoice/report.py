"""Status and events in words, for a person at a terminal."""

import time
from collections.abc import Iterator
from typing import Any, Final

from edgevoice.moments import latency_in_words, moments_in_words, underruns_in_words


def describe(status: dict[str, Any]) -> str:
    """The status as a few aligned lines."""
    session, turns = status["session"], status["turns"]
    age = session["age_s"]
    rows = [
        ("phase", _phase(status)),
        ("link", _link(status)),
        ("error", status["error"] or "none"),
        ("session", "none yet" if age is None else _session(session)),
        ("model", status.get("model", "")),
        ("microphone", _device(status["microphone"])),
        ("speaker", _device(status["speaker"])),
        ("volume", f"{status['volume']}{' (muted)' if status['muted'] else ''}"),
        ("turns", _turns(turns)),
        *_shown(status),
        ("last turn", _turn(status["last_turn"])),
        *_latency(status),
        ("tokens", f"{status['usage']['tokens']['total']} since the start"),
        ("money", _money(status["usage"])),
    ]
    return "\n".join(f"{name:<12}{value}" for name, value in rows)


def _shown(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Camera, picture, notes and tools, where there are any."""
    camera = status.get("camera") or {}  # an older daemon tells nothing of them
    if camera.get("when"):
        yield "camera", camera["error"] or camera["when"]
    if status.get("picture"):
        yield "picture", "goes with the next turn"
    if status.get("notes"):
        yield "notes", f"{status['notes']} waiting"
    if "tools" in status:
        yield "tools", f"{len(status['tools'])} that the model may call"
    for server in status.get("mcp", ()):
        number = len(server["tools"])
        count = "1 tool" if number == 1 else f"{number} tools"
        yield "MCP server", f"{server['name']}: {server['error'] or count}"


def _phase(status: dict[str, Any]) -> str:
    """With what a press would allow, if that is asked."""
    phase, asks = str(status["phase"]), status.get("asks")
    return f"{phase}, asking: tap the button to allow {asks}" if asks else phase


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
    heard = "" if latency is None else f"first sound after {latency} ms"
    words = (turn["outcome"], heard, underruns_in_words(turn))
    return f"{turn['number']}: {', '.join(filter(None, words))}"


def _latency(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Of the last turns; an older daemon tells nothing of them."""
    if "latency" in status:
        yield "latency", latency_in_words(status["latency"])


def _money(usage: dict[str, Any]) -> str:
    """What was spent, and what may be; of an older daemon, nothing."""
    if usage["money"] is None:
        return "not counted"
    currency, budget = usage["currency"], usage["budget"]
    parts = [
        f"{usage['money']:.3f} {currency} today",
        f"{usage['conversation']['money']:.3f} in this conversation",
        f"the next press {usage['next_press_at_most']:.3f} at most",
    ]
    if budget["daily"]:
        parts.append(f"{budget['left']:.3f} left of {budget['daily']:.2f} a day")
    if usage["estimate"]:
        parts.append("estimated: the model's prices are not known, set [prices]")
    return ", ".join(parts)


def call_in_words(event: dict[str, Any]) -> str:
    """A function call as a line, for whoever waits for it: with what it is called.

    Nothing for the end of one that went well.
    """
    name, args = event["name"], event.get("args")
    match event:
        case {"event": "question", "allowed": allowed}:
            return f"{name}: {'allowed' if allowed else 'not allowed'}"
        case {"event": "question"}:
            return f"allow {name} {_plain(args)}".rstrip() + "?"
        case {"state": "called"}:
            return f"{name} {_plain(args)}".rstrip()
        case {"state": "done"}:
            return ""
        case {"state": state}:
            error = event.get("error")
            return f"{name}: {state}: {error}" if error else f"{name}: {state}"
        case _:
            return ""


_LONGEST: Final = 200
"""Letters of a call's arguments that are shown."""


def _plain(args: dict[str, Any] | None) -> str:
    words = ", ".join(f"{name}={value!r}" for name, value in (args or {}).items())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


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
            model = event.get("model") if link == "up" else None
            return f"{link}: {error or model}" if error or model else link
        case {"event": "device", "kind": str(kind), "name": _, "state": _}:
            return f"{kind} {_device(event)}"
        case {"event": "turn", "latency_ms": _}:
            return "; ".join(filter(None, (_turn(event), moments_in_words(event))))
        case {"event": "turn", "number": number, "outcome": outcome}:
            return f"{number}: {outcome}"
        case {"event": "transcript", "who": who, "text": text}:
            return f"{who}:{'' if str(text).startswith(' ') else ' '}{text}"
        case {"event": "thought" | "text" | "interim", "text": text}:
            return str(text)
        case {"event": "question", "args": _}:
            return f"{call_in_words(event)} Tap the button"
        case {"event": "tool_call" | "question"}:
            took = f" ({event['took_ms']} ms)" if "took_ms" in event else ""
            return (call_in_words(event) or f"{event['name']}: {event['state']}") + took
        case {"event": "refused", "reason": str(reason)}:
            return reason
        case {"event": "settings", "changed": list(changed), "error": error}:
            return str(error or f"new: {', '.join(changed) or 'nothing'}")
        case {"event": "volume", "volume": volume, "muted": muted}:
            return f"{volume}{' (muted)' if muted else ''}"
        case {"event": "usage", "tokens": dict(tokens), "money": money}:
            today = f"{event['today']:.3f} {event['currency']} today"
            return f"{sum(tokens.values())} tokens, {money:.4f}, {today}"
        case {"event": "budget", "state": state, "daily": daily, "spent": spent}:
            return f"{state}: {spent:.3f} of {daily:.2f} {event['currency']}"
        case {"event": "picture", "state": str(state), "error": error}:
            return f"{state}: {error}" if error else state
        case {"event": "note", "waiting": waiting}:
            return f"{waiting} waiting" if waiting else "told"
        case _:
            return _beside(event)


def _beside(event: dict[str, Any]) -> str:
    """What the server says beside the answer."""
    match event:
        case {"event": "code", "language": language, "code": code}:
            return f"{language}: {code}"
        case {"event": "code_result", "outcome": outcome, "output": output}:
            return f"{outcome}: {output}"
        case {"event": "sources", "queries": list(queries), "sources": list(sources)}:
            found = ", ".join(f"{one['title']} <{one['uri']}>" for one in sources)
            return f"{'; '.join(queries)}: {found}"
        case {"event": "page", "uri": uri, "status": status}:
            return f"{uri}: {status}"
        case {"event": "voice", "kind": kind, "offset_s": offset}:
            return f"{kind}" if offset is None else f"{kind} at {offset} s"
        case {"event": "waiting"}:
            return "the model waits for more to be said"
        case {"event": "interaction", "status": status}:
            return str(status)
        case {"event": "reason", "reason": reason}:
            return f"the answer ended: {reason}"
        case {"event": "session", "id": name}:
            return str(name)
        case {"event": "unreadable", "what": what}:
            return f"{what} is of an unknown form"
        case _:  # of a newer daemon
            facts = ((n, v) for n, v in event.items() if n not in {"event", "time"})
            return " ".join(f"{n}={v}" for n, v in facts if v is not None)
