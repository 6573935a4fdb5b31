"""Writes whole files at once, each with its owner and mode from its first moment."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgevoice.errors import EdgeVoiceError

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644


@dataclass(frozen=True, slots=True)
class Draft:
    """A file to be written.

    Attributes:
        path: Where; of a link, what it points to is replaced.
        text: What it shall hold; None: it is removed, and its folder if that is empty.
        mode: Permissions of the file.
        folder_mode: Permissions of its folder, if that has to be made.
        keeps: Whether a file that is there keeps its owner and permissions.
    """

    path: Path
    text: str | None
    mode: int
    folder_mode: int = 0o755
    keeps: bool = False

    def __repr__(self) -> str:
        """Without the text, which may be the key."""
        return f"Draft({str(self.path)!r})"


def write(drafts: Sequence[Draft]) -> None:
    """Write all of them, or none: nearly all that can fail is done before the first.

    New files of root's belong to whom their folder belongs, others' to themselves.

    Raises:
        EdgeVoiceError: One cannot be written; the text says which ones were.
    """
    prepared: list[tuple[str | None, Path]] = []
    for draft in drafts:
        with _told(draft, prepared, "nothing was changed"):
            prepared.append((_prepare(draft), draft.path.resolve()))
    done = "nothing was changed"
    for at, draft in enumerate(drafts):
        with _told(draft, prepared[at:], done):
            _put(*prepared[at])  # fails where a container has mounted the file
        done = f"{', '.join(str(one.path) for one in drafts[: at + 1])} was changed"
    for folder in {path.parent for _, path in prepared}:
        _sync(folder)


@contextlib.contextmanager
def _told(
    draft: Draft, left: list[tuple[str | None, Path]], done: str
) -> Iterator[None]:
    """Tell what could not be written and what was done; remove what is left over."""
    try:
        yield
    except OSError as error:
        for temporary in filter(None, (temporary for temporary, _ in left)):
            os.unlink(temporary)
        text = f"cannot write {draft.path}: {error.strerror}; {done}"
        raise EdgeVoiceError(text) from error


def _put(temporary: str | None, path: Path) -> None:
    if temporary:
        os.replace(temporary, path)
        return
    path.unlink()
    with contextlib.suppress(OSError):  # others' files may be there
        path.parent.rmdir()


def _prepare(draft: Draft) -> str | None:
    """Write the text beside its place; returns where, None if there is none."""
    if draft.text is None:
        return None
    path = draft.path.resolve()
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    _make_folder(path.parent, draft.folder_mode)
    # mkstemp gives 0600: at no moment can others read the key.
    file, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(file, "w", encoding="utf-8", newline="") as opened:
            opened.write(draft.text)
            opened.flush()
            _own(file, draft, path)
            os.fsync(file)
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


def _own(file: int, draft: Draft, path: Path) -> None:
    """Give a file its owner and permissions."""
    if draft.keeps and path.exists():
        kept = path.stat()
        os.fchown(file, kept.st_uid, kept.st_gid)
        os.fchmod(file, stat.S_IMODE(kept.st_mode))
        return
    if os.geteuid() == 0:  # a person's files that root writes are the person's
        folder = path.parent.stat()
        os.fchown(file, folder.st_uid, folder.st_gid)
    os.fchmod(file, draft.mode)


def _make_folder(folder: Path, mode: int) -> None:
    """Make a folder and those above it, whatever the umask says."""
    if not folder.exists():
        _make_folder(folder.parent, mode)
        folder.mkdir()
        folder.chmod(mode)
        if os.geteuid() == 0:
            os.chown(folder, folder.parent.stat().st_uid, folder.parent.stat().st_gid)


def _sync(folder: Path) -> None:
    """Have the new names on the disk; some file systems cannot, and need not."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
