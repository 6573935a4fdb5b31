"""Every close that was seen in the field, as a client gets it."""

import pytest
from websockets.exceptions import InvalidStatus

from edgevoice.simulator import Simulator
from edgevoice.simulator.reasons import REASONS
from tests.simulator_client import dialled, setup

KEY_NOT_VALID = "API key not valid. Please pass a valid API key."
UNKNOWN_NAME = (
    "Invalid JSON payload received. Unknown name \"x\" at 'setup': Cannot find field."
)
ACTIVITY = (
    "Explicit activity control is not supported when automatic activity detection is "
    "enabled."
)
MEDIA = "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."
AUDIO = "CONTENT_TYPE_AUDIO is not supported for this model configuration"
NO_SUCH_MODEL = (
    "models/gemini-2.0-flash-live-001 is not found for API version v1beta, or is not "
    "supported for bidiGenerateContent"
)
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For "
    "more information on this error, head to: h"
)

CLOSES = {
    "normal": (1000, ""),
    "cancelled": (1000, "The operation was cancelled."),
    "going_away": (1001, ""),
    "restart": (1012, ""),
    "try_later": (1013, ""),
    "key_invalid": (1007, KEY_NOT_VALID),
    "key_expired": (1007, "API key expired. Please renew the API key."),
    "token_used": (1011, "Token has been used too many times"),
    "token_late": (1011, "new_session_expire_time deadline exceeded"),
    "token_expired": (1011, "Token has expired"),
    "token_ended": (1011, "auth token has expired"),
    "unknown_name": (1007, UNKNOWN_NAME),
    "invalid_argument": (1007, "Request contains an invalid argument."),
    "setup_first": (1007, "setup must be the first message and only the first"),
    "explicit_activity": (1007, ACTIVITY),
    "media_chunks": (1007, MEDIA),
    "no_voices": (1007, "Cannot extract voices from a non-audio request"),
    "thinking_level": (1007, "Thinking level is not supported for this model."),
    "audio_unsupported": (1007, AUDIO),
    "invalid_handle": (1007, "Invalid session handle"),
    "session_not_found": (1008, "BidiGenerateContent session not found"),
    "entity_not_found": (1008, "Requested entity was not found."),
    "no_such_model": (1008, NO_SUCH_MODEL),
    "not_implemented": (
        1008,
        "Operation is not implemented, or supported, or enabled.",
    ),
    "aborted": (1008, "The operation was aborted"),
    "internal": (1011, "Internal error encountered."),
    "internal_occurred": (1011, "Internal error occurred."),
    "unavailable": (1011, "The service is currently unavailable."),
    "deadline": (1011, "Deadline expired before operation could complete."),
    "quota": (1011, QUOTA),
    "exhausted": (1011, "RESOURCE_EXHAUSTED"),
    "overloaded": (1011, "OVERLOADED_TOO_MANY_RETRIES_PER_REQUEST"),
}
"""Names, and what arrives: 123 bytes of text at most."""


def test_every_reason_is_in_the_table() -> None:
    assert CLOSES.keys() == REASONS.keys()


@pytest.mark.parametrize("name", CLOSES)
async def test_a_reason_arrives_with_its_code_and_its_words(name: str) -> None:
    async with (
        Simulator(pace=0, behaviours=[f"close={name}@ready"]) as simulator,
        dialled(simulator) as client,
    ):
        await client.send(setup())
        assert await client.closed() == CLOSES[name]


async def test_1006_is_a_cut() -> None:
    async with (
        Simulator(pace=0, behaviours=["drop@ready"]) as simulator,
        dialled(simulator) as client,
    ):
        await client.send(setup())
        assert await client.closed() == (1006, "")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_the_handshake_is_refused_with_this_very_status(status: int) -> None:
    async with Simulator(pace=0, behaviours=[f"refuse={status}"]) as simulator:
        with pytest.raises(InvalidStatus) as refused:
            async with dialled(simulator):
                pass
    assert refused.value.response.status_code == status


async def test_other_codes_and_words_can_be_made_up() -> None:
    async with (
        Simulator(pace=0, behaviours=["close=1002:As you like it@ready"]) as simulator,
        dialled(simulator) as client,
    ):
        await client.send(setup())
        assert await client.closed() == (1002, "As you like it")
