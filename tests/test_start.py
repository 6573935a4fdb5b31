"""What a start costs: nothing is loaded that the settings do not use."""

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice import cli
from edgevoice.audio.pcm import UPLINK_HZ
from edgevoice.errors import EX_CONFIG
from edgevoice.simulator import Simulator
from tests.evening import speech, write_wav

ROOT = Path(__file__).parent.parent
NOT_NEEDED = {
    "concurrent.futures.process": "a pool of processes",
    "difflib": "the nearest name, in a complaint",
    "edgevoice.commands.daemon": "another command",
    "edgevoice.daemon.client": "another command",
    "edgevoice.daemon.talk": "another command",
    "edgevoice.doctor": "another command",
    "edgevoice.jpeg": "a picture",
    "edgevoice.setup": "another command",
    "edgevoice.simulator": "another command",
    "edgevoice.tools.command": "[[tools]]",
    "edgevoice.tools.mcp": "[[mcp]]",
    "edgevoice.tools.processes": "a program to be started",
    "edgevoice.tools.schema": "[[tools]]",
    "edgevoice.tools.template": "[[tools]]",
    "gpiozero": "a button on the header",
    "jsonschema": "[[tools]]",
    "lgpio": "a button on the header",
    "mcp": "[[mcp]]",
    "multiprocessing": "nothing",
    "PIL": "a picture",
    "numpy": "a card of another rate",
    "pyaudio": "a sound card",
    "soxr": "a card of another rate",
    "systemd": "a journal",
    "websockets.legacy": "nothing",
    "websockets.server": "the simulator",
    "websockets.sync": "nothing",
    "xml": "nothing",
}
"""What a start does not load, and what would need it."""

COMPLETE = ("microphone: ", "speaker: ", "link 1: up")
"""What the log says of a start that is complete."""


def loaded(settings: Path) -> Iterator[str]:
    """Names of all modules that the daemon imports until its start is complete."""
    command = [sys.executable, "-X", "importtime", "-m", "edgevoice", "run"]
    unset = {"JOURNAL_STREAM", "NOTIFY_SOCKET", "EDGEVOICE_SOCKET"}
    inherited = {name: one for name, one in os.environ.items() if name not in unset}
    folder = settings.parent
    with subprocess.Popen(
        [*command, "--config", str(settings)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env=inherited | {"GEMINI_API_KEY": "nobody's", "XDG_STATE_HOME": str(folder)},
    ) as process:
        assert process.stderr is not None
        awaited = {*COMPLETE}
        for line in process.stderr:
            if line.startswith("import time:"):
                yield line.rpartition("|")[2].strip()
            awaited -= {words for words in awaited if words in line}
            if not awaited:
                process.terminate()
        assert not awaited


async def test_nothing_is_loaded_that_the_settings_do_not_use(tmp_path: Path) -> None:
    write_wav(tmp_path / "question.wav", speech(1.0), UPLINK_HZ)
    settings = tmp_path / "edgevoice.toml"
    async with Simulator() as simulator:
        settings.write_text(
            f"[live]\nendpoint = '{simulator.url}'\n"
            f"[microphone]\ndevice = 'file:{tmp_path}/question.wav'\n"
            f"[speaker]\ndevice = 'file:{tmp_path}/answer.wav'\n"
            "[button]\nsource = 'none'\n[indicator]\npin = -1\n"
            f"[control]\nsocket = '{tmp_path}/control.sock'\n"
        )
        names = await asyncio.to_thread(set, loaded(settings))

    assert "edgevoice.daemon.service" in names
    assert names & NOT_NEEDED.keys() == set()


def test_a_start_that_fails_leaves_the_collector_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.toml").write_text("[live]\nmodle = 'x'\n")

    assert cli.main(["run", "--config", str(tmp_path / "wrong.toml")]) == EX_CONFIG
    assert gc.isenabled()
    assert "did you mean" in capsys.readouterr().err
