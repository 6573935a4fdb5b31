import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.errors import EdgeVoiceError
from edgevoice.setup.files import PRIVATE, PUBLIC, Draft, write


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
    with pytest.raises(EdgeVoiceError, match=f"{mounted}: .*; {first} is written"):
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


def test_a_draft_does_not_show_its_text() -> None:
    assert "secret" not in repr(Draft(Path("key"), "secret", PRIVATE))
