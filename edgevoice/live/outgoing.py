"""What we say to the server: structs to JSON text.

The class line is the wire format: camelCase, defaults left out, ``bytes`` as
standard base64. Field names and nesting: Live API reference,
BidiGenerateContentClientMessage; exactly one top-level key a message.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

AUDIO_MIME: Final = "audio/pcm;rate=16000"
"""Live API, "Audio formats": raw, little endian, 16 bit."""

PICTURE_MIME: Final = "image/jpeg"
"""Live API, "Video": single JPEGs, one a second at most."""


class Message(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of all wire messages: camelCase on the wire, defaults left out."""


class Blob(Message, frozen=True):
    """Bytes with their type."""

    mime_type: str
    data: bytes


class Part(Message, frozen=True):
    """One piece of content; exactly one field is set."""

    text: str | None = None
    inline_data: Blob | None = None


class Content(Message, frozen=True):
    """What one side of the conversation said."""

    parts: list[Part]
    role: str | None = None


class PrebuiltVoice(Message, frozen=True):
    """A voice by name."""

    voice_name: str


class VoiceConfig(Message, frozen=True):
    """Which voice speaks."""

    prebuilt_voice_config: PrebuiltVoice


class SpeechConfig(Message, frozen=True):
    """How the answer sounds."""

    voice_config: VoiceConfig | None = None
    language_code: str | None = None


class GenerationConfig(Message, frozen=True):
    """What is generated; responseModalities belong here, not under setup."""

    response_modalities: list[str]
    speech_config: SpeechConfig | None = None


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


class Empty(Message, frozen=True):
    """A message that says something by being there: ``{}``."""


class FunctionDeclaration(Message, frozen=True):
    """A function that the model may call.

    Attributes:
        name: Letters, digits, ``_``, ``.`` and ``-``, 64 at most.
        description: For the model: what it does, and when to call it.
        parameters_json_schema: An object's JSON schema; None: it takes nothing.
        behavior: ``BLOCKING`` or ``NON_BLOCKING`` (the model goes on meanwhile); None
            leaves it to the model's default.
    """

    name: str
    description: str
    parameters_json_schema: dict[str, Any] | None = None
    behavior: str | None = None


class Tool(Message, frozen=True):
    """What the model may use beside its own words."""

    function_declarations: list[FunctionDeclaration] | None = None


class Setup(Message, frozen=True):
    """BidiGenerateContentSetup: the first message, and only the first."""

    model: str
    generation_config: GenerationConfig
    realtime_input_config: RealtimeInputConfig
    session_resumption: SessionResumption
    context_window_compression: ContextWindowCompression | None = None
    system_instruction: Content | None = None
    tools: list[Tool] | None = None
    input_audio_transcription: Empty | None = None
    output_audio_transcription: Empty | None = None


class RealtimeInput(Message, frozen=True):
    """One piece of live input; exactly one field is set."""

    audio: Blob | None = None
    video: Blob | None = None
    text: str | None = None
    activity_start: Empty | None = None
    activity_end: Empty | None = None


class ClientContent(Message, frozen=True):
    """What was said or shown; without ``turnComplete`` it is not answered."""

    turns: list[Content]
    turn_complete: bool = False


class FunctionResponse(Message, frozen=True):
    """A result of one function call, matched by its id.

    Attributes:
        response: Any JSON object; by custom ``{"output": ...}`` or ``{"error": ...}``.
        scheduling: When the model takes it up, for NON_BLOCKING functions only:
            ``INTERRUPT``, ``WHEN_IDLE`` or ``SILENT``.
        will_continue: More results of this call follow (NON_BLOCKING only).
    """

    id: str
    name: str
    response: dict[str, Any]
    scheduling: str | None = None
    will_continue: bool | None = None


class ToolResponse(Message, frozen=True):
    """Results of function calls."""

    function_responses: list[FunctionResponse]


class ClientMessage(Message, frozen=True):
    """Exactly one field is set."""

    setup: Setup | None = None
    realtime_input: RealtimeInput | None = None
    client_content: ClientContent | None = None
    tool_response: ToolResponse | None = None


