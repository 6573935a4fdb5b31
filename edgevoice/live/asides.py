"""Those parts of a server message that no answer depends on, read one by one.

A mistake in one of them must not lose the sound in the same message: what cannot be
read is the event ``Unreadable``, and the rest is read on.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from edgevoice.live import server_messages as wire
from edgevoice.live.incoming import (
    Code,
    CodeResult,
    Grounding,
    InputTranscript,
    Interaction,
    InterimTranscript,
    OutputTranscript,
    PageRead,
    ServerEvent,
    Source,
    Unreadable,
    Usage,
    VoiceActivity,
    WaitingForInput,
)

_MISTAKES: Final = (msgspec.DecodeError, UnicodeError, RecursionError)

T = TypeVar("T")


# -- one value -------------------------------------------------------------------------


def text(raw: wire.Aside) -> str:
    """A name; empty if it is absent or no text."""
    try:
        return msgspec.json.decode(raw or b'""', type=str)
    except _MISTAKES:
        return ""


def number(raw: wire.Aside) -> int | None:
    """A number of 64 bits, which travels as text; None if absent or unreadable."""
    try:
        return msgspec.json.decode(raw or b"null", type=int | None, strict=False)
    except _MISTAKES:
        return None


def seconds(duration: str | None) -> float | None:
    """Protobuf's JSON duration, ``"50s"`` or ``"9.5s"``; None if it is none."""
    try:
        found = float((duration or "").removesuffix("s"))
    except ValueError:
        return None
    return max(0.0, found) if math.isfinite(found) else None


# -- one part --------------------------------------------------------------------------


def _read(
    name: str,
    raw: wire.Aside,
    kind: type[T],
    meaning: Callable[[T], Iterable[ServerEvent]],
) -> Iterator[ServerEvent]:
    """What a part says, if it is there and of its kind."""
    if not raw or bytes(raw) == b"null":
        return
    try:
        part = msgspec.json.decode(raw, type=kind, strict=False)
    except _MISTAKES:
        yield Unreadable(name)  # the error's own text might hold what was said
    else:
        yield from meaning(part)


def transcripts(content: wire.ServerContent) -> Iterator[ServerEvent]:
    """What either side said."""
    yield from _read(
        "interimInputTranscription",
        content.interim_input_transcription,
        wire.Transcription,
        lambda said: [InterimTranscript(said.text)] if said.text else [],
    )
    for name, raw, kind in (
        ("inputTranscription", content.input_transcription, InputTranscript),
        ("outputTranscription", content.output_transcription, OutputTranscript),
    ):
        yield from _read(name, raw, wire.Transcription, _pieces(kind))


def _pieces(
    kind: type[InputTranscript | OutputTranscript],
) -> Callable[[wire.Transcription], list[ServerEvent]]:
    return lambda said: [kind(said.text, said.language_code or "")] if said.text else []


def code(part: wire.Part) -> Iterator[ServerEvent]:
    """A program that the server ran, and what came of it."""
    yield from _read(
        "executableCode",
        part.executable_code,
        wire.ExecutableCode,
        lambda found: [Code(found.code or "", found.language or "")],
    )
    yield from _read(
        "codeExecutionResult",
        part.code_execution_result,
        wire.CodeExecutionResult,
        lambda found: [CodeResult(found.output or "", found.outcome or "")],
    )


def sources(content: wire.ServerContent) -> Iterator[ServerEvent]:
    """Where the answer has its facts from."""
    yield from _read(
        "groundingMetadata",
        content.grounding_metadata,
        wire.GroundingMetadata,
        _grounding,
    )
    yield from _read(
        "urlContextMetadata",
        content.url_context_metadata,
        wire.UrlContextMetadata,
        lambda found: [
            PageRead(page.retrieved_url or "", page.url_retrieval_status or "")
            for page in found.url_metadata or ()
        ],
    )


def _grounding(found: wire.GroundingMetadata) -> Iterator[ServerEvent]:
    queries = (
        *(found.web_search_queries or ()),
        *(found.image_search_queries or ()),
        *(found.retrieval_queries or ()),
    )
    sources = tuple(
        source
        for chunk in found.grounding_chunks or ()
        for source in _sources_of(chunk)
    )
    if queries or sources:
        yield Grounding(queries, sources)


def _sources_of(chunk: wire.GroundingChunk) -> Iterator[Source]:
    for place in (chunk.web, chunk.maps, chunk.retrieved_context):
        if place is not None:
            yield Source(place.uri or "", place.title or "")
    if chunk.image is not None:
        yield Source(chunk.image.source_uri or "", chunk.image.title or "")


def standing(content: wire.ServerContent) -> Iterator[ServerEvent]:
    """How far the request is, and who is awaited."""
    yield from _read(
        "waitingForInput",
        content.waiting_for_input,
        bool,
        lambda waits: [WaitingForInput()] if waits else [],
    )
    if content.interaction_status:
        yield Interaction(content.interaction_status)


def voice(message: wire.ServerMessage) -> Iterator[ServerEvent]:
    """Speech that the server heard begin or end."""
    yield from _read(
        "voiceActivity",
        message.voice_activity,
        wire.VoiceActivity,
        lambda heard: _edge(heard.type, seconds(heard.audio_offset)),
    )
    yield from _read(
        "voiceActivityDetectionSignal",
        message.voice_activity_detection_signal,
        wire.VoiceActivityDetectionSignal,
        lambda heard: _edge(heard.vad_signal_type, None),
    )


def _edge(name: str | None, offset: float | None) -> Iterator[ServerEvent]:
    if name:
        yield VoiceActivity(_EDGES.get(name, name), offset)


_EDGES: Final = {
    "ACTIVITY_START": "start",
    "ACTIVITY_END": "end",
    "VAD_SIGNAL_TYPE_SOS": "start",
    "VAD_SIGNAL_TYPE_EOS": "end",
}


def usage(raw: wire.Aside) -> Iterator[ServerEvent]:
    """The tokens that are billed."""
    yield from _read(
        "usageMetadata", raw, wire.UsageMetadata, lambda used: [_usage(used)]
    )


def _usage(used: wire.UsageMetadata) -> Usage:
    return Usage(
        prompt=used.prompt_token_count or 0,
        cached=used.cached_content_token_count or 0,
        response=used.response_token_count or 0,
        thoughts=used.thoughts_token_count or 0,
        tools=used.tool_use_prompt_token_count or 0,
        total=used.total_token_count or 0,
        prompt_details=_details(used.prompt_tokens_details),
        cached_details=_details(used.cache_tokens_details),
        response_details=_details(used.response_tokens_details),
        tools_details=_details(used.tool_use_prompt_tokens_details),
        tier=used.service_tier or "",
    )


def _details(counts: list[wire.ModalityTokenCount] | None) -> dict[str, int]:
    """Modality to tokens; a modality that is named twice is added up."""
    details: dict[str, int] = {}
    for count in counts or ():
        kind = count.modality or "MODALITY_UNSPECIFIED"
        details[kind] = details.get(kind, 0) + (count.token_count or 0)
    return details
