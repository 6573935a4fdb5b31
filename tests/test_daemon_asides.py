import logging
from typing import Any

import pytest

from edgevoice.daemon import asides
from edgevoice.daemon.news import News
from edgevoice.live import incoming
from edgevoice.live.incoming import ServerEvent, Source
from edgevoice.report import describe_event

TOLD: list[tuple[ServerEvent, dict[str, Any], str]] = [
    (
        incoming.Thought("a trumpet"),
        {"event": "thought", "text": "a trumpet"},
        "a trumpet",
    ),
    (incoming.Text("Ada"), {"event": "text", "text": "Ada"}, "Ada"),
    (incoming.InterimTranscript("who"), {"event": "interim", "text": "who"}, "who"),
    (
        incoming.Code("print(1)\nprint(2)", "PYTHON"),
        {"event": "code", "language": "python", "code": "print(1)\nprint(2)"},
        "python: print(1) print(2)",
    ),
    (
        incoming.CodeResult("1\n", "OUTCOME_DEADLINE_EXCEEDED"),
        {"event": "code_result", "outcome": "deadline exceeded", "output": "1\n"},
        "deadline exceeded: 1 ",
    ),
    (
        incoming.Grounding(("ada", "lovelace"), (Source("https://a.example", "A"),)),
        {
            "event": "sources",
            "queries": ["ada", "lovelace"],
            "sources": [{"title": "A", "uri": "https://a.example"}],
        },
        "ada; lovelace: A <https://a.example>",
    ),
    (
        incoming.PageRead("https://a.example", "URL_RETRIEVAL_STATUS_PAYWALL"),
        {"event": "page", "uri": "https://a.example", "status": "paywall"},
        "https://a.example: paywall",
    ),
    (
        incoming.VoiceActivity("start", 1.5),
        {"event": "voice", "kind": "start", "offset_s": 1.5},
        "start at 1.5 s",
    ),
    (
        incoming.VoiceActivity("end"),
        {"event": "voice", "kind": "end", "offset_s": None},
        "end",
    ),
    (
        incoming.WaitingForInput(),
        {"event": "waiting"},
        "the model waits for more to be said",
    ),
    (
        incoming.Interaction("IN_PROGRESS"),
        {"event": "interaction", "status": "in progress"},
        "in progress",
    ),
    (
        incoming.TurnComplete("RESPONSE_REJECTED"),
        {"event": "reason", "reason": "response rejected"},
        "the answer ended: response rejected",
    ),
    (
        incoming.SetupComplete("s-1"),
        {"event": "session", "id": "s-1"},
        "s-1",
    ),
    (
        incoming.Unreadable("groundingMetadata"),
        {"event": "unreadable", "what": "groundingMetadata"},
        "groundingMetadata is of an unknown form",
    ),
]


def told(event: ServerEvent) -> list[dict[str, Any]]:
    news = News(lambda: 0.0)
    items: list[dict[str, Any]] = []
    news.listen(items.append)
    asides.tell(news, event)
    return items


@pytest.mark.parametrize(
    ("event", "item", "words"), TOLD, ids=lambda one: type(one).__name__
)
def test_what_is_said_beside_the_answer_is_news_and_one_line_for_a_person(
    event: ServerEvent,
    item: dict[str, Any],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert told(event) == [{"time": 0.0, **item}]

    line = describe_event(told(event)[0])
    assert line.partition(item["event"])[2].strip() == words.strip()
    assert caplog.records == []


def test_every_aside_is_news() -> None:
    kinds = {type(event) for event, _, _ in TOLD}

    assert set(incoming.Aside.__args__) <= kinds


@pytest.mark.parametrize(
    "event",
    [
        incoming.SetupComplete(),
        incoming.TurnComplete(),
        incoming.Progress(),
        incoming.Audio(b"ab"),
        incoming.InputTranscript("told by the appliance"),
    ],
)
def test_the_dialogue_itself_is_not_told_here(event: ServerEvent) -> None:
    assert told(event) == []
