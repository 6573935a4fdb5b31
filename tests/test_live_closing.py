"""What each end of a connection seen in the field asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.live.closing import Ending, Remedy, classify

RESUME, FRESH, REFUSED = Remedy

UNKNOWN_NAME = (
    "Invalid JSON payload received. Unknown name \"x\" at 'setup': Cannot find field."
)
NO_SUCH_MODEL = (
    "models/gemini-9 is not found for API version v1beta, or is not supported for "
    "bidiGenerateContent"
)
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For "
    "more information on this error, head to: ht"
)
ACTIVITY = (
    "Explicit activity control is not supported when automatic activity detection is "
    "enabled."
)

ENDS = [
    # The end of a connection's life, restarts, the network.
    (1000, "The operation was cancelled.", RESUME),
    (1000, "", RESUME),
    (1001, "", RESUME),
    (1006, "", RESUME),
    (1012, "service restart", RESUME),
    (1013, "try again later", RESUME),
    (0, "the connection broke", RESUME),
    # A wrong key comes as a close code, not as an HTTP status.
    (1007, "API key not valid. Please pass a valid API key.", REFUSED),
    (1007, "API key expired. Please renew the API key.", REFUSED),
    # A token that opens no connection, or none any more, or ends under way.
    (1011, "Token has been used too many times", REFUSED),
    (1011, "new_session_expire_time deadline exceeded", REFUSED),
    (1011, "Token has expired", REFUSED),
    (1011, "auth token has expired", REFUSED),
    # Wrong settings, or a bug of ours.
    (1007, UNKNOWN_NAME, REFUSED),
    (1007, "Request contains an invalid argument.", REFUSED),
    (1007, "setup must be the first message and only the first", REFUSED),
    (1007, ACTIVITY, REFUSED),
    (1007, "realtime_input.media_chunks is deprecated. Use audio instead.", REFUSED),
    (1007, "Cannot extract voices from a non-audio request", REFUSED),
    (1007, "Thinking level is not supported for this model.", REFUSED),
    (1007, "", REFUSED),
    # At random in the middle of a call; the next connection works.
    (1007, "CONTENT_TYPE_AUDIO is not supported by this model", RESUME),
    # Dead handles.
    (1007, "Invalid session handle", FRESH),
    (1008, "BidiGenerateContent session not found", FRESH),
    (1008, "Requested entity was not found.", FRESH),
    # 1008 has many meanings.
    (1008, NO_SUCH_MODEL, REFUSED),
    (1008, NO_SUCH_MODEL[:60], REFUSED),
    (1008, "Operation is not implemented, or supported, or enabled.", RESUME),
    (1008, "The operation was aborted", RESUME),
    # 1011: the server's own trouble, the normal end, and money.
    (1011, "Internal error encountered.", RESUME),
    (1011, "Internal error occurred.", RESUME),
    (1011, "The service is currently unavailable.", RESUME),
    (1011, "Deadline expired before operation could complete.", RESUME),
    (1011, "OVERLOADED_TOO_MANY_RETRIES_PER_REQUEST", RESUME),
    (1011, "keepalive ping timeout", RESUME),
    (1011, QUOTA, REFUSED),
    (1011, "RESOURCE_EXHAUSTED", REFUSED),
    (1011, "Resource has been exhausted (e.g. check quota).", REFUSED),
    # Refused before there was a socket.
    (400, "HTTP status 400", REFUSED),
    (401, "HTTP status 401", REFUSED),
    (403, "HTTP status 403", REFUSED),
    (404, "HTTP status 404", REFUSED),
    (410, "HTTP status 410", REFUSED),
    (429, "HTTP status 429", REFUSED),
    (408, "HTTP status 408", RESUME),
    (500, "HTTP status 500", RESUME),
    (502, "HTTP status 502", RESUME),
    (503, "HTTP status 503", RESUME),
]


@pytest.mark.parametrize(("code", "reason", "remedy"), ENDS)
def test_the_code_and_its_reason_say_what_to_do(
    code: int, reason: str, remedy: Remedy
) -> None:
    ending = classify(code, reason, resumed=False)

    assert (ending.code, ending.reason, ending.remedy) == (code, reason, remedy)
    assert bool(ending.cure) is (remedy is REFUSED)


@pytest.mark.parametrize(
    ("code", "reason", "cure"),
    [
        (1007, "API key not valid. Please pass a valid API key.", "API key"),
        (403, "HTTP status 403", "API key"),
        (1011, "auth token has expired", "put a new token in its place"),
        (1008, NO_SUCH_MODEL, "model"),
        (404, "HTTP status 404", "api_version"),
        (1007, UNKNOWN_NAME, "[live]"),
        (1011, QUOTA, "quota"),
        (429, "HTTP status 429", "quota"),
    ],
)
def test_a_refusal_names_what_a_person_can_mend(
    code: int, reason: str, cure: str
) -> None:
    assert cure in classify(code, reason, resumed=False).cure


@pytest.mark.parametrize(
    "reason",
    [
        "Request contains an invalid argument.",
        "",
        UNKNOWN_NAME,
        "Invalid session handle",
    ],
)
def test_a_refusal_of_a_resumed_session_may_be_the_handles_fault(reason: str) -> None:
    assert classify(1007, reason, resumed=True).remedy is FRESH


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1007, "API key not valid. Please pass a valid API key."),
        (1008, NO_SUCH_MODEL),
        (1011, QUOTA),
        (1011, "Token has expired"),
        (404, "HTTP status 404"),
    ],
)
def test_what_no_handle_can_cause_is_refused_though_it_was_resumed(
    code: int, reason: str
) -> None:
    assert classify(code, reason, resumed=True).remedy is REFUSED


@pytest.mark.parametrize(
    ("reason", "internal"),
    [
        ("Internal error encountered.", True),
        ("Deadline expired before operation could complete.", False),
        ("Token has been used too many times", False),
    ],
)
def test_1011_is_not_always_an_error_of_the_server(reason: str, internal: bool) -> None:
    assert classify(1011, reason, resumed=False).internal is internal


def test_reasons_are_told_apart_without_regard_to_case() -> None:
    assert classify(1008, "SESSION NOT FOUND", resumed=False).remedy is FRESH


def test_a_reason_of_several_lines_becomes_one() -> None:
    ending = classify(1011, " Internal\n\terror \r\n", resumed=False)

    assert ending.reason == "Internal error"


def test_an_ending_reads_as_one_sentence() -> None:
    assert str(Ending(1000, "", RESUME)) == "connection closed (1000)"
    assert str(classify(404, "HTTP status 404", resumed=False)) == (
        "HTTP status 404; check `endpoint` and `api_version` in [live]"
    )


@given(st.integers(0, 4999), st.text(max_size=123), st.booleans())
def test_every_end_has_a_remedy_and_fits_on_one_line(
    code: int, reason: str, resumed: bool
) -> None:
    ending = classify(code, reason, resumed=resumed)

    assert ending.remedy in Remedy
    assert len(str(ending).splitlines()) == 1
