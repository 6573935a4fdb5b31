"""The setup message: what it asks for, and what the server refuses in it."""

from typing import Any, Final

from msgspec import Struct

from edgevoice.simulator.families import LEVEL, Family, asked, family
from edgevoice.simulator.reasons import refused
from edgevoice.simulator.sessions import typed
from edgevoice.simulator.wire import JsonObject, Refused, invalid_argument

MODELS: Final = frozenset(
    {
        "gemini-3.8-live",
        "gemini-3.8-live-extended-thinking",
        "gemini-3.5-live-translate-preview",
        "gemini-3.5-transcribe-live",
        "gemini-3.1-flash-live-preview",
        "gemini-2.5-flash-native-audio-latest",
        "gemini-2.5-flash-native-audio-preview-12-2025",
    }
)
"""Models that the Live API serves (November 2026); all of them speak natively."""

_WINDOW: Final = 131_072
"""Tokens of context of all these models."""


class Setup(Struct, frozen=True):
    """The first client message, read.

    Attributes:
        fields: What was under ``setup``, in camelCase.
    """

    fields: JsonObject

    def get(self, *path: str, default: Any = None) -> Any:
        """The value at a path of names, or the default where it is not set."""
        value: Any = self.fields
        for name in path:
            if name not in value:
                return default
            value = value[name]
        return value

    @property
    def model(self) -> str:
        """Name with ``models/`` in front."""
        return str(self.get("model", default=""))

    @property
    def manual(self) -> bool:
        """Whether the client marks activities itself."""
        path = ("realtimeInputConfig", "automaticActivityDetection", "disabled")
        return bool(self.get(*path, default=False))

    @property
    def interrupts(self) -> bool:
        """Whether the start of an activity cuts the model short."""
        handling = self.get("realtimeInputConfig", "activityHandling")
        return bool(handling != "NO_INTERRUPTION")

    @property
    def seeded(self) -> bool:
        """Whether clientContent first brings a history, which is not answered."""
        path = ("historyConfig", "initialHistoryInClientContent")
        return bool(self.get(*path, default=False))

    @property
    def resumable(self) -> bool:
        """Whether the client wants handles."""
        return "sessionResumption" in self.fields

    @property
    def handle(self) -> str:
        """Handle of the session to resume; empty for a new one."""
        return str(self.get("sessionResumption", "handle", default=""))

    @property
    def window(self) -> tuple[int, int] | None:
        """Trigger and target of the compression in tokens; None without it."""
        if self.get("contextWindowCompression", "slidingWindow") is None:
            return None
        path = ("contextWindowCompression", "slidingWindow", "targetTokens")
        trigger = self.get(*path[:1], "triggerTokens", default=_WINDOW * 8 // 10)
        return trigger, self.get(*path, default=trigger // 2)

    @property
    def family(self) -> Family:
        """How its model differs from others."""
        return family(self.model)

    @property
    def functions(self) -> dict[str, JsonObject]:
        """The declared functions by name."""
        tools = self.get("tools", default=[])
        declared = (tool.get("functionDeclarations", []) for tool in tools)
        return {f.get("name", ""): f for functions in declared for f in functions}

    def blocks(self, function: str) -> bool:
        """Whether the model waits for the response of a function."""
        behavior = self.functions.get(function, {}).get("behavior", "UNSPECIFIED")
        if behavior == "UNSPECIFIED":
            return not self.family.non_blocking
        return bool(behavior == "BLOCKING")

    def uses(self, tool: str) -> bool:
        """Whether a tool of the server's own was declared, such as googleSearch."""
        return any(tool in declared for declared in self.get("tools", default=[]))

    @property
    def all_video(self) -> bool:
        """Whether pictures outside an activity are seen."""
        coverage = self.get("realtimeInputConfig", "turnCoverage")
        if coverage in (None, "TURN_COVERAGE_UNSPECIFIED"):
            return self.family.all_video
        return bool(coverage != "TURN_INCLUDES_ONLY_ACTIVITY")

    @property
    def instruction_tokens(self) -> int:
        """Size of the system instruction, billed with every turn."""
        parts = self.get("systemInstruction", "parts", default=[])
        return sum(typed("user", part.get("text", "")).tokens for part in parts)


def check(setup: Setup, version: str) -> None:
    """Refuse what the server refuses in a well-formed setup.

    Args:
        setup: As received.
        version: API version, for the words of the refusal.

    Raises:
        Refused: With the server's code and words.
    """
    if not setup.model:
        raise invalid_argument()
    name = setup.model.removeprefix("models/")
    if name == setup.model or not (name in MODELS or "simulator" in name):
        raise Refused(
            1008,
            f"{setup.model} is not found for API version {version}, "
            "or is not supported for bidiGenerateContent",
        )
    check_model(setup)


def check_model(setup: Setup) -> None:
    """Refuse what other models take, but not this one.

    Raises:
        Refused: With the server's code, and its words where they are known.
    """
    model = setup.family
    modalities = setup.get("generationConfig", "responseModalities", default=[])
    if "TEXT" in modalities and model.speaks:
        raise refused("no_voices")
    paths = {*asked(setup.fields)}
    if LEVEL in paths & model.refuses:
        raise refused("thinking_level")
    if paths & model.refuses or (model.needs and len(paths & model.needs) != 1):
        raise invalid_argument()
    # always on in these models: it cannot be switched off
    if model.updates and setup.get("proactivity", "proactiveAudio") is False:
        raise invalid_argument()
