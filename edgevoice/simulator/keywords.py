"""Typed words at which the model calls a function, or uses a tool of the server's.

``call dim_lights {"level": 40}`` calls a function that was declared; ``search for
tides``, ``run print(42)`` and ``open https://example.org`` use Google's own tools, if
these were. All else is text like any other.
"""

from typing import Any, Final

from edgevoice.simulator.calls import Request, parse
from edgevoice.simulator.setup import Setup
from edgevoice.simulator.turn import Answer
from edgevoice.simulator.wire import JsonObject


def calls(text: str, setup: Setup) -> tuple[Request, ...]:
    """The calls that a text asks for; none if one of them was not declared."""
    word, _, rest = text.partition(" ")
    if word.lower() != "call":
        return ()
    try:
        requests = parse(rest)
    except ValueError:
        return ()
    known = all(request.name in setup.functions for request in requests)
    return requests if known else ()


def use(text: str, setup: Setup, answer: Answer) -> Answer:
    """The answer, with what a tool of the server's brings to this text."""
    word, _, rest = text.partition(" ")
    tool, contents = _TOOLS.get(word.lower(), ("", None))
    if not contents or not rest or not setup.uses(tool):
        return answer
    return answer.beside(*contents(rest))


def grounding(query: str) -> tuple[JsonObject, ...]:
    """What a search sends."""
    web = {"uri": "https://example.org/found", "title": "example.org"}
    support = {
        "segment": {"endIndex": 5, "text": "Found"},
        "groundingChunkIndices": [0],
    }
    metadata: dict[str, Any] = {
        "webSearchQueries": [query],
        "groundingChunks": [{"web": web}],
        "groundingSupports": [support],
        "searchEntryPoint": {"renderedContent": "<div>Found</div>"},
    }
    return ({"groundingMetadata": metadata},)


def code(source: str) -> tuple[JsonObject, ...]:
    """What the server's own Python sends; nothing is run here."""
    written = {"executableCode": {"language": "PYTHON", "code": source}}
    result = {"outcome": "OUTCOME_OK", "output": "42\n"}
    return (
        {"modelTurn": {"parts": [written]}},
        {"modelTurn": {"parts": [{"codeExecutionResult": result}]}},
    )


def url_context(address: str) -> tuple[JsonObject, ...]:
    """What reading a page sends."""
    status = "URL_RETRIEVAL_STATUS_SUCCESS"
    page = {"retrievedUrl": address, "urlRetrievalStatus": status}
    return ({"urlContextMetadata": {"urlMetadata": [page]}},)


_TOOLS: Final = {
    "search": ("googleSearch", grounding),
    "run": ("codeExecution", code),
    "open": ("urlContext", url_context),
}
"""Word to the tool that must have been declared, and what it sends."""
