"""Why the server closes a connection: close codes and its own words, by name.

The Live API has no list; these were seen in the field. A reason that is longer than a
close frame can carry arrives cut (see ``wire.Refused``).
"""

from typing import Final

from edgevoice.simulator.wire import INVALID_ARGUMENT, Refused

REASONS: Final[dict[str, tuple[int, str]]] = {
    # the end of a connection's life, and restarts
    "normal": (1000, ""),
    "cancelled": (1000, "The operation was cancelled."),
    "going_away": (1001, ""),
    "restart": (1012, ""),
    "try_later": (1013, ""),
    # a wrong key: the socket opens first, and closes then
    "key_invalid": (1007, "API key not valid. Please pass a valid API key."),
    "key_expired": (1007, "API key expired. Please renew the API key."),
    # a token that opens no session, or none any more, or ends one under way
    "token_used": (1011, "Token has been used too many times"),
    "token_late": (1011, "new_session_expire_time deadline exceeded"),
    "token_expired": (1011, "Token has expired"),
    "token_ended": (1011, "auth token has expired"),
    # a client that breaks the rules
    "unknown_name": (
        1007,
        "Invalid JSON payload received. Unknown name \"x\" at 'setup': "
        "Cannot find field.",
    ),
    "invalid_argument": (1007, INVALID_ARGUMENT),
    "setup_first": (1007, "setup must be the first message and only the first"),
    "explicit_activity": (
        1007,
        "Explicit activity control is not supported when automatic activity detection "
        "is enabled.",
    ),
    "media_chunks": (
        1007,
        "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.",
    ),
    "no_voices": (1007, "Cannot extract voices from a non-audio request"),
    "thinking_level": (1007, "Thinking level is not supported for this model."),
    # at random, in mid call
    "audio_unsupported": (
        1007,
        "CONTENT_TYPE_AUDIO is not supported for this model configuration",
    ),
    # a handle that is dead
    "invalid_handle": (1007, "Invalid session handle"),
    "session_not_found": (1008, "BidiGenerateContent session not found"),
    "entity_not_found": (1008, "Requested entity was not found."),
    # 1008 has more meanings than one
    "no_such_model": (
        1008,
        "models/gemini-2.0-flash-live-001 is not found for API version v1beta, "
        "or is not supported for bidiGenerateContent",
    ),
    "not_implemented": (
        1008,
        "Operation is not implemented, or supported, or enabled.",
    ),
    "aborted": (1008, "The operation was aborted"),
    # the server's own trouble, the usual end, and money
    "internal": (1011, "Internal error encountered."),
    "internal_occurred": (1011, "Internal error occurred."),
    "unavailable": (1011, "The service is currently unavailable."),
    "deadline": (1011, "Deadline expired before operation could complete."),
    "quota": (
        1011,
        "You exceeded your current quota, please check your plan and billing details. "
        "For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
    ),
    "exhausted": (1011, "RESOURCE_EXHAUSTED"),
    "overloaded": (1011, "OVERLOADED_TOO_MANY_RETRIES_PER_REQUEST"),
}
"""Close code and text of each reason by its name."""


def refused(name: str) -> Refused:
    """The refusal of this name, to be raised."""
    return Refused(*REASONS[name])
