"""Where the log goes, and what never stands in it."""

import ast
import io
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgevoice.audio.startgate import FIRST_S
from edgevoice.daemon import logs
from edgevoice.daemon.timeline import MARKS
from edgevoice.daemon.turns import TIMELINE_FIELDS
from edgevoice.simulator import Sent
from tests.evening import Evening, evening

ROOT = Path(__file__).parent.parent


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The logger of the program, put back afterwards."""
    logger = logging.getLogger("edgevoice")
    before = logger.level, logger.propagate, logger.handlers[:]
    yield logger
    logger.setLevel(before[0])
    logger.propagate, logger.handlers = before[1], before[2]


def stream() -> str:
    """What systemd would put into ``$JOURNAL_STREAM`` for our stderr."""
    stderr = os.fstat(2)
    return f"{stderr.st_dev}:{stderr.st_ino}"


def test_under_systemd_the_log_goes_to_the_journal(logger: logging.Logger) -> None:
    logs.set_up(environ={"JOURNAL_STREAM": stream()})

    [handler] = logger.handlers
    assert isinstance(handler, logs.JournalHandler)
    handler.close()
    assert logger.level == logging.INFO


@pytest.mark.parametrize("inherited", ["", "1:1", "nonsense"])
def test_in_a_terminal_the_log_goes_there_whatever_it_has_inherited(
    inherited: str, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    logs.set_up(environ={"JOURNAL_STREAM": inherited})
    logs.set_up(environ={"JOURNAL_STREAM": inherited})  # twice is once

    logging.getLogger("edgevoice.daemon.link").info("link %d: up", 7)
    logging.getLogger("edgevoice.daemon.link").debug("a detail")

    [line] = terminal.getvalue().splitlines()
    assert line.endswith(" INFO link 7: up")


def test_without_stderr_there_is_no_journal_and_no_crash() -> None:
    program = (
        "import logging; from edgevoice.daemon import logs; logs.set_up();"
        "logging.getLogger('edgevoice').error('lost'); print('done')"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, program],
        cwd=ROOT,
        env={**os.environ, "JOURNAL_STREAM": "1:1"},
        stdout=subprocess.PIPE,
        timeout=10,
        check=True,
    )
    assert done.stdout == b"done\n"


def test_what_is_logged_while_a_card_is_opened_is_not_lost() -> None:
    program = (
        "import logging; from edgevoice.audio.quiet import quiet;"
        "from edgevoice.daemon import logs; logs.keep_stderr(); logs.set_up()\n"
        "with quiet(): logging.getLogger('edgevoice').error('heard')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        timeout=10,
        check=True,
    )
    assert done.stderr.endswith(b"ERROR heard\n")


def test_a_verbose_log_has_details(logger: logging.Logger) -> None:
    logs.set_up(verbose=True, environ={})

    assert logger.level == logging.DEBUG


def test_a_quiet_log_shows_nothing_by_itself(
    logger: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.set_up_quiet()

    logging.getLogger("edgevoice.daemon.link").error("a mishap")

    assert capfd.readouterr() == ("", "")


def handles_given(here: Evening) -> list[str]:
    return [
        entry.message["sessionResumptionUpdate"]["newHandle"]
        for entry in here.simulator.journal
        if isinstance(entry, Sent)
        and entry.message.get("sessionResumptionUpdate", {}).get("newHandle")
    ]


async def test_nothing_that_was_said_and_no_secret_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "edgevoice")
    said = "the aubergine in the cellar"
    async with evening(tmp_path, behaviours=["say=Cucumber soup."], pace=0) as here:
        await here.is_idle()
        await here.ask(0.3)
        assert here.appliance.say(said)
        await here.until(lambda: len(here.outcomes()) == 2)
        await here.simulator.drop()
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()
        handles = handles_given(here)
        transcripts = [
            item["text"] for item in here.guest.news if item["event"] == "transcript"
        ]

    assert handles
    assert "cucumber" in "".join(transcripts).lower()
    ours = [r for r in caplog.records if not r.name.startswith("edgevoice.simulator")]
    everything = "\n".join(str(vars(record)) for record in ours).lower()
    assert "turn 2: answered" in everything
    for secret in [*handles, "a-key", said, "aubergine", "cucumber"]:
        assert secret.lower() not in everything


# -- the journal -------------------------------------------------------------------


class Journal:
    """Takes what would go to journald; does not read while it is frozen."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.reads = threading.Event()
        self.reads.set()

    def send(self, **line: Any) -> None:
        self.reads.wait()
        self.lines.append(line)