class SessionOptions(Struct, frozen=True, kw_only=True):
    """What a session is asked for.

    Attributes:
        model: Name without or with ``models/``.
        instructions: System instruction; empty sends none.
        voice: Prebuilt voice; empty leaves the choice to the server.
        language: BCP-47 code such as ``de-DE``; empty leaves it to the model.
        transcripts: Ask for text of what was said by either side.
        trigger_tokens: Context size that starts a compression; 0: never.
        target_tokens: Context size after a compression; 0: half of the trigger, as
            the server does by itself.
        functions: What the model may call.
    """

    model: str
    instructions: str = ""
    voice: str = ""
    language: str = ""
    transcripts: bool = True
    trigger_tokens: int = 16_000
    target_tokens: int = 8_000
    functions: tuple[FunctionDeclaration, ...] = ()


class Said(Struct, frozen=True):
    """What one side said, as text.

    Attributes:
        role: ``user`` or ``model``.
        text: Never empty.
    """

    role: str
    text: str


_encoder = msgspec.json.Encoder()


def _text(message: ClientMessage) -> str:
    return _encoder.encode(message).decode()


def setup(options: SessionOptions, handle: str | None) -> str:
    """The setup message: manual activity, audio answers, resumption, compression."""
    model = options.model.removeprefix("models/")
    transcription = Empty() if options.transcripts else None
    instructions = (
        Content(parts=[Part(text=options.instructions)])
        if options.instructions
        else None
    )
    return _text(
        ClientMessage(
            setup=Setup(
                model=f"models/{model}",
                generation_config=GenerationConfig(
                    response_modalities=["AUDIO"], speech_config=_speech(options)
                ),
                realtime_input_config=_MANUAL_ACTIVITY,
                session_resumption=SessionResumption(handle=handle),
                context_window_compression=_compression(options),
                system_instruction=instructions,
                tools=_tools(options),
                input_audio_transcription=transcription,
                output_audio_transcription=transcription,
            )
        )
    )


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


def _tools(options: SessionOptions) -> list[Tool] | None:
    if not options.functions:
        return None
    return [Tool(function_declarations=list(options.functions))]


ACTIVITY_START: Final = _text(
    ClientMessage(realtime_input=RealtimeInput(activity_start=Empty()))
)
ACTIVITY_END: Final = _text(
    ClientMessage(realtime_input=RealtimeInput(activity_end=Empty()))
)


def audio(pcm: bytes) -> str:
    """A chunk of 16 kHz mono PCM."""
    blob = Blob(mime_type=AUDIO_MIME, data=pcm)
    return _text(ClientMessage(realtime_input=RealtimeInput(audio=blob)))


def text(words: str) -> str:
    """A typed turn; the server takes it as user activity and answers."""
    return _text(ClientMessage(realtime_input=RealtimeInput(text=words)))


def history(said: Sequence[Said]) -> str:
    """What was said in an earlier session, for a new one; it is not answered.

    Source: BidiGenerateContentClientContent: content is appended to the
    conversation; the model waits for more until ``turnComplete``.
    """
    turns = [Content(role=one.role, parts=[Part(text=one.text)]) for one in said]
    return _text(ClientMessage(client_content=ClientContent(turns=turns)))


def tool_response(response: FunctionResponse) -> str:
    """A result of a function call."""
    return _text(
        ClientMessage(tool_response=ToolResponse(function_responses=[response]))
    )


def picture(jpeg: bytes) -> str:
    """A picture within an activity; it belongs to that turn."""
    blob = Blob(mime_type=PICTURE_MIME, data=jpeg)
    return _text(ClientMessage(realtime_input=RealtimeInput(video=blob)))


def picture_turn(jpeg: bytes, words: str) -> str:
    """A typed turn with a picture; it is answered.

    Not as live input: outside an activity that would belong to no turn, see
    turnCoverage in ``setup``.
    """
    blob = Blob(mime_type=PICTURE_MIME, data=jpeg)
    parts = [Part(inline_data=blob), Part(text=words)]
    content = ClientContent(
        turns=[Content(role="user", parts=parts)], turn_complete=True
    )
    return _text(ClientMessage(client_content=content))
