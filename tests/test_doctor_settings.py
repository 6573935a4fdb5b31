"""Where the key is, as the daemon would find it; never what it is."""

import os
from pathlib import Path

import pytest

from edgevoice.config import Live, places
from edgevoice.doctor.finding import Finding, State
from edgevoice.doctor.settings import check_key, check_settings

KEY = "AIzaSy-a-key-of-nobody"


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the system service."""
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.setattr(places, "SYSTEM_FILE", folder / "edgevoice.toml")
    return folder


def key_file(folder: Path, text: str = f"{KEY}\n", mode: int = 0o600) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "gemini-api-key"
    file.write_text(text)
    file.chmod(mode)
    return file


def found(live: Live, path: Path | None, **environ: str) -> Finding:
    key, finding = check_key(live, path, environ)
    assert KEY not in str(finding)
    assert (key == KEY) == (finding.state in {State.OK, State.WARNING})
    return finding


def test_the_settings_are_named(tmp_path: Path) -> None:
    file = tmp_path / "edgevoice.toml"
    file.write_text("speaker.volume = 3\n")

    settings, finding = check_settings(file)

    assert settings is not None
    assert settings.speaker.volume == 3
    assert (finding.state, finding.found) == (State.OK, str(file))
    assert check_settings(None)[1].found.startswith("the built-in ones")


def test_of_many_mistakes_the_first_is_told_and_how_many_more(tmp_path: Path) -> None:
    file = tmp_path / "edgevoice.toml"
    file.write_text("[speaker]\nvolum = 3\n[button]\npin = 99\n")

    settings, finding = check_settings(file)

    assert settings is None
    assert finding.state is State.WRONG
    assert "speaker.volum: unknown key" in finding.found
    assert finding.found.endswith("(and 1 more)")
    assert "edgevoice check" in finding.cure


def test_a_key_in_the_environment_is_told_by_its_place() -> None:
    finding = found(Live(), None, GEMINI_API_KEY=KEY)

    assert finding.found == "an API key in $GEMINI_API_KEY"


def test_a_token_is_told_as_one() -> None:
    _, finding = check_key(Live(), None, {"GEMINI_API_KEY": "auth_tokens/abc"})

    assert finding.found == "an ephemeral token in $GEMINI_API_KEY"


def test_a_key_file_is_told_by_its_name(tmp_path: Path) -> None:
    file = key_file(tmp_path)

    finding = found(Live(key_file=str(file)), tmp_path / "other.toml")

    assert finding.found == f"an API key in {file}"


def test_a_key_file_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    file = key_file(tmp_path, mode=0o644)

    finding = found(Live(key_file=str(file)), tmp_path / "other.toml")

    assert finding.state is State.WRONG
    assert f"chmod 600 {file}" in finding.found


def test_no_key_is_told_with_where_it_belongs() -> None:
    finding = found(Live(), None)

    assert finding.state is State.WRONG
    assert finding.found == "no API key"
    assert "edgevoice setup" in finding.cure


def test_the_key_of_the_system_service_counts_for_its_settings(service: Path) -> None:
    file = key_file(service)

    for path in (None, places.SYSTEM_FILE):
        assert found(Live(), path).found == f"an API key in {file}"


def test_it_does_not_count_for_other_settings(service: Path, tmp_path: Path) -> None:
    key_file(service)

    finding = found(Live(), tmp_path / "other.toml", GEMINI_API_KEY=KEY)

    assert finding.found == "an API key in $GEMINI_API_KEY"
    assert found(Live(), tmp_path / "other.toml").state is State.WRONG


def test_the_key_of_the_users_service_counts_for_its_settings(tmp_path: Path) -> None:
    file = key_file(tmp_path / "home" / "edgevoice")

    finding = found(
        Live(),
        file.with_name("edgevoice.toml"),
        XDG_CONFIG_HOME=str(tmp_path / "home"),
    )

    assert finding.found == f"an API key in {file}"


def test_an_empty_key_of_the_service_makes_it_look_further(service: Path) -> None:
    key_file(service, "\n")

    assert found(Live(), None, GEMINI_API_KEY=KEY).found.endswith("$GEMINI_API_KEY")


def test_an_empty_one_of_the_system_gives_way_to_the_users(
    service: Path, tmp_path: Path
) -> None:
    key_file(service, "\n")
    file = key_file(tmp_path / "home" / "edgevoice")

    finding = found(Live(), None, XDG_CONFIG_HOME=str(tmp_path / "home"))

    assert finding.found == f"an API key in {file}"


def test_a_key_of_the_service_that_its_group_can_read_is_a_warning(
    service: Path,
) -> None:
    file = key_file(service, mode=0o640)

    finding = found(Live(), None)

    assert finding.state is State.WARNING
    assert finding.cure == f"`sudo chmod 600 {file}`"


def test_a_key_that_only_root_may_read_is_not_tried(
    service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = key_file(service)
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as root

    finding = found(Live(), None)

    assert (finding.state, finding.found) == (
        State.SKIPPED,
        f"{file}: only root may read it",
    )
    assert finding.cure == "to try it: `sudo edgevoice doctor`"
