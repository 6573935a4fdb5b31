"""`edgevoice doctor` as a person runs it: a process, the simulator, WAV devices."""

import asyncio
import json
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from edgevoice.audio.pcm import UPLINK_HZ
from edgevoice.doctor.examination import _within_limit
from edgevoice.doctor.finding import State, ok
from edgevoice.simulator import Simulator
from tests.evening import speech, write_wav
from tests.program import KEY, ROOT, environment, program, settings

NAMES = [
    *("settings", "daemon", "key", "dns", "tcp", "tls", "clock", "session"),
    *("microphone", "level", "speaker", "tone", "button", "press", "lamp"),
    *("tools", "mcp", "camera"),
    *("permissions", "groups", "installed", "variant", "unit", "user-unit"),
    *("linger", "wifi", "power", "disk", "memory"),
]


def wav_devices(folder: Path) -> tuple[str, str]:
    write_wav(folder / "question.wav", speech(4.0), UPLINK_HZ)
    return f"file:{folder / 'question.wav'}", f"file:{folder / 'answer.wav'}"


async def doctor(
    folder: Path, endpoint: str, *more: str, terminal: int = subprocess.DEVNULL
) -> "subprocess.CompletedProcess[str]":
    file = settings(folder, endpoint, devices=wav_devices(folder))
    screen: Any = terminal if terminal >= 0 else subprocess.PIPE
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "edgevoice", "doctor", "--config", str(file), *more],
        cwd=ROOT,
        env=environment(folder),
        stdin=terminal,
        stdout=screen,
        stderr=subprocess.PIPE,
        text=True,
        timeout=15,
        check=False,
    )


async def test_a_good_machine_has_nothing_wrong(tmp_path: Path) -> None:
    async with Simulator(pace=0) as simulator:
        done = await doctor(tmp_path, simulator.url, "--json")

    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert list(found) == NAMES
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("settings", "key", "clock", "session", "microphone", "level"):
        assert found[name]["state"] == "ok", found[name]
    assert KEY not in done.stdout


async def test_a_wrong_key_is_one_line_and_its_cure_another(tmp_path: Path) -> None:
    async with Simulator(behaviours=["close=key_invalid@setup"]) as simulator:
        done = await doctor(tmp_path, simulator.url)

    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("✗ session "))
    assert lines[at][14:].startswith("API key not valid.")
    assert lines[at + 1] == f"{'':14}-> check the API key"
    assert lines[-1].startswith("1 wrong, ")
    assert "\x1b" not in done.stdout
    assert KEY not in done.stdout


async def test_settings_that_cannot_be_read_leave_the_machine_to_look_at(
    tmp_path: Path,
) -> None:
    done = await doctor(tmp_path, "no address", "--json")

    found = {one["name"]: one["state"] for one in json.loads(done.stdout)}
    assert done.returncode == 1
    assert found["settings"] == "wrong"
    assert found["session"] == found["microphone"] == found["speaker"] == "skipped"
    assert found["memory"] == "ok"


async def test_a_running_daemon_is_asked_and_left_alone(tmp_path: Path) -> None:
    devices = wav_devices(tmp_path)
    async with Simulator(pace=0) as simulator:
        with program(tmp_path, simulator.url, devices=devices) as daemon:
            await asyncio.to_thread(daemon.is_ready)
            done = await doctor(tmp_path, simulator.url, "--json")
            status = await asyncio.to_thread(daemon.ask, "status")

    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 0, found
    assert list(found) == NAMES
    assert found["daemon"]["state"] == "ok"
    assert found["microphone"]["found"].endswith("open (the running daemon has it)")
    assert found["level"]["state"] == found["press"]["state"] == "skipped"
    assert found["session"]["state"] == "ok"
    assert (status["microphone"]["state"], status["link"]) == ("open", "up")


async def test_at_a_terminal_somebody_is_asked_to_speak(tmp_path: Path) -> None:
    ours, its = pty.openpty()
    shown = bytearray()

    def look() -> None:
        while data := os.read(ours, 4096):
            shown.extend(data)
            if b" skipped\r\n" in data or b" skipped\r\n" in shown:
                return

    reader = threading.Thread(target=look)
    reader.start()
    async with Simulator(pace=0) as simulator:
        done = await doctor(tmp_path, simulator.url, terminal=its)
    await asyncio.to_thread(reader.join, 5)
    os.close(its)
    os.close(ours)

    text = shown.decode()
    assert done.returncode == 0, text
    assert "  > Say something now, for three seconds." in text
    assert "\x1b[32m✓\x1b[0m level       good: " in text


async def test_a_report_holds_no_key_and_is_for_its_owner(tmp_path: Path) -> None:
    bundle = tmp_path / "report.tar.gz"

    done = await doctor(tmp_path, "ws://127.0.0.1:1", "--json", "--bundle", str(bundle))

    assert done.returncode == 1
    assert done.stderr.startswith(f"{bundle}: findings, versions, settings, ")
    assert bundle.stat().st_mode & 0o777 == 0o600


def test_a_check_that_hangs_is_left_behind() -> None:
    end = threading.Event()

    [finding] = _within_limit("memory", lambda: [ok("memory", str(end.wait()))], 0.01)

    assert (finding.name, finding.state) == ("memory", State.WRONG)
    assert finding.found == "did not end within 0 s"
    end.set()


def test_one_that_ends_is_told() -> None:
    assert _within_limit("memory", lambda: [ok("memory", "much")], 5) == [
        ok("memory", "much")
    ]


def test_an_error_of_a_check_is_not_hidden() -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _within_limit("memory", broken, 5)
