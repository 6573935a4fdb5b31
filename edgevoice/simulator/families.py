"""How the models of the Live API differ, by the beginning of their names.

Sources: the models' own pages (September 2026), and what was measured where they are
silent.
"""

from typing import Final

from msgspec import Struct, structs

from edgevoice.simulator.turn import Answer
from edgevoice.simulator.wire import JsonObject


class Family(Struct, frozen=True, kw_only=True):
    """What the models of a family take and do."""

    thinking_level: bool = False
    """Whether ``thinkingLevel`` may be set."""
    extended: bool = False
    """Thinks at length: needs a level or a budget, completes several turns for one
    request, and says by ``interactionStatus`` which was the last one."""
    non_blocking: bool = False
    """Whether a function that does not say how it is called is not waited for."""
    affective: bool = False
    """Whether ``enableAffectiveDialog`` may be set."""
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
        thinking_level=True, extended=True, non_blocking=True, updates=True
    ),
    "gemini-3.8-live": Family(non_blocking=True, updates=True),
    "gemini-3.5-live-translate": Family(),
    "gemini-3.5-transcribe": Family(speaks=False),
    "gemini-3.1": Family(thinking_level=True),
    "gemini-2.5": Family(affective=True, all_video=False),
}
_ANY: Final = Family(
    thinking_level=True, non_blocking=True, affective=True, updates=True
)
"""A model of the simulator's own."""


def family(model: str) -> Family:
    """The family of a model.

    Args:
        model: Name, with ``models/`` in front.
    """
    name = model.removeprefix("models/")
    return next((f for start, f in _FAMILIES.items() if name.startswith(start)), _ANY)
