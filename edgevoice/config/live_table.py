"""``[live]`` with all that stands below it, and what follows from it."""

from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, field

from edgevoice.config.table import Name, Settings
from edgevoice.errors import ConfigError

INSTRUCTIONS: Final = (
    "You are a voice assistant in a small box with a button. "
    "Answer in the language of the question, in one to three short sentences, "
    "unless more is asked for. Your answer is spoken: no lists, no markup."
)


class Compression(Settings, frozen=True):
    """``[live.compression]``: every turn pays for the whole context."""

    trigger_tokens: Annotated[int, Meta(ge=0, le=1_000_000)] = 16_000
    """Context size that starts a compression, tokens; 0 never compresses."""
    target_tokens: Annotated[int, Meta(ge=0, le=1_000_000)] = 8_000
    """Context size after it, tokens; 0 leaves it half of the trigger."""


class SessionSettings(Settings, frozen=True):
    """``[live.session]``."""

    idle_reset_minutes: Annotated[float, Meta(ge=0, le=1440)] = 10
    """A pause this long starts a new conversation, minutes; 0 never does."""
    connection_minutes: Annotated[float, Meta(ge=0, le=60)] = 9
    """A connection this old is replaced in the next pause; 0: only if it must be."""


class Generation(Settings, frozen=True):
    """``[live.generation]``: how the model chooses its words."""

    temperature: Annotated[float, Meta(ge=-1, le=2)] = -1
    """How freely; below 0 it is left to the model."""
    top_p: Annotated[float, Meta(ge=-1, le=1)] = -1
    """Share of the likeliest words to choose from; below 0: left to the model."""
    top_k: Annotated[int, Meta(ge=0, le=1000)] = 0
    """Number of the likeliest words to choose from; 0: left to the model."""
    max_output_tokens: Annotated[int, Meta(ge=0, le=65_536)] = 0
    """Where an answer is cut off, tokens; 0: left to the model."""
    seed: Annotated[int, Meta(ge=-1, le=2_147_483_647)] = -1
    """The same one for the same words again; -1: chance."""
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] = 0
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] = 0
    media_resolution: Literal["", "low", "medium", "high"] = ""


class Thinking(Settings, frozen=True):
    """``[live.thinking]``: a level or a budget, as the model takes it."""

    level: Literal["", "minimal", "low", "medium", "high"] = ""
    budget: Annotated[int, Meta(ge=-1, le=65_536)] = -1
    """Tokens; 0 thinks nothing, -1 leaves it to the model."""
    thoughts: bool = False
    """Have them told, to ``edgevoice watch``."""


class Transcription(Settings, frozen=True):
    """``[live.transcription]``: what helps to write down what is said."""

    languages: list[str] = field(default_factory=list)
    vocabulary: list[str] = field(default_factory=list)


class Translation(Settings, frozen=True):
    """``[live.translation]``, for models that interpret."""

    target: str = ""
    echo: bool = False


class Live(Settings, frozen=True):
    """``[live]``: the server, the model, how it answers."""

    endpoint: str = "wss://generativelanguage.googleapis.com"
    api_version: Literal["v1beta", "v1alpha", "v1"] = "v1beta"
    model: Name | Annotated[list[Name], Meta(min_length=1)] = "gemini-3.8-live"
    """One, or several in order: the next is tried when one is not to be had."""
    instructions: str = INSTRUCTIONS
    instructions_file: str = ""
    voice: str = ""
    language: str = ""
    transcripts: bool = True
    key_file: str = ""
    token_command: list[str] = field(default_factory=list)
    """Program and arguments; prints a token for a session."""
    token_url: str = ""
    token_method: Literal["POST", "GET"] = "POST"
    token_secret_file: str = ""
    answer_timeout_s: Annotated[float, Meta(ge=2, le=120)] = 15
    keep_s: Annotated[float, Meta(ge=0, le=3600)] = 300
    google_search: bool = False
    code_execution: bool = False
    url_context: bool = False
    proactive_audio: bool = False
    affective_dialog: bool = False
    safety: Literal["", "low", "medium", "high", "none"] = ""
    """How likely harm must be to be blocked."""
    compression: Compression = field(default_factory=Compression)
    session: SessionSettings = field(default_factory=SessionSettings)
    generation: Generation = field(default_factory=Generation)
    thinking: Thinking = field(default_factory=Thinking)
    transcription: Transcription = field(default_factory=Transcription)
    translation: Translation = field(default_factory=Translation)


def model_names(live: Live) -> tuple[str, ...]:
    """The models in the order in which they are tried; one at least."""
    return (live.model,) if isinstance(live.model, str) else tuple(live.model)


def fetches_tokens(live: Live) -> bool:
    """Whether a token is fetched for each session, so that no key counts."""
    return bool(live.token_command or live.token_url)


def instructions(live: Live) -> str:
    """The system instruction, from the file if one is named.

    Raises:
        ConfigError: The file cannot be read.
    """
    if not live.instructions_file:
        return live.instructions
    try:
        return Path(live.instructions_file).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"live.instructions_file = {live.instructions_file!r}: "
            f"cannot be read: {error.strerror}"
        ) from None
    except ValueError:
        raise ConfigError(
            f"live.instructions_file = {live.instructions_file!r}: is not UTF-8 text"
        ) from None
