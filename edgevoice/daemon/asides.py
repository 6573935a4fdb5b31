"""What the server says beside the answer, as news: never spoken, never logged."""

from typing import Any

from edgevoice.daemon.news import News
from edgevoice.live import incoming


def tell(news: News, event: incoming.ServerEvent) -> None:
    """Tell who watches, if there is something to tell."""
    told = _item(event)
    if told is not None:
        name, facts = told
        news.tell(name, **facts)


def _item(event: incoming.ServerEvent) -> tuple[str, dict[str, Any]] | None:
    match event:
        case incoming.Thought(text):
            return "thought", {"text": text}
        case incoming.Text(text):
            return "text", {"text": text}
        case incoming.InterimTranscript(text):
            return "interim", {"text": text}
        case incoming.Code(code, language):
            return "code", {"language": language.lower(), "code": code}
        case incoming.CodeResult(output, outcome):
            return "code_result", {
                "outcome": _plain(outcome, "OUTCOME_"),
                "output": output,
            }
        case incoming.Grounding(queries, sources):
            places = [{"title": one.title, "uri": one.uri} for one in sources]
            return "sources", {"queries": [*queries], "sources": places}
        case incoming.PageRead(uri, status):
            status = _plain(status, "URL_RETRIEVAL_STATUS_")
            return "page", {"uri": uri, "status": status}
        case _:
            return _state(event)


def _state(event: incoming.ServerEvent) -> tuple[str, dict[str, Any]] | None:
    match event:
        case incoming.VoiceActivity(kind, offset):
            return "voice", {"kind": _plain(kind), "offset_s": offset}
        case incoming.WaitingForInput():
            return "waiting", {}
        case incoming.Interaction(status):
            return "interaction", {"status": _plain(status)}
        case incoming.TurnComplete(reason) if reason:
            return "reason", {"reason": _plain(reason, "TURN_COMPLETE_REASON_")}
        case incoming.SetupComplete(session_id) if session_id:
            return "session", {"id": session_id}
        case incoming.Unreadable(what):
            return "unreadable", {"what": what}
        case _:
            return None


def _plain(name: str, prefix: str = "") -> str:
    """Google's name in small words, which holds for names to come as well."""
    return name.removeprefix(prefix).replace("_", " ").lower()
