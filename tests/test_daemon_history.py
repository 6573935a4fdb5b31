"""What was said, as it stands in the file."""

import errno
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon import history
from edgevoice.daemon.history import MOST_WAITING
from tests.evening import Evening, evening

FILE = {"file": "talk.txt"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


async def type_in(here: Evening, text: str) -> None:
    """A whole typed turn."""
    await here.is_idle()
    before = len(here.outcomes())
    assert here.appliance.say(text)
    await here.until(lambda: len(here.outcomes()) > before)


def paragraphs(file: Path) -> list[list[str]]:
    """Lines of each turn, without the time."""
    found = [turn.splitlines() for turn in file.read_text().split("\n\n") if turn]
    return [[turn[0].partition(", ")[2], *turn[1:]] for turn in found]


def tell(here: Evening, event: str, **facts: Any) -> None:
    here.appliance.news.tell(event, **facts)


def a_turn(here: Evening, number: int, text: str, outcome: str = "answered") -> None:
    """As the appliance tells of one; no time passes."""
    tell(here, "turn", number=number, outcome="begun")
    tell(here, "transcript", who="user", text=text)
    tell(here, "turn", number=number, outcome=outcome, latency_ms=1)


# -- what is written -------------------------------------------------------------


async def test_each_turn_is_a_paragraph_with_both_sides(
    state: Path, tmp_path: Path
) -> None:
    behaviours = ["say=It is four degrees."]
    async with evening(tmp_path, pace=0, behaviours=behaviours, history=FILE) as here:
        await here.ask()
        await type_in(here, "Is it cold?")

    spoken, typed = paragraphs(state / "talk.txt")
    assert spoken[0] == "turn 1"
    assert spoken[1].startswith("user: ")
    assert spoken[2:] == ["assistant: It is four degrees."]
    assert typed == ["turn 2", "user: Is it cold?", "assistant: It is four degrees."]
    assert (state / "talk.txt").read_text()[:2] == "20"


async def test_tools_and_ends_are_named_and_nothing_moves_a_cursor(
    state: Path, tmp_path: Path
) -> None:
    async with evening(tmp_path, pace=0, history=FILE) as here:
        tell(here, "turn", number=7, outcome="begun")
        for text in (" turn", " it\n", "off\x1b[2J "):
            tell(here, "transcript", who="user", text=text)
        tell(here, "tool_call", name="light", state="called")
        tell(here, "tool_call", name="light", state="done")
        tell(here, "transcript", who="model", text=" It")
        tell(here, "turn", number=7, outcome="talked over", latency_ms=1)
        tell(here, "transcript", who="user", text="between two turns")

    (turn,) = paragraphs(state / "talk.txt")
    assert turn[:2] == ["turn 7", "user: turn it off [2J"]
    assert turn[2:] == ["tool: light", "assistant: It", "(talked over)"]


async def test_a_tool_that_was_called_is_named_once(
    state: Path, tmp_path: Path
) -> None:
    async with evening(tmp_path, pace=0, history=FILE) as here:
        await type_in(here, "call volume")

    (turn,) = paragraphs(state / "talk.txt")
    assert turn[2] == "tool: volume"
    assert not any("tool" in line for line in turn[3:])


async def test_by_default_nothing_is_written(state: Path, tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.ask()

    names = {path.name for path in state.iterdir()}
    assert names <= {"session.json", "usage.json"}


async def test_a_reload_begins_and_ends_it(state: Path, tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        a_turn(here, 1, "before")
        here.reload(history=FILE)
        a_turn(here, 2, "now")
        await written(here, state, 2)
        here.reload(history={"file": str(state / "other.txt")})
        a_turn(here, 3, "elsewhere")

    assert [turn[0] for turn in paragraphs(state / "talk.txt")] == ["turn 2"]
    assert [turn[0] for turn in paragraphs(state / "other.txt")] == ["turn 3"]


BAD_KEY = "close=1007:API key not valid. Please pass a valid API key.@setup"


async def test_a_typed_turn_that_is_refused_at_once_is_whole(
    state: Path, tmp_path: Path
) -> None:
    async with evening(tmp_path, pace=0, behaviours=[BAD_KEY], history=FILE) as here:
        await here.until(lambda: here.appliance.link.status == "refused")
        here.appliance.say("a question for nobody")
        await here.until(lambda: here.outcomes())

    assert "a question for nobody" in (state / "talk.txt").read_text()


# -- the file --------------------------------------------------------------------


async def test_only_its_owner_may_read_it(state: Path, tmp_path: Path) -> None:
    state.mkdir()
    (state / "talk.txt").touch()
    (state / "talk.txt").chmod(0o644)
    async with evening(tmp_path, pace=0, history=FILE) as here:
        a_turn(here, 1, "a word")

    assert stat.S_IMODE((state / "talk.txt").stat().st_mode) == 0o600


async def test_a_long_one_is_begun_anew_and_one_old_one_kept(
    state: Path, tmp_path: Path
) -> None:
    most = {"file": "talk.txt", "max_kb": 10}
    async with evening(tmp_path, pace=0, history=most) as here:
        for number in range(1, 8):
            a_turn(here, number, f"{number} " + "x" * 4000)
            await written(here, state, number)

    names = {path.name for path in state.iterdir() if "talk" in path.name}
    assert names == {"talk.txt", "talk.txt.old"}
    assert [turn[0] for turn in paragraphs(state / "talk.txt.old")] == (
        ["turn 5", "turn 6"]
    )
    assert [turn[0] for turn in paragraphs(state / "talk.txt")] == ["turn 7"]


async def written(here: Evening, state: Path, number: int) -> None:
    """Wait until this turn stands in the file."""
    file = state / "talk.txt"

    def there() -> bool:
        here.appliance.post(here.guest.look)
        try:
            return f"turn {number}\n" in file.read_text()
        except FileNotFoundError:  # not yet, or just renamed
            return False

    await here.until(there)


# -- a bad disk ------------------------------------------------------------------


async def test_a_full_disk_is_told_once_and_costs_no_turn(
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(path: Path, text: str, most: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(history, "_append", full)
    async with evening(tmp_path, pace=0, history=FILE) as here:
        assert (await here.ask())["outcome"] == "answered"
        await type_in(here, "again")

    told = [r.message for r in caplog.records if "not written down" in r.message]
    place = state / "talk.txt"
    assert told == [f"{place}: No space left on device; turns are not written down"]


async def test_a_disk_that_hangs_holds_nothing_up_and_memory_is_bounded(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, append = threading.Event(), history._append
    texts: list[str] = []

    def hang(path: Path, text: str, most: int) -> None:
        texts.append(text)
        go_on.wait(5)
        append(path, text, most)

    monkeypatch.setattr(history, "_append", hang)
    async with evening(tmp_path, pace=0, history=FILE) as here:
        a_turn(here, 1, "the first")
        assert (await here.ask())["outcome"] == "answered"
        for number in range(2, MOST_WAITING + 12):
            a_turn(here, number, "more")
        go_on.set()

    assert len(paragraphs(state / "talk.txt")) == 1 + MOST_WAITING
