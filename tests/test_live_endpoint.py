import pytest

from edgevoice.errors import ConfigError
from edgevoice.live import endpoint

GOOGLE = "wss://generativelanguage.googleapis.com"
SERVICE = "/ws/google.ai.generativelanguage.{}.GenerativeService.{}"


@pytest.mark.parametrize("version", endpoint.API_VERSIONS)
def test_a_key_goes_to_the_plain_method_and_never_into_the_address(
    version: str,
) -> None:
    address = endpoint.url(GOOGLE, version, "AIza-key")

    assert address == GOOGLE + SERVICE.format(version, "BidiGenerateContent")


def test_an_ephemeral_token_goes_to_the_constrained_method() -> None:
    address = endpoint.url(GOOGLE, "v1alpha", "auth_tokens/abc")

    method = "BidiGenerateContentConstrained"
    assert address == GOOGLE + SERVICE.format("v1alpha", method)


def test_exactly_one_header_authenticates() -> None:
    assert endpoint.headers("AIza-key") == {"x-goog-api-key": "AIza-key"}
    assert endpoint.headers("auth_tokens/abc") == {
        "Authorization": "Token auth_tokens/abc"
    }


@pytest.mark.parametrize(
    "good",
    [
        GOOGLE,
        f"{GOOGLE}/",
        "wss://example.org:8443",
        "WSS://Example.org",
        "ws://127.0.0.1:9090",
        "ws://localhost:1",
        "ws://LOCALHOST:1",
        "ws://[::1]:65535",
        "wss://[2001:db8::1]",
    ],
)
def test_an_address_is_scheme_and_host_and_maybe_a_port(good: str) -> None:
    endpoint.check(good)

    assert "//ws/" not in endpoint.url(good, "v1beta", "k")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "is no address"),
        ("generativelanguage.googleapis.com", "is no address"),
        ("https://generativelanguage.googleapis.com", "is no address"),
        ("wss://", "is no address"),
        ("wss://:443", "is no address"),
        ("wss://[::1", "is no address"),
        ("wss://host:https", "is no address"),
        ("wss://host:0", "is no address"),
        ("wss://host:99999", "is no address"),
        ("wss://two words", "is no address"),
        ("wss://host\n", "is no address"),
        ("wss://host/v1beta", "without path or key"),
        ("wss://host?key=AIza-secret", "without path or key"),
        ("wss://host?", "without path or key"),
        ("wss://host#top", "without path or key"),
        ("wss://AIza-secret@host", "without path or key"),
        ("wss://me:AIza-secret@host", "without path or key"),
        ("ws://example.org", "unencrypted"),
        ("ws://192.168.1.7:9090", "unencrypted"),
        ("ws://localhost.example.org", "unencrypted"),
        ("AIza-secret", "is no address"),
    ],
)
def test_any_other_address_is_refused_without_repeating_it(bad: str, why: str) -> None:
    for use in (endpoint.check, lambda bad: endpoint.url(bad, "v1beta", "k")):
        with pytest.raises(ConfigError, match=why) as caught:
            use(bad)

        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)
