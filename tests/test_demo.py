"""The shipped question, and the script that asks it without hands."""

import importlib.util
import os
import sys
import tomllib
import wave
from pathlib import Path
from types import ModuleType

import pytest

from edgevoice.demo import QUESTION

SCRIPT = Path(__file__).parent.parent / "scripts" / "drive_demo.py"


@pytest.fixture(scope="module")
def drive_demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drive_demo", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def a_program(drive_demo: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """`edgevoice CODE` runs a line of Python instead."""
    monkeypatch.setattr(drive_demo, "EDGEVOICE", (sys.executable, "-c"))


def test_the_question_is_a_few_seconds_of_what_the_microphone_delivers() -> None:
    with wave.open(str(QUESTION), "rb") as sound:
        assert sound.getparams()[:3] == (1, 2, 16_000)
        assert 1.0 < sound.getnframes() / sound.getframerate() < 5.0
    assert QUESTION.stat().st_size < 120_000


def test_odd_file_names_survive_in_the_settings(drive_demo: ModuleType) -> None:
    answer = Path('/tmp/a "good" \\ answer ü.wav')

    text = drive_demo.settings("ws://127.0.0.1:9", answer, Path("/tmp/s"))

    settings = tomllib.loads(text)
    assert settings["speaker"] == {"device": f"file:{answer}"}
    assert settings["live"] == {"endpoint": "ws://127.0.0.1:9"}
    assert settings["button"] == {"source": "none"}


def test_without_an_address_the_settings_leave_googles(drive_demo: ModuleType) -> None:
    settings = tomllib.loads(drive_demo.settings(None, None, Path("/tmp/s")))

    assert "live" not in settings
    assert settings["microphone"] == {"device": "default"}


@pytest.mark.usefixtures("a_program")
def test_a_program_that_dies_is_told_with_its_last_words(
    drive_demo: ModuleType, tmp_path: Path
) -> None:
    dies = "print('no such card'); raise SystemExit(78)"

    with (
        pytest.raises(
            drive_demo.DemoError, match=r"\(78\) before ready\n.*no such card"
        ),
        drive_demo.Program(dies, log=tmp_path / "log", env=os.environ) as program,
    ):
        program.wait_for(lambda: None, 10.0, "ready")


@pytest.mark.usefixtures("a_program")
def test_a_program_that_never_gets_ready_is_stopped_and_told(
    drive_demo: ModuleType, tmp_path: Path
) -> None:
    waits = "import signal; signal.pause()"

    with (
        pytest.raises(drive_demo.DemoError, match="ready: not within 0 s"),
        drive_demo.Program(waits, log=tmp_path / "log", env=os.environ) as program,
    ):
        program.wait_for(lambda: None, 0.0, "ready")


def test_a_turn_becomes_a_table_with_its_unit(drive_demo: ModuleType) -> None:
    turn = {
        "number": 1,
        "outcome": "answered",
        "latency": {"first_sound_ms": 81.6},
        "questions_ms": [[1, 2]],
    }

    assert list(drive_demo.rows(turn)) == [
        ("number", "1"),
        ("outcome", "answered"),
        ("first sound", "82 ms"),
    ]


def test_a_turn_that_was_lost_fails_the_demonstration(
    drive_demo: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(drive_demo.DemoError, match="not answered: lost"):
        drive_demo.report({"number": 1, "outcome": "lost"}, None)
    assert "lost" in capsys.readouterr().out


def test_an_answer_without_sound_fails_the_demonstration(
    drive_demo: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(drive_demo.DemoError, match="holds no sound"):
        drive_demo.report({"outcome": "answered"}, tmp_path / "none.wav")
