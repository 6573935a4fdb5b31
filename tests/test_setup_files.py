import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.errors import EdgeVoiceError
from edgevoice.setup.files import PRIVATE, PUBLIC, Draft, write

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_files_and_folders_have_their_modes_whatever_the_umask(tmp_path: Path) -> None:
    key, settings = tmp_path / "a" / "b" / "key", tmp_path / "a" / "b" / "settings"
    write([Draft(key, "k\n", PRIVATE), Draft(settings, "s\r\n", PUBLIC)])

    assert [mode(p) for p in (key.parent.parent, key.parent)] == [0o755, 0o755]
    assert (mode(key), key.read_bytes()) == (0o600, b"k\n")
    assert (mode(settings), settings.read_bytes()) == (0o644, b"s\r\n")


def test_a_key_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("old")
    key.chmod(0o666)
    # Whoever has the old one open sees nothing of the new.
    with key.open() as opened:
        write([Draft(key, "new", PRIVATE)])

        assert opened.read() == "old"
    assert (mode(key), key.read_text()) == (0o600, "new")


def test_if_one_cannot_be_written_none_is(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("old")
    second.mkdir()
    drafts = [Draft(first, "new", PUBLIC), Draft(second, "new", PUBLIC)]

    with pytest.raises(EdgeVoiceError, match=r"cannot write .*second: .*nothing was"):
        write(drafts)

    assert first.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["first", "second"]


def test_if_one_cannot_be_replaced_it_is_told_which_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, mounted, key = (tmp_path / name for name in ("first", "mounted", "key"))
    replace = os.replace

    def busy(source: str, target: Path) -> None:
        if target == mounted:  # as the kernel says of a file that is mounted
            raise OSError(errno.EBUSY, "Device or resource busy")
        replace(source, target)

    monkeypatch.setattr(os, "replace", busy)
    with pytest.raises(EdgeVoiceError, match=f"{mounted}: .*; {first} was changed"):
        write([Draft(path, "new", PUBLIC) for path in (first, mounted, key)])

    assert os.listdir(tmp_path) == ["first"]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EdgeVoiceError, match=r"cannot write .*: Not a directory"):
        write([Draft(tmp_path / "file" / "x", "", PUBLIC)])


def test_a_link_stays_one(tmp_path: Path) -> None:
    link, real = tmp_path / "link", tmp_path / "dotfiles" / "real"
    real.parent.mkdir()
    real.write_text("old")
    link.symlink_to(real)

    write([Draft(link, "new", PUBLIC)])

    assert link.is_symlink()
    assert real.read_text() == "new"


@needs_root
def test_settings_keep_owner_and_mode(tmp_path: Path) -> None:
    settings, new = tmp_path / "settings", tmp_path / "new"
    settings.touch()
    os.chown(settings, 0, 65534)
    settings.chmod(0o640)

    write([Draft(path, "new", PUBLIC, keeps=True) for path in (settings, new)])

    kept = settings.stat()
    assert (mode(settings), kept.st_uid, kept.st_gid) == (0o640, 0, 65534)
    assert (mode(new), settings.read_text()) == (0o644, "new")


@needs_root
def test_what_root_writes_for_a_person_is_the_persons(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    key = tmp_path / "folder" / "key"

    write([Draft(key, "k", PRIVATE, 0o700)])

    assert (key.stat().st_uid, key.parent.stat().st_uid) == (65534, 65534)
    assert (mode(key), mode(key.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("also", [[], ["other.conf"]])
def test_what_is_removed_takes_its_folder_along_if_that_is_empty(
    tmp_path: Path, also: list[str]
) -> None:
    folder = tmp_path / "unit.d"
    folder.mkdir()
    for name in ["input.conf", *also]:
        (folder / name).touch()

    write([Draft(folder / "input.conf", None, PUBLIC)])

    assert [*tmp_path.rglob("*.conf")] == [folder / name for name in also]
    assert folder.exists() == bool(also)


def test_a_draft_does_not_show_its_text() -> None:
    assert "secret" not in repr(Draft(Path("key"), "secret", PRIVATE))
