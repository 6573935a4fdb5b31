from pathlib import Path

import pytest

from edgevoice import config
from edgevoice.config import Configuration, Live, places
from edgevoice.errors import ConfigError, CredentialError
from edgevoice.setup.place import place, read_key

KEY = "AIzaSy-a-key-of-nobody"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's settings file, which is not there."""
    file = tmp_path / "etc" / "edgevoice.toml"
    monkeypatch.setattr(places, "SYSTEM_FILE", file)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    file.parent.mkdir()
    return file


def test_root_writes_where_the_service_looks(system: Path) -> None:
    found = place(None, root=True, environ={"HOME": "/root"})

    assert (found.settings, found.key) == (system, system.parent / "gemini-api-key")
    assert found.is_system


def test_a_person_writes_into_ones_own_folder(system: Path, tmp_path: Path) -> None:
    found = place(None, root=False, environ={"HOME": str(tmp_path)})

    assert found.settings == tmp_path / ".config" / "edgevoice" / "edgevoice.toml"
    assert found.key == found.settings.with_name("gemini-api-key")
    assert not found.is_system


def test_what_would_not_count_is_not_written(system: Path, tmp_path: Path) -> None:
    system.write_text("button.pin = 5\n")

    with pytest.raises(ConfigError, match="use `sudo edgevoice setup`"):
        place(None, root=False, environ={"HOME": str(tmp_path)})


def test_a_system_file_that_sets_nothing_is_no_hindrance(
    system: Path, tmp_path: Path
) -> None:
    system.write_text("[button]\n#pin = 5\n[live]\n[live.session]\n")
    environ = {"HOME": str(tmp_path)}
    found = place(None, root=False, environ=environ)

    assert found.settings == tmp_path / ".config" / "edgevoice" / "edgevoice.toml"
    assert config.find(None, environ) == system
    found.settings.parent.mkdir(parents=True)
    found.settings.touch()
    assert config.find(None, environ) == found.settings
    system.write_text("[live.session]\nidle_reset_minutes = 5\n")
    assert config.find(None, environ) == system


@pytest.mark.parametrize("root", [True, False])
def test_a_named_file_is_taken(system: Path, tmp_path: Path, root: bool) -> None:
    named = str(tmp_path / "mine.toml")

    for found in (
        place(named, root=root, environ={}),
        place(None, root=root, environ={"EDGEVOICE_CONFIG": named}),
    ):
        assert (found.settings, found.is_system) == (tmp_path / "mine.toml", False)
    assert place(str(system), root=root, environ={}).is_system


def test_other_settings_have_a_key_of_their_own(system: Path) -> None:
    second = place(str(system.with_name("second.toml")), root=True, environ={})

    assert second.key == system.with_name("second.key")


def test_the_present_key_is_the_daemons(system: Path, tmp_path: Path) -> None:
    where, own = place(None, root=True, environ={}), tmp_path / "own"
    settings = Configuration(live=Live(key_file=str(own)))
    own.write_text("own")
    own.chmod(0o600)

    assert where.present_key(Configuration()) is None
    assert where.present_key(settings) == "own"
    where.key.write_text(KEY)
    where.key.chmod(0o600)
    assert where.present_key(settings) == KEY


def test_a_key_of_the_shell_is_none_of_the_services(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    where = place(None, root=False, environ={"HOME": str(tmp_path)})

    assert where.present_key(Configuration()) is None
    where.key.parent.mkdir(parents=True)
    where.key.write_text("other")
    where.key.chmod(0o600)
    assert where.present_key(Configuration()) == "other"


def test_the_key_of_other_settings_is_not_the_services(system: Path) -> None:
    system.with_name("gemini-api-key").write_text(KEY)
    second = place(str(system.with_name("second.toml")), root=True, environ={})
    second.key.touch()

    assert second.present_key(Configuration()) is None


def test_a_key_that_others_can_read_is_told(system: Path) -> None:
    where = place(None, root=True, environ={})
    where.key.write_text(KEY)
    where.key.chmod(0o604)

    with pytest.raises(CredentialError, match="can be read by others") as caught:
        where.present_key(Configuration())
    assert KEY not in str(caught.value)


def test_a_key_comes_without_the_space_around_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f" {KEY}\n\n")

    assert read_key(str(tmp_path / "key")) == KEY


def test_a_key_in_the_place_of_its_file_is_not_repeated() -> None:
    with pytest.raises(CredentialError, match="give its path") as caught:
        read_key(KEY)
    assert KEY not in str(caught.value)
