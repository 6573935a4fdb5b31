"""The server's messages as they stand on the wire: camelCase JSON to structs.

Everything is optional, null means absent, and what is not named here is ignored, as
protobuf's JSON and Google's own client have it. What an answer and its calls depend on
has its type; every other part is an ``Aside``, taken apart by itself, so that a mistake
in it costs that part and not the sound beside it.
Sources: Live API reference, BidiGenerateContentServerMessage; the published v1beta
definitions; google-genai 3.4.0, ``types.LiveServerMessage``.
"""

from typing import Annotated, Any, TypeAlias

from msgspec import Meta, Raw, Struct

Aside: TypeAlias = Raw
"""JSON that is not yet read; empty if it was absent."""

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""Of tokens: int32 in the published definitions. Money is reckoned with it in floats,
which a number without an end would overflow."""


class Wire(Struct, frozen=True, rename="camel"):
    """Base of all that the server sends."""


# -- what an answer and its calls depend on ----------------------------------------


class Blob(Wire, frozen=True):
    """Bytes with their type."""

    mime_type: str | None = None
    data: bytes | None = None


class Part(Wire, frozen=True):
    """One piece of what the model made."""

    inline_data: Blob | None = None
    text: str | None = None
    thought: bool | None = None
    executable_code: Aside = Raw()
    code_execution_result: Aside = Raw()


class Content(Wire, frozen=True):
    """Pieces in their order."""

    parts: list[Part] | None = None


class ServerContent(Wire, frozen=True):
    """BidiGenerateContentServerContent."""

    model_turn: Content | None = None
    interrupted: bool | None = None
    generation_complete: bool | None = None
    turn_complete: bool | None = None
    interaction_status: str | None = None
    input_transcription: Aside = Raw()
    output_transcription: Aside = Raw()
    interim_input_transcription: Aside = Raw()
    turn_complete_reason: Aside = Raw()
    waiting_for_input: Aside = Raw()
    grounding_metadata: Aside = Raw()
    url_context_metadata: Aside = Raw()


class FunctionCall(Wire, frozen=True):
    """A function that the model wants to be called."""

    id: str | None = None
    name: str | None = None
    args: dict[str, Any] | None = None


class ToolCall(Wire, frozen=True):
    """BidiGenerateContentToolCall."""

    function_calls: list[FunctionCall] | None = None


class ToolCallCancellation(Wire, frozen=True):
    """BidiGenerateContentToolCallCancellation."""

    ids: list[str] | None = None


class GoAway(Wire, frozen=True):
    """The server ends this connection soon."""

    time_left: str | None = None


class SessionResumptionUpdate(Wire, frozen=True):
    """Whether the session could be resumed now, and with what."""

    new_handle: str | None = None
    resumable: bool | None = None
    last_consumed_client_message_index: Aside = Raw()


class SetupComplete(Wire, frozen=True):
    """The session is ready."""

    session_id: Aside = Raw()


class ServerMessage(Wire, frozen=True):
    """BidiGenerateContentServerMessage; any of them may stand beside the others."""

    setup_complete: SetupComplete | None = None
    server_content: ServerContent | None = None
    tool_call: ToolCall | None = None
    tool_call_cancellation: ToolCallCancellation | None = None
    go_away: GoAway | None = None
    session_resumption_update: SessionResumptionUpdate | None = None
    usage_metadata: Aside = Raw()
    voice_activity: Aside = Raw()
    voice_activity_detection_signal: Aside = Raw()


# -- the asides ----------------------------------------------------------------------


class Transcription(Wire, frozen=True):
    """Text of what was said; ``finished`` is never to be relied on, so not read."""

    text: str | None = None
    language_code: str | None = None


class ExecutableCode(Wire, frozen=True):
    """A program that the model wrote, run by the server."""

    language: str | None = None
    code: str | None = None


class CodeExecutionResult(Wire, frozen=True):
    """What that program printed."""

    outcome: str | None = None
    output: str | None = None


class Place(Wire, frozen=True):
    """Where a fact comes from: a page, a document, a place on the map."""

    uri: str | None = None
    title: str | None = None


class Image(Wire, frozen=True):
    """A picture as a source: the page that shows it."""

    source_uri: str | None = None
    title: str | None = None


class GroundingChunk(Wire, frozen=True):
    """One source; exactly one field is set."""

    web: Place | None = None
    maps: Place | None = None
    retrieved_context: Place | None = None
    image: Image | None = None


class GroundingMetadata(Wire, frozen=True):
    """What was searched for, and found."""

    web_search_queries: list[str] | None = None
    image_search_queries: list[str] | None = None
    retrieval_queries: list[str] | None = None
    grounding_chunks: list[GroundingChunk] | None = None


class UrlMetadata(Wire, frozen=True):
    """A page that the server looked at."""

    retrieved_url: str | None = None
    url_retrieval_status: str | None = None


class UrlContextMetadata(Wire, frozen=True):
    """Pages that the server looked at."""

    url_metadata: list[UrlMetadata] | None = None


class VoiceActivity(Wire, frozen=True):
    """The server heard speech begin or end; the offset counts from the first sound."""

    type: str | None = None
    audio_offset: str | None = None


class VoiceActivityDetectionSignal(Wire, frozen=True):
    """The same in the older form."""

    vad_signal_type: str | None = None


class ModalityTokenCount(Wire, frozen=True):
    """Tokens of one kind."""

    modality: str | None = None
    token_count: Count | None = None


class UsageMetadata(Wire, frozen=True):
    """What is billed."""

    prompt_token_count: Count | None = None
    cached_content_token_count: Count | None = None
    response_token_count: Count | None = None
    tool_use_prompt_token_count: Count | None = None
    thoughts_token_count: Count | None = None
    total_token_count: Count | None = None
    prompt_tokens_details: list[ModalityTokenCount] | None = None
    cache_tokens_details: list[ModalityTokenCount] | None = None
    response_tokens_details: list[ModalityTokenCount] | None = None
    tool_use_prompt_tokens_details: list[ModalityTokenCount] | None = None
    service_tier: str | None = None
