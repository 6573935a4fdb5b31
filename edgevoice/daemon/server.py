"""The settings as the link takes them: whom to call, and what to ask for."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import structs

from edgevoice import config
from edgevoice.config import Configuration, Live
from edgevoice.daemon.credentials import TokenSource, token_source
from edgevoice.live import endpoint
from edgevoice.live.generation import (
    GenerationConfig,
    ThinkingConfig,
    TranscriptionConfig,
    TranslationConfig,
)
from edgevoice.live.outgoing import FunctionDeclaration, SessionOptions
from edgevoice.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to call, and with what; equal if a connection to one will do for the other.

    Attributes:
        address: URL; never holds the credential.
        credential: API key or ephemeral token; never logged. Empty with a source.
        options: What the session is asked for.
        fallbacks: Models to be tried in order if that of ``options`` is not there.
        source: Where tokens come from, a new one for each session, or None.
    """

    address: str
    credential: str = field(repr=False)
    options: SessionOptions
    fallbacks: tuple[str, ...] = ()
    source: TokenSource | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """All of them, the one to be asked for first in front."""
        return (self.options.model, *self.fallbacks)

    @property
    def headers(self) -> dict[str, str]:
        """The one that authenticates; never logged."""
        return endpoint.headers(self.credential)

    def offering(self, tools: Iterable[Tool]) -> "Server":
        """The same server, told that the model may call these."""
        functions = tuple(_declaration(tool) for tool in tools)
        return replace(self, options=structs.replace(self.options, functions=functions))


def _declaration(tool: Tool) -> FunctionDeclaration:
    # Always said: what a model does where it is not said differs from model to model.
    behavior = "NON_BLOCKING" if tool.background else "BLOCKING"
    return FunctionDeclaration(
        name=tool.name,
        description=tool.description,
        parameters_json_schema=tool.parameters,
        behavior=behavior,
    )


def server_of(settings: Configuration, credential: str) -> Server:
    """The server that the settings name.

    Raises:
        ConfigError: ``instructions_file`` cannot be read.
    """
    live = settings.live
    model, *fallbacks = config.model_names(live)
    source = token_source(live)
    options = SessionOptions(
        model=model,
        instructions=config.instructions(live),
        voice=live.voice,
        language=live.language,
        transcripts=live.transcripts,
        trigger_tokens=live.compression.trigger_tokens,
        target_tokens=live.compression.target_tokens,
        server_tools=tuple(name for name in _SERVER_TOOLS if getattr(live, name)),
        generation=_generation(live),
        hearing=TranscriptionConfig(
            language_codes=tuple(live.transcription.languages) or None,
            custom_vocabulary=tuple(live.transcription.vocabulary) or None,
        ),
        proactive=live.proactive_audio,
        safety=_THRESHOLDS[live.safety],
    )
    kind = endpoint.TOKEN_PREFIX if source else credential
    address = endpoint.url(live.endpoint, live.api_version, kind)
    return Server(address, credential, options, tuple(fallbacks), source)


_SERVER_TOOLS: Final = ("google_search", "code_execution", "url_context")

_THRESHOLDS: Final = {
    "": "",
    "low": "BLOCK_LOW_AND_ABOVE",
    "medium": "BLOCK_MEDIUM_AND_ABOVE",
    "high": "BLOCK_ONLY_HIGH",
    "none": "BLOCK_NONE",
}


def _generation(live: Live) -> GenerationConfig:
    """What is to be said of it; the rest is left to the model."""
    words, resolution = live.generation, live.generation.media_resolution.upper()
    return GenerationConfig(
        temperature=words.temperature if words.temperature >= 0 else None,
        top_p=words.top_p if words.top_p >= 0 else None,
        top_k=words.top_k or None,
        max_output_tokens=words.max_output_tokens or None,
        seed=words.seed if words.seed >= 0 else None,
        presence_penalty=words.presence_penalty or None,
        frequency_penalty=words.frequency_penalty or None,
        media_resolution=f"MEDIA_RESOLUTION_{resolution}" if resolution else None,
        thinking_config=_thinking(live),
        enable_affective_dialog=live.affective_dialog or None,
        translation_config=_translation(live),
    )


def _thinking(live: Live) -> ThinkingConfig | None:
    thinking = ThinkingConfig(
        include_thoughts=live.thinking.thoughts or None,
        thinking_budget=live.thinking.budget if live.thinking.budget >= 0 else None,
        thinking_level=live.thinking.level.upper() or None,
    )
    return thinking if thinking != ThinkingConfig() else None


def _translation(live: Live) -> TranslationConfig | None:
    if not live.translation.target:
        return None
    return TranslationConfig(
        target_language_code=live.translation.target,
        echo_target_language=live.translation.echo or None,
    )
