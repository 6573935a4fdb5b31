"""What each family of models takes, of what the settings can ask for.

A model that is not in the table gets everything, and no complaint: it is newer than
this. Sources: Google's model pages of gemini-3.8-live ("Migrating") and of
gemini-3.1-flash-live-preview; the Live API guide, "Model comparison"; "Tool use with
Live API", "Overview of supported tools"; "Live translation", all as of September 2026.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, TypeAlias

Refusal: TypeAlias = tuple[str, str]
"""A key below ``[live]``, and what is wrong with it and would mend it."""

_OTHER_TOOLS: Final = "no Live model runs it; set it to false"
_NO_TRANSLATION: Final = 'is for models that interpret; set it to ""'
_NO_AFFECT: Final = "this model has no affective dialog; set it to false"

_CONVERSES: Final = {
    "code_execution": _OTHER_TOOLS,
    "url_context": _OTHER_TOOLS,
    "translation.target": _NO_TRANSLATION,
}

_FAMILIES: Final[Mapping[str, Mapping[str, str]]] = {
    "gemini-3.8-live": {
        **_CONVERSES,
        "thinking.level": 'this model takes no level of thinking; set it to ""',
        "thinking.budget": "this model takes no budget for thinking; set it to -1",
        "thinking.thoughts": "this model does not tell what it thinks; set it to false",
        "affective_dialog": _NO_AFFECT,
    },
    "gemini-3.8-live-extended-thinking": {
        **_CONVERSES,
        "affective_dialog": _NO_AFFECT,
    },
    "gemini-3.1-flash-live": {
        **_CONVERSES,
        "thinking.budget": "this model takes a level instead; set it to -1",
        "affective_dialog": _NO_AFFECT,
        "proactive_audio": "this model always answers; set it to false",
        "background": "this model waits for every result",
    },
    "gemini-2.5-flash-native-audio": {
        **_CONVERSES,
        "thinking.level": 'this model takes a budget instead; set it to ""',
        # Sources conflict; one of these that refuses it closes with 1007.
        "language": 'this model follows the question; set it to ""',
    },
    "gemini-3.5-live-translate": {
        "google_search": "this model only interprets; set it to false",
        "code_execution": _OTHER_TOOLS,
        "url_context": _OTHER_TOOLS,
        "thinking.level": 'this model only interprets; set it to ""',
        "thinking.budget": "this model only interprets; set it to -1",
        "thinking.thoughts": "this model only interprets; set it to false",
        "affective_dialog": _NO_AFFECT,
        "proactive_audio": "this model only interprets; set it to false",
        "instructions": "this model only interprets",  # the default is left out
        "background": "this model calls no functions",
        "functions": "this model calls no functions; take it away",
    },
    "gemini-3.5-transcribe-live": {
        "model": "it only writes down what it hears; gemini-3.8-live answers"
    },
}
"""Beginning of a model's name to what it refuses, and why."""

_NEEDS: Final[Mapping[str, tuple[Collection[str], Refusal]]] = {
    "gemini-3.8-live-extended-thinking": (
        {"thinking.level", "thinking.budget"},
        ("thinking.level", 'this model has to be told one; "low" is the quickest'),
    ),
    "gemini-3.5-live-translate": (
        {"translation.target"},
        ("translation.target", 'this model has to be told a language, such as "en"'),
    ),
}
"""Beginning of a model's name to keys of which one must be set."""

_ONLY_V1ALPHA: Final = ("proactive_audio", "affective_dialog")
"""Other versions close with 1007, ``Unknown name "proactivity" at 'setup'``."""

_LEFT_OUT: Final = frozenset({"instructions", "background"})
"""What ``setup_message`` leaves out where it is not taken: nothing to complain of."""


def takes(model: str, key: str) -> bool:
    """Whether a model takes what a key of ``[live]`` asks for.

    Args:
        model: Its name, without or with ``models/``.
        key: Such a key; or ``functions``: that it calls any; or ``background``: that
            it goes on while one runs.
    """
    return key not in _FAMILIES.get(_family(model), {})


def why_not(model: str, key: str) -> str:
    """Why a model does not take it, and what mends that; empty if it does."""
    why = _FAMILIES.get(_family(model), {}).get(key)
    return f"{why} (model {model})" if why else ""


def refusals(model: str, api_version: str, asked: Collection[str]) -> Iterator[Refusal]:
    """What would keep a session from being set up, or be asked in vain.

    Args:
        model: Its name, without or with ``models/``.
        api_version: ``v1alpha``, ``v1beta`` or ``v1``.
        asked: The keys below ``[live]`` that ask for something, as
            ``thinking.level``.
    """
    family = _family(model)
    refused = _FAMILIES.get(family, {})
    for key, why in refused.items():
        if key == "model" or (key in asked and key not in _LEFT_OUT):
            yield key, f"{why} (model {model})"
    needed, refusal = _NEEDS.get(family, ((), ("", "")))
    if needed and not any(key in asked for key in needed):
        yield refusal[0], f"{refusal[1]} (model {model})"
    if {"thinking.level", "thinking.budget"} <= {*asked}:
        yield "thinking.budget", "a level is set too; set one of the two"
    for key in _ONLY_V1ALPHA:
        if key in asked and api_version != "v1alpha" and key not in refused:
            yield key, f'api_version {api_version} does not know it; "v1alpha" does'


def _family(model: str) -> str:
    """The longest beginning of the name that is in the table; else empty."""
    name = model.removeprefix("models/")
    fitting = [family for family in _FAMILIES if name.startswith(family)]
    return max(fitting, key=len, default="")
