import logging
import resource
import stat
import threading
from pathlib import Path

import pytest

from edgevoice.daemon.state import HANDLE_LIFE_S, KeptHandle, StateFile

HANDLE = "a-secret-handle"
KEPT = KeptHandle(handle=HANDLE, scope="scope", time=1000.0)
LIFE = 600.0


def load(state: StateFile, now: float = 1001.0) -> KeptHandle | None:
    return state.load("scope", now=now, life=LIFE)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_without_a_file_there_is_no_handle_and_no_complaint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert load(StateFile(tmp_path / "not yet")) is None
    assert not caplog.records


def test_what_was_saved_is_loaded_after_a_restart(tmp_path: Path) -> None:
    StateFile(tmp_path).save(KEPT)

    assert load(StateFile(tmp_path)) == KEPT


def test_nobody_else_can_read_the_file_or_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "edgevoice"

    StateFile(folder).save(KEPT)

    assert stat.S_IMODE((folder / "session.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_a_crash_left_open_to_others_is_not_written_into(tmp_path: Path) -> None:
    left = tmp_path / "session.new"
    left.write_text("half")
    left.chmod(0o644)

    StateFile(tmp_path).save(KEPT)

    assert stat.S_IMODE((tmp_path / "session.json").stat().st_mode) == 0o600


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.save(KEPT)
    done = threading.Event()

    def write() -> None:
        for second in range(200):
            length = 1 + second * 100
            state.save(KeptHandle("h" * length, "scope", 1000.0))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert load(StateFile(tmp_path)) is not None
    writer.join()

    assert names(tmp_path) == {"session.json"}


def test_saving_nothing_removes_the_handle(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.save(KEPT)

    state.save(None)
    state.save(None)

    assert names(tmp_path) == set()
    assert load(state) is None


@pytest.mark.parametrize(
    ("age", "life", "is_good"),
    [
        (0.0, LIFE, True),
        (LIFE - 1, LIFE, True),
        (LIFE, LIFE, False),
        (-1.0, LIFE, False),
        (HANDLE_LIFE_S - 1, float("inf"), True),
        (HANDLE_LIFE_S, float("inf"), False),
        (0.0, 0.0, False),
    ],
)
def test_a_handle_is_good_while_it_is_young(
    age: float, life: float, is_good: bool, tmp_path: Path
) -> None:
    state = StateFile(tmp_path)
    state.save(KEPT)

    loaded = state.load("scope", now=KEPT.time + age, life=life)

    assert (loaded is not None) is is_good


def test_a_handle_of_another_model_is_left_alone(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.save(KEPT)

    assert state.load("another scope", now=1001.0, life=LIFE) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"handle": "a-secret-handle"}',
        b'{"handle": 1, "scope": "scope", "time": 1000}',
        b'{"handle": "a-secret-handle", "scope": "sco',
        b'{"x":' * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside_with_a_warning(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "session.json"
    path.write_bytes(content)
    state = StateFile(tmp_path)

    assert load(state) is None

    assert names(tmp_path) == {"session.damaged"}
    assert (tmp_path / "session.damaged").read_bytes() == content
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "set aside as session.damaged" in record.getMessage()
    assert HANDLE not in caplog.text
    state.save(KEPT)
    assert load(state) == KEPT


def test_a_folder_that_cannot_be_written_only_costs_resumption(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    state = StateFile(blocked / "state")

    state.save(KEPT)
    state.save(None)
    assert load(state) is None

    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert "a restart will forget" in caplog.text
    assert HANDLE not in caplog.text


def test_a_file_that_cannot_be_read_only_costs_resumption(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "session.json").mkdir()

    assert load(StateFile(tmp_path)) is None

    assert "starting a new session" in caplog.text


def test_a_disk_that_takes_no_more_keeps_the_handle_of_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = StateFile(tmp_path)
    state.save(KEPT)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        state.save(KeptHandle("newer", "scope", 1000.5))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert load(state) == KEPT
    assert "a restart will forget" in caplog.text


@pytest.mark.parametrize("replaced", [False, True])
def test_a_power_cut_at_any_byte_leaves_the_old_or_the_new_handle(
    replaced: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The new file is there up to some byte, or has taken the old one's place."""
    newer = KeptHandle("newer", "scope", 1000.5)
    StateFile(tmp_path).save(newer)
    session = tmp_path / "session.json"
    whole = session.read_bytes()
    if not replaced:
        StateFile(tmp_path).save(KEPT)

    for size in range(len(whole) + 1):
        (tmp_path / "session.new").write_bytes(whole[:size])
        assert load(StateFile(tmp_path)) == (newer if replaced else KEPT)

    StateFile(tmp_path).save(newer)
    assert load(StateFile(tmp_path)) == newer
    assert [*tmp_path.iterdir()] == [session]
    assert caplog.text == ""
