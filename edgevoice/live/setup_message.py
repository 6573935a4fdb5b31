"""The setup message: what is asked of a session before anything is said.

Field names and nesting: Live API reference, BidiGenerateContentSetup; newer ones:
google-genai 3.4.0, ``types.LiveClientSetup``. What is never sent, and why:
docs/live-api.md.
"""

from typing import Final

import msgspec

from edgevoice.live import models
from edgevoice.live.generation import (
    GenerationConfig,
    PrebuiltVoice,
    SpeechConfig,
    TranscriptionConfig,
    VoiceConfig,
)
from edgevoice.live.message import Empty, Message
from edgevoice.live.outgoing import (
    Content,
    FunctionDeclaration,
    Part,
    SessionOptions,
    encode,
)


class AutomaticActivityDetection(Message, frozen=True):
    """Off: the button decides."""

    disabled: bool


class RealtimeInputConfig(Message, frozen=True):
    """Who marks the beginning and end of speech, and what it does."""

    automatic_activity_detection: AutomaticActivityDetection
    activity_handling: str
    turn_coverage: str


class SessionResumption(Message, frozen=True):
    """``{}`` asks for handles; with a handle the session goes on."""

    handle: str | None = None


class SlidingWindow(Message, frozen=True):
    """Compression drops the oldest turns; ``{}`` leaves it half of the trigger."""

    target_tokens: int | None = None


class ContextWindowCompression(Message, frozen=True):
    """When to compress, and down to what."""

    trigger_tokens: int
    sliding_window: SlidingWindow


class Tool(Message, frozen=True):
    """What the model may use beside its own words; exactly one field is set."""

    function_declarations: list[FunctionDeclaration] | None = None
    google_search: Empty | None = None
    code_execution: Empty | None = None
    url_context: Empty | None = None


class Proactivity(Message, frozen=True):
    """The model need not answer what was not meant for it."""

    proactive_audio: bool


class SafetySetting(Message, frozen=True):
    """From what on one kind of harm is blocked."""

    category: str
    threshold: str


class Setup(Message, frozen=True):
    """BidiGenerateContentSetup: the first message, and only the first."""

    model: str
    generation_config: GenerationConfig
    realtime_input_config: RealtimeInputConfig
    session_resumption: SessionResumption
    context_window_compression: ContextWindowCompression | None = None
    system_instruction: Content | None = None
    tools: list[Tool] | None = None
    input_audio_transcription: TranscriptionConfig | None = None
    output_audio_transcription: TranscriptionConfig | None = None
    proactivity: Proactivity | None = None
    safety_settings: list[SafetySetting] | None = None


class SetupMessage(Message, frozen=True):
    """The client message that holds it."""

    setup: Setup


def setup(options: SessionOptions, handle: str | None) -> str:
    """The setup message: manual activity, audio answers, resumption, compression."""
    model = options.model.removeprefix("models/")
    instructs = options.instructions and models.takes(model, "instructions")
    message = Setup(
        model=f"models/{model}",
        generation_config=msgspec.structs.replace(
            options.generation,
            response_modalities=["AUDIO"],
            speech_config=_speech(options),
        ),
        realtime_input_config=_MANUAL_ACTIVITY,
        session_resumption=SessionResumption(handle=handle),
        context_window_compression=_compression(options),
        system_instruction=(
            Content(parts=[Part(text=options.instructions)]) if instructs else None
        ),
        tools=_tools(options) or None,
        input_audio_transcription=options.hearing if options.transcripts else None,
        output_audio_transcription=(
            TranscriptionConfig() if options.transcripts else None
        ),
        # False is an error on some models.
        proactivity=Proactivity(proactive_audio=True) if options.proactive else None,
        safety_settings=_safety(options),
    )
    return encode(SetupMessage(setup=message))


_MANUAL_ACTIVITY: Final = RealtimeInputConfig(
    automatic_activity_detection=AutomaticActivityDetection(disabled=True),
    activity_handling="START_OF_ACTIVITY_INTERRUPTS",
    # The default of some models adds all video, which is billed.
    turn_coverage="TURN_INCLUDES_ONLY_ACTIVITY",
)


def _speech(options: SessionOptions) -> SpeechConfig | None:
    if not options.voice and not options.language:
        return None
    voice = (
        VoiceConfig(prebuilt_voice_config=PrebuiltVoice(voice_name=options.voice))
        if options.voice
        else None
    )
    return SpeechConfig(voice_config=voice, language_code=options.language or None)


def _compression(options: SessionOptions) -> ContextWindowCompression | None:
    if not options.trigger_tokens:
        return None
    return ContextWindowCompression(
        trigger_tokens=options.trigger_tokens,
        sliding_window=SlidingWindow(target_tokens=options.target_tokens or None),
    )


def _tools(options: SessionOptions) -> list[Tool]:
    own = [tool for name, tool in _SERVER_TOOLS.items() if name in options.server_tools]
    if not models.takes(options.model, "functions"):
        return own  # those that are built in are offered to every model
    functions = [*options.functions]
    if not models.takes(options.model, "background"):
        # Such a model always waits for the result.
        functions = [msgspec.structs.replace(one, behavior=None) for one in functions]
    return [*own, Tool(function_declarations=functions)] if functions else own


_SERVER_TOOLS: Final = {
    "google_search": Tool(google_search=Empty()),
    "code_execution": Tool(code_execution=Empty()),
    "url_context": Tool(url_context=Empty()),
}


def _safety(options: SessionOptions) -> list[SafetySetting] | None:
    if not options.safety:
        return None
    return [
        SafetySetting(category=f"HARM_CATEGORY_{kind}", threshold=options.safety)
        for kind in _HARMS
    ]


_HARMS: Final = (
    "HARASSMENT",
    "HATE_SPEECH",
    "SEXUALLY_EXPLICIT",
    "DANGEROUS_CONTENT",
)
