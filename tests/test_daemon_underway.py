"""The mark that a turn is under way."""

import asyncio
import signal
from pathlib import Path

from edgevoice.daemon.underway import Underway
from edgevoice.simulator import Simulator
from tests.program import program

BEGUN = {"event": "turn", "outcome": "begun"}
ANSWERED = {"event": "turn", "outcome": "answered"}


def test_it_is_there_while_somebody_waits(tmp_path: Path) -> None:
    mark = Underway(tmp_path / "control.turn")

    mark.hear(BEGUN)
    mark.hear({"event": "phase", "phase": "speaking"})

    assert Underway(tmp_path / "control.turn").left_behind()
    assert not mark.left_behind(), "it is told once"


def test_it_goes_with_the_answer(tmp_path: Path) -> None:
    mark = Underway(tmp_path / "control.turn")
    mark.hear(BEGUN)

    mark.hear(ANSWERED)

    assert not mark.left_behind()


def test_a_folder_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    mark = Underway(tmp_path / "gone" / "control.turn")

    mark.hear(BEGUN)
    mark.hear(ANSWERED)

    assert not mark.left_behind()


async def test_a_daemon_that_was_killed_in_a_turn_says_so_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with Simulator(behaviours=["silent"]) as simulator:
        await asyncio.to_thread(kill_and_come_back, tmp_path, simulator.url)


def kill_and_come_back(folder: Path, url: str) -> None:
    with program(folder, url) as daemon:
        daemon.is_ready()
        daemon.status_says("link up")
        daemon.ask("press")
        daemon.status_says("listening")
        daemon.until_file(folder / "control.turn")
        daemon.end(signal.SIGKILL)
    with program(folder, url) as daemon:
        daemon.is_ready()
        daemon.is_heard()  # the signal of a question that got no answer
        assert "ended in the middle of it" in daemon.stderr
        daemon.end()
    assert not (folder / "control.turn").exists()
