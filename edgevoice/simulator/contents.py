# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""What an answer has beside sound and transcript: each kind of server content."""

from typing import Any, ClassVar, Final

from msgspec import structs

from edgevoice.errors import ConfigError
from edgevoice.simulator import keywords
from edgevoice.simulator.answers import Answering
from edgevoice.simulator.behaviour import ON_A_LINK, Behaviour, Line
from edgevoice.simulator.turn import Answer, Prompt
from edgevoice.simulator.when import Moment


class _Valued(Answering):
    """Base of those whose VALUE may be left out."""

    usual: ClassVar[str] = ""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or self.usual, when)


class Thoughts(_Valued):
    """Thinks aloud in a part that is not to be spoken, and bills it: thoughts=TEXT."""

    usual = "The user wants to know."

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        part = {"text": self.value, "thought": True}
        return answer.beside({"modelTurn": {"parts": [part]}})


class TextPart(_Valued):
    """Sends a part of text before the sound: text=TEXT."""

    usual = "In short:"

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return answer.beside({"modelTurn": {"parts": [{"text": self.value}]}})


class Search(_Valued):
    """Sends groundingMetadata, as after a search: search=QUERY."""

    usual = "tides"

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return answer.beside(*keywords.grounding(self.value))


class Code(_Valued):
    """Sends executableCode and codeExecutionResult: code=PYTHON."""

    usual = "print(6 * 7)"

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return answer.beside(*keywords.code(self.value))


class UrlContext(_Valued):
    """Sends urlContextMetadata, as after reading a page: url_context=URL."""

    usual = "https://example.org/"

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return answer.beside(*keywords.url_context(self.value))


TURN_COMPLETE_REASONS: Final = (
    "MALFORMED_FUNCTION_CALL",
    "RESPONSE_REJECTED",
    "NEED_MORE_INPUT",
    "PROHIBITED_INPUT_CONTENT",
    "IMAGE_PROHIBITED_INPUT_CONTENT",
    "INPUT_TEXT_CONTAIN_PROMINENT_PERSON_PROHIBITED",
    "INPUT_IMAGE_CELEBRITY",
    "INPUT_IMAGE_PHOTO_REALISTIC_CHILD_PROHIBITED",
    "INPUT_TEXT_NCII_PROHIBITED",
    "INPUT_OTHER",
    "INPUT_IP_PROHIBITED",
    "BLOCKLIST",
    "UNSAFE_PROMPT_FOR_IMAGE_GENERATION",
    "GENERATED_IMAGE_SAFETY",
    "GENERATED_CONTENT_SAFETY",
    "GENERATED_AUDIO_SAFETY",
    "GENERATED_VIDEO_SAFETY",
    "GENERATED_CONTENT_PROHIBITED",
    "GENERATED_CONTENT_BLOCKLIST",
    "GENERATED_IMAGE_PROHIBITED",
    "GENERATED_IMAGE_CELEBRITY",
    "GENERATED_IMAGE_PROMINENT_PEOPLE_DETECTED_BY_REWRITER",
    "GENERATED_IMAGE_IDENTIFIABLE_PEOPLE",
    "GENERATED_IMAGE_MINORS",
    "OUTPUT_IMAGE_IP_PROHIBITED",
    "GENERATED_OTHER",
    "MAX_REGENERATION_REACHED",
)
"""Every TurnCompleteReason of Google's own client."""


class Reason(Answering):
    """Completes the turn without sound for a turnCompleteReason: reason=NAME."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "RESPONSE_REJECTED", when)
        if self.value not in TURN_COMPLETE_REASONS:
            raise ConfigError(
                f"reason={value} is no turnCompleteReason; there is "
                f"{', '.join(TURN_COMPLETE_REASONS)}"
            )

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return Answer(extras=answer.extras).beside(turnCompleteReason=self.value)


class Waiting(Answering):
    """Says waitingForInput in place of an answer: the user is to go on."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        unheard = Answer(extras=answer.extras).beside({"waitingForInput": True})
        return unheard.beside(turnCompleteReason="NEED_MORE_INPUT")


class Status(_Valued):
    """Says interactionStatus beside turnComplete: status=IDLE or IN_PROGRESS."""

    usual = "IDLE"

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        if self.value not in {"IDLE", "IN_PROGRESS", "REQUIRES_ACTION"}:
            raise ConfigError(f"status={value} must be IDLE or IN_PROGRESS")

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return answer.beside(interactionStatus=self.value)


class InProgress(_Valued):
    """Completes so many turns before the last one of a request: in_progress=N (1)."""

    usual = "1"

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        if not self.value.isdecimal():
            raise ConfigError(f"in_progress={value} must be a number of turns, as in 2")

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        fillers = ("One moment.",) * int(self.value)
        extras = structs.replace(answer.extras, fillers=fillers)
        return structs.replace(answer, extras=extras).beside(interactionStatus="IDLE")


class Interim(Behaviour):
    """Sends interimInputTranscription at each message of sound, or at WHEN."""

    moment = Moment.AUDIO
    # not at every message: what it sends is one, too
    moments: ClassVar[frozenset[Moment]] = ON_A_LINK - {Moment.MESSAGE}

    async def act(self, line: Line) -> None:
        heard = {"text": self.value or "You are say"}
        await line.send({"serverContent": {"interimInputTranscription": heard}})


class VoiceActivity(Behaviour):
    """Sends voiceActivity as an activity begins: voice_activity, or =END@end."""

    moment = Moment.START
    moments: ClassVar[frozenset[Moment]] = ON_A_LINK - {Moment.MESSAGE}

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or "START", when)
        if self.value not in {"START", "END"}:
            raise ConfigError(f"voice_activity={value} must be START or END")

    async def act(self, line: Line) -> None:
        signal: dict[str, Any] = {"type": f"ACTIVITY_{self.value}"}
        await line.send({"voiceActivity": signal | {"audioOffset": "1.5s"}})
