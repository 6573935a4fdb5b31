"""Where the API key is taken from, and that no text ever holds it."""

from pathlib import Path

import pytest

from edgevoice import config
from edgevoice.config import Live
from edgevoice.errors import CredentialError

KEY = "AIzaSy-a-key-of-nobody"


def test_where_tokens_are_fetched_no_key_counts(tmp_path: Path) -> None:
    environ = {"GEMINI_API_KEY": KEY} | systemd(tmp_path / "credentials", KEY)
    live = Live(token_command=["token"], key_file="/nowhere")

    assert config.credential(live, environ) == ""
    assert config.credential(Live(token_url="https://h"), {}) == ""


def key_file(path: Path, text: str = f"{KEY}\n", mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def systemd(folder: Path, text: str) -> dict[str, str]:
    folder.mkdir()
    key_file(folder / "gemini-api-key", text, 0o440)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def test_systemds_credential_comes_first_then_the_file_then_the_environment(
    tmp_path: Path,
) -> None:
    live = Live(key_file=str(key_file(tmp_path / "key", "from-file")))
    environ = {"GEMINI_API_KEY": " from-environment\n"}
    unit = systemd(tmp_path / "credentials", "from-systemd\n")

    assert config.credential(live, environ | unit) == "from-systemd"
    assert config.credential(live, environ) == "from-file"
    assert config.credential(Live(), environ) == "from-environment"


@pytest.mark.parametrize("blank", ["", "\n", " \n"])
def test_the_units_blank_credential_means_look_further(
    blank: str, tmp_path: Path
) -> None:
    unit = systemd(tmp_path / "credentials", blank)
    path = key_file(tmp_path / "key")

    assert config.credential(Live(key_file=str(path)), unit) == KEY
    with pytest.raises(CredentialError, match="no API key: set GEMINI_API_KEY"):
        config.credential(Live(), unit)


def test_a_credentials_folder_without_ours_means_look_further(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "GEMINI_API_KEY": KEY}

    assert config.credential(Live(), environ) == KEY


def test_an_ephemeral_token_is_a_credential_too() -> None:
    assert config.credential(Live(), {"GEMINI_API_KEY": "auth_tokens/x"}) == (
        "auth_tokens/x"
    )


@pytest.mark.parametrize("environ", [{}, {"GEMINI_API_KEY": " "}])
def test_without_any_key_all_three_ways_to_give_one_are_named(
    environ: dict[str, str],
) -> None:
    with pytest.raises(CredentialError) as caught:
        config.credential(Live(), environ)

    for way in ("GEMINI_API_KEY", "live.key_file", "LoadCredential=gemini-api-key"):
        assert way in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_key_file_that_others_can_open_is_refused_with_the_cure(
    mode: int, tmp_path: Path
) -> None:
    path = key_file(tmp_path / "key", mode=mode)

    with pytest.raises(CredentialError, match=f"chmod 600 {path}") as caught:
        config.credential(Live(key_file=str(path)), {"GEMINI_API_KEY": "other"})

    assert KEY not in str(caught.value)


def test_a_key_file_may_stand_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    key_file(tmp_path / "key", mode=0o400)

    assert config.credential(Live(key_file="~/key"), {}) == KEY


@pytest.mark.parametrize(
    "text", ["", "\n", f"{KEY} {KEY}", f"{KEY}\n{KEY}", f"{KEY}\x07", f"{KEY}ü"]
)
def test_a_file_that_holds_anything_but_one_key_is_refused(
    text: str, tmp_path: Path
) -> None:
    path = key_file(tmp_path / "key", text)

    with pytest.raises(CredentialError, match="holds no API key") as caught:
        config.credential(Live(key_file=str(path)), {})

    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_key_in_the_environment_is_not_repeated() -> None:
    with pytest.raises(CredentialError, match=r"\$GEMINI_API_KEY holds") as caught:
        config.credential(Live(), {"GEMINI_API_KEY": f"{KEY} x"})

    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "value", [KEY, "auth_tokens/AIzaSy", f"~{KEY}/x", f"{KEY}\0", "/"]
)
def test_a_key_in_the_place_of_its_file_is_not_repeated(value: str) -> None:
    with pytest.raises(CredentialError, match="a path, not the key") as caught:
        config.credential(Live(key_file=value), {})

    assert "AIzaSy" not in str(caught.value)