def test_a_line_in_the_journal_has_our_fields_and_no_others() -> None:
    journal = Journal()
    handler = logs.JournalHandler(journal.send)
    record = logging.LogRecord("edgevoice.x", 30, "/a.py", 1, "turn %d", (3,), None)
    record.TURN, record.LATENCY_MS, record.CLOSE_CODE = 3, None, 0

    handler.emit(record)
    handler.close()

    assert journal.lines == [
        {
            "MESSAGE": "turn 3",
            "PRIORITY": 4,
            "SYSLOG_IDENTIFIER": "edgevoice",
            "LOGGER": "edgevoice.x",
            "TURN": 3,
            "CLOSE_CODE": 0,
        }
    ]


def test_a_journal_that_does_not_read_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "LAST_WORDS_S", 0.05)
    journal = Journal()
    journal.reads.clear()
    handler = logs.JournalHandler(journal.send)

    for number in range(3 * logs.WAITING):
        handler.emit(logging.LogRecord("x", 20, "", 1, "line %d", (number,), None))
    handler.close()  # gives up

    assert journal.lines == []
    journal.reads.set()


def test_what_was_queued_is_written_at_the_end() -> None:
    journal = Journal()
    handler = logs.JournalHandler(journal.send)
    for number in range(200):
        handler.emit(logging.LogRecord("x", 20, "", 1, "%d", (number,), None))
    handler.close()

    assert [line["MESSAGE"] for line in journal.lines] == [str(n) for n in range(200)]


@pytest.mark.parametrize(
    ("level", "priority"), [(10, 7), (20, 6), (30, 4), (40, 3), (50, 3)]
)
def test_levels_are_the_journals(level: int, priority: int) -> None:
    journal = Journal()
    handler = logs.JournalHandler(journal.send)
    handler.emit(logging.LogRecord("x", level, "", 1, "", (), None))
    handler.close()

    assert journal.lines[0]["PRIORITY"] == priority


def test_every_field_that_is_given_is_a_known_one() -> None:
    """A misspelt one would be dropped without a word."""
    given = {
        name.value
        for path in (ROOT / "edgevoice").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        for word in call.keywords
        if word.arg == "extra" and isinstance(word.value, ast.Dict)
        for name in word.value.keys
        if isinstance(name, ast.Constant)
    }
    assert given
    assert given <= set(logs.FIELDS)


def test_every_moment_of_a_turn_after_the_press_has_a_field() -> None:
    given = set(TIMELINE_FIELDS.values())

    assert given >= {f"{mark.upper()}_MS" for mark in MARKS[1:]}
    assert given <= set(logs.FIELDS)


async def test_a_turn_and_its_link_are_telemetry(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edgevoice")
    async with evening(tmp_path) as here:
        await here.is_idle()
        await here.ask(0.3)
        await here.simulator.drop()
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()

    lines = [vars(record) for record in caplog.records]
    turn = next(line for line in lines if "OUTCOME" in line)
    assert (turn["TURN"], turn["OUTCOME"], turn["REASON"]) == (1, "answered", None)
    assert 0 < turn["LATENCY_MS"] < 10_000
    assert 0 < turn["SENT_MS"] < 10_000
    assert turn["SPOKEN_MS"] >= 300
    assert turn["GATE_MS"] == round(FIRST_S * 1000)
    assert (turn["SENDINGS"], turn["ASKED_MS"]) == (1, 0)
    moments = [turn[f"{mark.upper()}_MS"] for mark in ("released", "first_sound")]
    assert moments[1] - moments[0] == turn["LATENCY_MS"]
    assert moments[1] < turn["ENDED_MS"]
    phases = [line["PHASE"] for line in lines if "PHASE" in line]
    assert phases == ["listening", "thinking", "speaking", "idle"]
    links = [(line["LINK_NUMBER"], line["LINK"]) for line in lines if "LINK" in line]
    assert links[0] == (1, "up")
    assert links[-1] == (2, "up")
    assert any(line.get("CLOSE_CODE") == 0 for line in lines)
    assert {line.get("DEVICE_STATE") for line in lines} >= {"open"}
