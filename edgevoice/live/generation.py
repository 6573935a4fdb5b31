"""How the model is to think, speak and hear, as the setup message has it.

None leaves a thing to the model. Sources: Live API reference, BidiGenerateContentSetup
(which names what of GenerationConfig it does not take); google-genai 3.4.0, ``types``.
"""

from edgevoice.live.message import Message


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


class ThinkingConfig(Message, frozen=True):
    """How much the model thinks; a budget or a level, never both.

    Attributes:
        include_thoughts: Send what it thinks as text.
        thinking_budget: Tokens; 0: none.
        thinking_level: ``MINIMAL``, ``LOW``, ``MEDIUM`` or ``HIGH``.
    """

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class TranslationConfig(Message, frozen=True):
    """For models that interpret.

    Attributes:
        target_language_code: BCP-47 code of the language that is spoken.
        echo_target_language: Repeat what is said in that language already.
    """

    target_language_code: str
    echo_target_language: bool | None = None


class GenerationConfig(Message, frozen=True):
    """What is generated; responseModalities belong here, not under setup.

    Attributes:
        media_resolution: ``MEDIA_RESOLUTION_LOW``, ``_MEDIUM`` or ``_HIGH``.
    """

    response_modalities: list[str] | None = None
    speech_config: SpeechConfig | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_output_tokens: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    media_resolution: str | None = None
    thinking_config: ThinkingConfig | None = None
    enable_affective_dialog: bool | None = None
    translation_config: TranslationConfig | None = None


class TranscriptionConfig(Message, frozen=True):
    """That text of the sound is wanted, and what may be expected in it.

    Attributes:
        language_codes: BCP-47 codes; None: any language.
        custom_vocabulary: Names and words that are hard to spell.
    """

    language_codes: tuple[str, ...] | None = None
    custom_vocabulary: tuple[str, ...] | None = None
