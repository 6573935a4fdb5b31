import pytest
from websockets.exceptions import InvalidStatus

from edgevoice.simulator import Connected, Refusal, Simulator
from tests.simulator_client import KEY, Json, dialled, path, setup

TOKEN = "auth_tokens/abc"
CONSTRAINED = "BidiGenerateContentConstrained"


@pytest.mark.parametrize("version", ["v1alpha", "v1beta", "v1"])
async def test_every_api_version_takes_a_key_in_a_header(version: str) -> None:
    async with Simulator(pace=0) as simulator:
        async with dialled(simulator, path(version)) as client:
            await client.send(setup())
            assert await client.receive() == {"setupComplete": {}}
        assert simulator.journal[0] == Connected(
            connection=1, version=version, auth="key header"
        )


@pytest.mark.parametrize(
    ("target", "headers", "auth"),
    [
        (path() + "?key=test-key", {}, "key query"),
        (
            path("v1alpha", CONSTRAINED),
            {"Authorization": f"Token {TOKEN}"},
            "token header",
        ),
        (
            path("v1alpha", CONSTRAINED) + "?access_token=auth_tokens%2Fabc",
            {},
            "token query",
        ),
        (
            path("v1beta", CONSTRAINED),
            {"Authorization": f"Token {TOKEN}", "x-goog-api-key": TOKEN},
            "token header",
        ),
    ],
)
async def test_the_journal_tells_how_the_credential_came_but_not_what_it_is(
    target: str, headers: Json, auth: str
) -> None:
    async with Simulator(pace=0) as simulator:
        async with dialled(simulator, target, headers) as client:
            await client.send(setup())
            assert await client.receive() == {"setupComplete": {}}
        assert isinstance(simulator.journal[0], Connected)
        assert simulator.journal[0].auth == auth
        assert "test-key" not in str(simulator.journal)
        assert TOKEN not in str(simulator.journal)


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/v1beta/models/gemini-3.8-live:generateContent", KEY, 404),
        (path("v2"), KEY, 404),
        (path(), {}, 403),
        (path(), {"Authorization": f"Token {TOKEN}"}, 403),
        (path("v1beta", CONSTRAINED), KEY, 403),
        (path("v1beta", CONSTRAINED), {"Authorization": "Token abc"}, 403),
        (path("v1beta", CONSTRAINED), {"Authorization": f"Bearer {TOKEN}"}, 403),
        (
            path("v1beta", CONSTRAINED) + f"?access_token={TOKEN}",
            {"Authorization": f"Token {TOKEN}"},
            403,
        ),
    ],
)
async def test_a_wrong_path_or_credential_is_refused_before_the_socket_opens(
    target: str, headers: Json, status: int
) -> None:
    async with Simulator(pace=0) as simulator:
        with pytest.raises(InvalidStatus) as refused:
            async with dialled(simulator, target, headers):
                pass
        assert refused.value.response.status_code == status
        assert isinstance(simulator.journal[0], Refusal)
        assert simulator.journal[0].code == status


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("invalid", "API key not valid. Please pass a valid API key."),
        ("expired", "API key expired. Please renew the API key."),
        (TOKEN, "API key not valid. Please pass a valid API key."),
    ],
)
async def test_a_bad_key_opens_the_socket_and_closes_it_with_1007(
    key: str, reason: str
) -> None:
    async with (
        Simulator(pace=0) as simulator,
        dialled(simulator, headers={"x-goog-api-key": key}) as client,
    ):
        assert await client.closed() == (1007, reason)


async def test_the_server_does_not_compress() -> None:
    async with Simulator(pace=0) as simulator, dialled(simulator) as client:
        assert client.socket.response is not None
        assert "Sec-WebSocket-Extensions" not in client.socket.response.headers
