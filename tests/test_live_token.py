"""What counts as a token, and how long it is good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.live.token import LIFE_S, LONGEST_LIFE_S, OPENS_S, parse_token

NOW = 1_790_000_000.0
TOKEN = "auth_tokens/0123456789abcdef"
IN_TEN_MINUTES = "2026-09-21T14:23:20Z"


@pytest.mark.parametrize(
    "output",
    [
        TOKEN,
        f"\n{TOKEN}\r\n",
        f'{{"name": "{TOKEN}"}}',
        f'{{"name": "{TOKEN}", "expireTime": null, "uses": 1}}\n',
    ],
)
def test_a_token_comes_bare_or_as_google_answers(output: str) -> None:
    token = parse_token(output.encode(), NOW)

    assert (token.value, token.life) == (TOKEN, LIFE_S)


@pytest.mark.parametrize(
    ("expires", "life"),
    [
        (IN_TEN_MINUTES, 600.0),
        ("2026-09-21T14:23:20.123456789Z", 600.123457),
        ("2026-09-21T16:23:20+02:00", 600.0),
        ("2027-09-21T14:23:20Z", LONGEST_LIFE_S),
        ("2026-09-21T14:14:00Z", 0.0),  # too short to plan with
        ("2020-01-01T00:00:00Z", 0.0),  # this machine's clock may be wrong
    ],
)
def test_its_life_is_what_is_left_of_it(expires: str, life: float) -> None:
    answer = f'{{"name": "{TOKEN}", "expireTime": "{expires}"}}'

    assert parse_token(answer.encode(), NOW).life == pytest.approx(life)


@pytest.mark.parametrize(
    ("until", "opens"),
    [
        ("null", OPENS_S),
        (f'"{IN_TEN_MINUTES}"', 600.0),
        ('"2020-01-01T00:00:00Z"', 0.0),
    ],
)
def test_it_opens_connections_until_a_moment_of_its_own(
    until: str, opens: float
) -> None:
    answer = f'{{"name": "{TOKEN}", "newSessionExpireTime": {until}}}'

    assert parse_token(answer.encode(), NOW).opens == pytest.approx(opens)
    assert parse_token(TOKEN.encode(), NOW).opens == OPENS_S


@pytest.mark.parametrize(
    "output",
    [
        "",
        "auth_tokens/",
        "AIzaSy-a-key-of-nobody",
        f"{TOKEN} {TOKEN}",
        f"{TOKEN}\n{TOKEN}",
        f"error: no {TOKEN}",
        "<html>log in</html>",
        "{}",
        '{"name": 7}',
        f'{{"name": "{TOKEN}", "expireTime": "soon"}}',
        f'{{"name": "{TOKEN}"',
        f"{TOKEN}\u00e9",
    ],
)
def test_what_is_none_is_refused_without_a_word_of_it(output: str) -> None:
    with pytest.raises(ValueError, match=r"^no token in it$"):
        parse_token(output.encode(), NOW)


@given(st.binary(max_size=80))
def test_nothing_else_is_raised(output: bytes) -> None:
    try:
        token = parse_token(output, NOW)
    except ValueError:
        return
    assert token.value.startswith("auth_tokens/")


def test_it_is_never_shown() -> None:
    assert TOKEN not in repr(parse_token(TOKEN.encode(), NOW))
