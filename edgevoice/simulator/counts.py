# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""usageMetadata in all its forms: every field, none, several times, made up."""

import difflib
from typing import Any, Final

import msgspec

from edgevoice.errors import ConfigError
from edgevoice.simulator.behaviour import Line, Message
from edgevoice.simulator.messages import Changing, content_of
from edgevoice.simulator.sessions import spoken, typed
from edgevoice.simulator.turn import Turn

FIELDS: Final = frozenset(
    {
        "promptTokenCount",
        "cachedContentTokenCount",
        "responseTokenCount",
        "toolUsePromptTokenCount",
        "thoughtsTokenCount",
        "totalTokenCount",
        "promptTokensDetails",
        "cacheTokensDetails",
        "responseTokensDetails",
        "toolUsePromptTokensDetails",
        "serviceTier",
    }
)
"""Those of UsageMetadata that this API sends."""
_THOUGHTS: Final = 30
_TOOL_USE: Final = 12


class NoUsage(Changing):
    """Leaves out usageMetadata."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        kept = {key: value for key, value in message.items() if key != "usageMetadata"}
        return [kept]


class FullUsage(Changing):
    """Fills every field of usageMetadata: half the prompt cached, thoughts, tools."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        if "usageMetadata" not in message:
            return [message]
        return [{**message, "usageMetadata": _full(message["usageMetadata"])}]


def _full(usage: dict[str, Any]) -> dict[str, Any]:
    cached = usage.get("promptTokenCount", 0) // 2
    thoughts = usage.get("thoughtsTokenCount", 0) + _THOUGHTS
    tools = usage.get("toolUsePromptTokenCount", 0) + _TOOL_USE
    return {
        **usage,
        "cachedContentTokenCount": cached,
        "toolUsePromptTokenCount": tools,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": usage.get("totalTokenCount", 0) + _THOUGHTS + _TOOL_USE,
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": cached}],
        "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": tools}],
        "serviceTier": "standard",
    }


class Usage(Changing):
    """Puts these fields into usageMetadata, null removes one: usage={JSON}."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        try:
            self._fields = msgspec.json.decode(value, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise ConfigError(
                f"usage={value} is no JSON object ({error}); "
                'write usage={"thoughtsTokenCount": 7}'
            ) from None
        for name in self._fields.keys() - FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 1) or [
                ", ".join(sorted(FIELDS))
            ]
            raise ConfigError(f"usage has no field {name!r}; there is {near[0]}")

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        if "usageMetadata" not in message:
            return [message]
        mixed = message["usageMetadata"] | self._fields
        usage = {name: value for name, value in mixed.items() if value is not None}
        return [{**message, "usageMetadata": usage}]


class RepeatedUsage(Changing):
    """Sends the counts so far with each message of an answer, not at its end only."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        if turn is None or "modelTurn" not in content_of(message):
            return [message]
        prompt, said = turn.shown.tokens, spoken("model", turn.answered).tokens
        counts = {
            "promptTokenCount": prompt,
            "responseTokenCount": said,
            "totalTokenCount": prompt + said,
        }
        usage = {name: count for name, count in counts.items() if count}
        return [{**message, "usageMetadata": usage}]


class CallUsage(Changing):
    """Counts what it took to call a function with the call, the answer at its end."""

    def change(self, line: Line, message: Message, turn: Turn | None) -> list[Message]:
        if turn is None or "toolCall" not in message:
            return [message]
        calls = msgspec.json.encode(message["toolCall"]).decode()
        prompt, called = turn.shown.tokens, typed("model", calls).tokens
        usage = {
            "promptTokenCount": prompt,
            "responseTokenCount": called,
            "totalTokenCount": prompt + called,
            "responseTokensDetails": [{"modality": "TEXT", "tokenCount": called}],
        }
        return [{**message, "usageMetadata": usage}]
