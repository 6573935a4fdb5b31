import logging
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon import asides
from edgevoice.daemon.news import News
from edgevoice.live import incoming
from edgevoice.live.incoming import ServerEvent, Source
from edgevoice.report import describe_event
from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.behaviours import BEHAVIOURS
from edgevoice.simulator.when import Moment
from tests.evening import evening

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


class Beside(Behaviour):
    """Says much beside the answer, some of it in a form that is not known."""

    moment = Moment.ANSWER

    async def act(self, line: Line) -> None:
        thought = {"text": "a secret thought", "thought": True}
        content = {
            "modelTurn": {"parts": [thought]},
            "groundingMetadata": {"webSearchQueries": "no list"},
            "outputTranscription": {"text": "ja", "languageCode": "de-DE"},
        }
        await line.send({"serverContent": content})
        await line.send({"serverContent": content})


async def test_what_is_said_beside_an_answer_is_watched_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BEHAVIOURS, "beside", Beside)
    caplog.set_level(logging.DEBUG)
    async with evening(tmp_path, behaviours=["echo", "beside"]) as here:
        await here.is_idle()
        turn = await here.ask(0.5)
    assert turn["outcome"] == "answered"
    told = [item for item in here.guest.news if item["event"] not in ("phase", "link")]
    told = [{**item, "time": 0} for item in told]
    assert {"event": "thought", "time": 0, "text": "a secret thought"} in told
    assert {"event": "unreadable", "time": 0, "what": "groundingMetadata"} in told
    said = {"event": "transcript", "who": "model", "text": "ja", "language": "de-DE"}
    assert {**said, "time": 0} in told
    assert caplog.text.count("groundingMetadata is of an unknown form") == 1
    assert "secret thought" not in caplog.text
    assert "no list" not in caplog.text
