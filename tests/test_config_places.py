"""Where the settings file, the socket and the state are."""

import os
from pathlib import Path

import pytest

from edgevoice import config
from edgevoice.config import Configuration, Control, places


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where the system's and the user's file would be; neither is there."""
    system = tmp_path / "etc" / "edgevoice.toml"
    monkeypatch.setattr(places, "SYSTEM_FILE", system)
    return system, tmp_path / "home" / ".config" / "edgevoice" / "edgevoice.toml"


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_named_file_comes_before_the_environments(tmp_path: Path) -> None:
    environ = {"EDGEVOICE_CONFIG": "/a"}

    assert config.find("/b", environ) == Path("/b")
    assert config.find(None, environ) == Path("/a")


def test_the_systems_file_comes_before_the_users(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    system, user = files
    environ = {"HOME": str(tmp_path / "home")}

    assert config.find(None, environ) is None
    put(user)
    assert config.find(None, environ) == user
    put(system).write_text("[button]\npin = 5\n")
    assert config.find(None, environ) == system


def test_the_users_folder_may_be_elsewhere(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    put(files[1])
    path = put(tmp_path / "elsewhere" / "edgevoice" / "edgevoice.toml")
    environ = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(path.parents[1])}

    assert config.find(None, environ) == path


def test_without_any_file_the_defaults_count() -> None:
    assert config.load(None) == Configuration()


def test_the_socket_is_where_the_settings_say_or_systemd_or_the_session() -> None:
    session = {"XDG_RUNTIME_DIR": "/run/user/7"}
    unit = {"RUNTIME_DIRECTORY": "/run/edgevoice", **session}

    assert config.socket_path(Control(socket="/x"), unit) == Path("/x")
    assert config.socket_path(Control(), unit) == Path("/run/edgevoice/control.sock")
    assert config.socket_path(Control(), session) == Path(
        "/run/user/7/edgevoice/control.sock"
    )
    assert config.socket_path(Control(), {}) == Path(
        f"/run/user/{os.getuid()}/edgevoice/control.sock"
    )


def test_state_is_kept_where_systemd_says_or_in_the_users_folder() -> None:
    home = {"HOME": "/house/me"}
    session = {"XDG_STATE_HOME": "/state", **home}
    unit = {"STATE_DIRECTORY": "/var/lib/edgevoice", **session}

    assert config.state_directory(unit) == Path("/var/lib/edgevoice")
    assert config.state_directory(session) == Path("/state/edgevoice")
    assert config.state_directory(home) == Path("/house/me/.local/state/edgevoice")
