"""How the models of the Live API differ, by the beginning of their names.

Sources: the models' own pages (September 2026), and what was measured where they are
silent.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, structs

from edgevoice.simulator.turn import Answer
from edgevoice.simulator.wire import JsonObject

_THINKING: Final = "generationConfig.thinkingConfig"
LEVEL: Final = f"{_THINKING}.thinkingLevel"
BUDGET: Final = f"{_THINKING}.thinkingBudget"
_THOUGHTS: Final = f"{_THINKING}.includeThoughts"
_AFFECTIVE: Final = "generationConfig.enableAffectiveDialog"
_PROACTIVE: Final = "proactivity.proactiveAudio"
_TRANSLATION: Final = "generationConfig.translationConfig"
_OTHER_TOOLS: Final = frozenset({"tools.codeExecution", "tools.urlContext"})
"""No Live model runs them ("Overview of supported tools")."""
_CONVERSES: Final = _OTHER_TOOLS | {_TRANSLATION}


class Family(Struct, frozen=True, kw_only=True):
    """What the models of a family take and do."""

    refuses: frozenset[str] = frozenset()
    """Paths in the setup, as ``asked`` tells them."""
    needs: frozenset[str] = frozenset()
    """Paths of which exactly one has to be there."""
    extended: bool = False
    """Thinks at length: completes several turns for one request, and says by
    ``interactionStatus`` which was the last one."""
    non_blocking: bool = False
    """Whether a function that does not say how it is called is not waited for."""
    all_video: bool = True
    """Whether pictures outside an activity are seen, unless ``turnCoverage`` is set."""
    updates: bool = False
    """Whether ``contextUpdate`` is taken."""
    speaks: bool = True
    """False: it transcribes and says nothing."""

    @property
    def closing(self) -> JsonObject:
        """What stands beside each last turnComplete."""
        return {"interactionStatus": "IDLE"} if self.extended else {}

    def adapt(self, answer: Answer) -> Answer:
        """The answer as a model of this family gives it."""
        if not self.speaks:
            return structs.replace(answer, pcm=b"", text="")
        if self.extended and answer.pcm and not answer.extras.fillers:
            extras = structs.replace(answer.extras, fillers=("One moment.",))
            return structs.replace(answer, extras=extras)
        return answer


_FAMILIES: Final = {
    "gemini-3.8-live-extended-thinking": Family(
        refuses=_CONVERSES | {_AFFECTIVE},
        needs=frozenset({LEVEL, BUDGET}),
        extended=True,
        non_blocking=True,
        updates=True,
    ),
    "gemini-3.8-live": Family(
        refuses=_CONVERSES | {LEVEL, BUDGET, _THOUGHTS, _AFFECTIVE},
        non_blocking=True,
        updates=True,
    ),
    "gemini-3.5-live-translate": Family(
        refuses=frozenset({"tools", "systemInstruction", _THINKING, _PROACTIVE}),
        needs=frozenset({_TRANSLATION}),
    ),
    "gemini-3.5-transcribe": Family(refuses=_CONVERSES, speaks=False),
    "gemini-3.1": Family(
        refuses=_CONVERSES
        | {
            BUDGET,
            _AFFECTIVE,
            _PROACTIVE,
            "tools.functionDeclarations.behavior=NON_BLOCKING",
        }
    ),
    "gemini-2.5": Family(
        refuses=_CONVERSES | {LEVEL, "generationConfig.speechConfig.languageCode"},
        all_video=False,
    ),
}
_ANY: Final = Family(non_blocking=True, updates=True)
"""A model of the simulator's own."""


def asked(fields: JsonObject, path: str = "") -> Iterator[str]:
    """The paths of all names in a setup, and ``PATH=TEXT`` for each text.

    A list adds nothing to a path; what is false is not asked for.
    """
    for name, value in fields.items():
        here = f"{path}.{name}" if path else name
        for one in value if isinstance(value, list) else [value]:
            if one is not False:
                yield here
            if isinstance(one, str):
                yield f"{here}={one}"
            if isinstance(one, dict):
                yield from asked(one, here)


def family(model: str) -> Family:
    """The family of a model.

    Args:
        model: Name, with ``models/`` in front.
    """
    name = model.removeprefix("models/")
    return next((f for start, f in _FAMILIES.items() if name.startswith(start)), _ANY)
