import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgevoice import __version__, cli
from edgevoice.audio import devices, names
from edgevoice.audio.names import DeviceInfo
from edgevoice.cli import main
from edgevoice.commands import control, usage
from edgevoice.commands.daemon import SIMPLE
from edgevoice.config import places
from edgevoice.errors import (
    EX_FAILED,
    EX_NO_DAEMON,
    EX_OK,
    EX_USAGE,
    DeviceError,
)

KEY = "AIzaSy-a-key-of-nobody"
COMMANDS = [name for group in cli._GROUPS.values() for name in group]
TO_THE_DAEMON = {name: [name] for name in cli._GROUPS["The running daemon"]} | {
    "say": ["say", "hello"],
    "note": ["note", "hello"],
}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings, no key and no daemon but those of the test."""
    monkeypatch.setattr(places, "SYSTEM_FILE", tmp_path / "none.toml")
    monkeypatch.setattr(control, "SYSTEM_SOCKET", tmp_path / "none.sock")
    monkeypatch.setattr(usage, "SYSTEM_STATE", tmp_path / "none")
    for name in (
        "GEMINI_API_KEY",
        "CREDENTIALS_DIRECTORY",
        "RUNTIME_DIRECTORY",
        "STATE_DIRECTORY",
        "EDGEVOICE_CONFIG",
        "EDGEVOICE_SOCKET",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: exit status, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return run


def one_line(text: str) -> str:
    """The text without its newline; it must be a line that names the program."""
    [line] = text.splitlines()
    assert line.startswith("edgevoice: ")
    return line.removeprefix("edgevoice: ")


# -- help ----------------------------------------------------------------------


def test_the_help_names_every_command_in_its_group(run: Run) -> None:
    status, out, err = run("--help")

    assert (status, err) == (0, "")
    for title, members in cli._GROUPS.items():
        group = out.partition(f"{title}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in group.splitlines()] == list(members)
        assert all(re.fullmatch(r"  \w+ +[A-Z].*", one) for one in group.splitlines())


def test_every_command_stands_in_the_help() -> None:
    parser = cli._parser()
    [commands] = [
        action.choices for action in parser._actions if action.dest == "command"
    ]

    assert commands is not None
    assert sorted(commands) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, run: Run) -> None:
    status, out, err = run(command, "--help")

    assert (status, err) == (0, "")
    assert out.startswith(f"usage: edgevoice {command} ")
    assert re.search(r"\n\n[A-Z][^\n]+\.\n", out)


def test_the_version_is_the_packages(run: Run) -> None:
    assert run("--version") == (0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["run", "--nonsense"],
        ["say"],
        ["volume", "loud"],
        ["volume", "101"],
        ["volume", "-1"],
        ["volume", "9" * 5000],
        ["simulator", "--port", "65536"],
    ],
)
def test_wrong_usage_is_told_with_status_2(arguments: list[str], run: Run) -> None:
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    assert err.startswith("usage: edgevoice")
    assert "error: " in err


# -- settings and key ----------------------------------------------------------


def test_check_says_that_a_good_file_is_good(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "good.toml"
    path.write_text("[speaker]\nvolume = 3\n")

    assert run("check", "--config", str(path)) == (0, f"{path}: ok\n", "")


def test_check_without_a_file_says_that_the_defaults_count(run: Run) -> None:
    assert run("check") == (0, "no settings file: the defaults are used: ok\n", "")


@pytest.mark.parametrize("command", ["check", "run", "talk"])
def test_every_mistake_in_the_settings_is_one_line(
    command: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[speaker]\nvolum = 3\n[button]\npin = 99\n")

    status, out, err = run(command, "--config", str(path))

    assert (status, out) == (78, "")
    assert err.splitlines() == [
        f"edgevoice: {path}: speaker.volum: unknown key; did you mean speaker.volume?",
        f"edgevoice: {path}: button.pin = 99: expected a whole number <= 27",
    ]


def test_check_finds_the_file_of_the_environment(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEVOICE_CONFIG", str(tmp_path / "gone.toml"))

    status, _, err = run("check")

    assert status == 78
    assert "gone.toml: cannot be read: No such file" in one_line(err)


def test_run_without_a_key_says_how_to_give_one(run: Run) -> None:
    status, out, err = run("run")

    assert (status, out) == (78, "")
    assert "set GEMINI_API_KEY" in one_line(err)


def test_talk_without_a_key_says_so_in_one_line_and_goes_on(run: Run) -> None:
    status, out, err = run("talk")

    assert "no API key" in one_line(out)
    assert out.endswith("talking to the built-in simulator\n")
    # It went on until it found that nobody can press keys here.
    assert status == 1
    assert "terminal" in one_line(err)


@pytest.mark.parametrize(
    "settings",
    [
        f"[live]\nkey = '{KEY}'",
        f"[live]\nkey_file = '{KEY}'",
        f"[live]\nendpoint = 'wss://host?key={KEY}'",
    ],
)
@pytest.mark.parametrize("command", ["check", "run", "talk"])
def test_a_key_in_a_wrong_place_is_in_no_output(
    command: str, settings: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "edgevoice.toml"
    path.write_text(settings)

    _, out, err = run(command, "--config", str(path))

    assert KEY not in out + err


def test_an_unusable_key_is_in_no_output(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", f"{KEY} and more")

    status, out, err = run("run")

    assert status == 78
    assert KEY not in out + err


# -- this machine --------------------------------------------------------------


CARDS = [
    DeviceInfo("hw:CARD=Mic,DEV=0", "USB Mic", 1, 0, 48_000, ("input",)),
    DeviceInfo("hw:CARD=Box,DEV=0", "USB Box", 0, 2, 48_000, ("output",)),
    DeviceInfo("default", "default", 32, 32, 44_100),
]


def test_devices_shows_the_names_that_the_settings_take(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "list_devices", lambda: CARDS)

    status, out, err = run("devices")

    assert (status, err) == (0, "")
    assert out.splitlines()[:4] == [
        "microphone  hw:CARD=Mic,DEV=0  USB Mic, the default",
        "microphone  default            default",
        "speaker     hw:CARD=Box,DEV=0  USB Box, the default",
        "speaker     default            default",
    ]


def test_a_machine_without_sound_has_devices_none(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "list_devices", list)
    monkeypatch.setattr(names, "forbidden", lambda: "")

    status, out, _ = run("devices")

    assert status == 0
    assert out.startswith("microphone  none\nspeaker     none\ngpio chip   ")


def test_without_the_sound_library_the_other_devices_are_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> list[DeviceInfo]:
        raise DeviceError("PyAudio cannot be used; install python3-pyaudio")

    monkeypatch.setattr(devices, "list_devices", fail)

    status, out, err = run("devices")

    assert status == 1
    assert one_line(err) == "PyAudio cannot be used; install python3-pyaudio"
    assert "\ngpio chip   " in out


def test_a_behaviour_that_there_is_not_is_told_with_those_there_are(run: Run) -> None:
    status, _, err = run("simulator", "--behaviour", "nonsense")

    assert status != 0
    assert "nonsense" in one_line(err)
    assert "echo" in err


def test_the_help_of_the_simulator_is_a_manual_of_faults(run: Run) -> None:
    status, out, _ = run("simulator", "--help")

    assert status == 0
    assert "--seed N" in out
    for line in ("  go_away ", "  interrupted ", "  quota  ", "WHEN is "):
        assert line in out


# -- the daemon ----------------------------------------------------------------


@pytest.mark.parametrize("arguments", TO_THE_DAEMON.values(), ids=TO_THE_DAEMON)
def test_without_a_daemon_every_command_says_so_in_one_line(
    arguments: list[str], run: Run, tmp_path: Path
) -> None:
    status, out, err = run(*arguments)

    assert (status, out) == (3, "")
    path = tmp_path / "edgevoice" / "control.sock"
    assert one_line(err).startswith(f"no daemon listens on {path}: start it")


STATUS = {
    "phase": "idle",
    "link": "up",
    "error": None,
    "session": {"age_s": 5, "resumed": False, "connections": 1},
    "microphone": {"name": "default", "state": "open", "error": None},
    "speaker": {"name": "default", "state": "open", "error": None},
    "turns": {"said": 1, "answered": 1, "told": 0, "pending": 0},
    "last_turn": None,
    "usage": {
        "tokens": {"prompt": 1, "response": 2, "total": 3},
        "money": 0.12,
        "currency": "USD",
        "estimate": False,
        "conversation": {"turns": 2, "tokens": {}, "money": 0.034},
        "next_press_at_most": 0.021,
        "budget": {"daily": None, "left": None},
    },
    "volume": 40,
    "muted": True,
}
TURN = {
    "time": 0.0,
    "number": 1,
    "outcome": "answered",
    "typed": False,
    "spoken_ms": 2400,
    "latency_ms": 600,
    "asked_ms": 0,
    "gate_ms": 150,
    "underruns": 0,
    "sendings": 1,
    "questions_ms": [],
    "pressed_ms": 0,
    "released_ms": 2000,
    "first_sound_ms": 2600,
    "ended_ms": 6000,
}
REPLIES: dict[str, dict[str, Any]] = {
    "volume": {"ok": True, "volume": 40, "muted": True},
    "status": {"ok": True, **STATUS},
    "say": {"ok": False, "error": "not now"},
    "usage": {
        "ok": True,
        "currency": "EUR",
        "estimate": True,
        "today": "2026-11-21",
        "days": {
            "2026-11-19": {"turns": 1, "tokens": {"input_text": 5}, "money": 0.5},
            "2026-11-21": {"turns": 2, "tokens": {"thoughts": 7}, "money": 0.25},
        },
    },
    "turns": {
        "ok": True,
        "turns": [TURN, {**TURN, "number": 2, "outcome": "talked over"}],
        "latency": {"turns": 2, "p50_ms": 600, "p95_ms": 600},
    },
    "reload": {
        "ok": True,
        "changed": ["speaker.volume", "control.socket"],
        "restart": ["control.socket"],
        "waits": True,
    },
}


class Daemon:
    """Answers on a real socket what ``REPLIES`` says, else ``{"ok": true}``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[dict[str, Any]] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                with client, client.makefile("rw") as lines:
                    self._answer(lines)

    def _answer(self, lines: Any) -> None:
        request = json.loads(lines.readline() or "{}")
        self.asked.append(request)
        reply = REPLIES.get(request.get("command"), {"ok": True})
        print(json.dumps(reply), file=lines, flush=True)
        if request.get("command") == "watch":
            event = {"event": "phase", "time": 0.0, "phase": "idle"}
            print(json.dumps(event), file=lines, flush=True)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._thread.join()
        self._server.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    (tmp_path / "edgevoice").mkdir()
    daemon = Daemon(tmp_path / "edgevoice" / "control.sock")
    yield daemon
    daemon.close()


@pytest.mark.parametrize("command", SIMPLE)
def test_a_simple_command_is_sent_and_says_nothing(
    command: str, run: Run, daemon: Daemon
) -> None:
    assert run(command) == (0, "", "")
    assert daemon.asked == [{"command": command}]


def test_what_the_daemon_refuses_is_one_line_and_status_1(
    run: Run, daemon: Daemon
) -> None:
    status, out, err = run("say", "what", "time?")

    assert (status, out, one_line(err)) == (1, "", "not now")
    assert daemon.asked == [{"command": "say", "text": "what time?"}]


def test_volume_shows_or_sets(run: Run, daemon: Daemon) -> None:
    assert run("volume") == (0, "40 (muted)\n", "")
    assert run("volume", "40") == (0, "40 (muted)\n", "")
    assert [request["level"] for request in daemon.asked] == [None, 40]


@pytest.mark.usefixtures("daemon")
def test_reload_says_what_is_new_and_from_when_on(run: Run) -> None:
    status, out, err = run("reload")

    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "new: speaker.volume, control.socket",
        "in force as soon as nobody speaks and no answer is heard",
        "control.socket: takes a restart of edgevoice",
    ]


def test_a_mistake_that_hides_where_the_daemon_listens_is_told_by_reload(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "edgevoice.toml"
    file.write_text('control.socket = "/somewhere"\nspeaker.volume = 101\n')
    monkeypatch.setenv("EDGEVOICE_CONFIG", str(file))

    status, out, err = run("reload")

    assert (status, out) == (78, "")
    assert "speaker.volume = 101" in one_line(err)


@pytest.mark.usefixtures("daemon")
def test_status_is_for_people_or_for_programs(run: Run) -> None:
    assert re.search(r"^phase +idle$", run("status")[1], re.MULTILINE)
    assert json.loads(run("status", "--json")[1]) == STATUS


@pytest.mark.usefixtures("daemon")
def test_watch_shows_one_event_a_line_until_the_daemon_ends(run: Run) -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d phase +idle\n", run("watch")[1])
    assert json.loads(run("watch", "--json")[1])["phase"] == "idle"


def test_the_socket_may_be_named_by_option_environment_or_settings(
    run: Run, daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = daemon.path.rename(tmp_path / "named.sock")

    assert run("press")[0] == 3
    assert run("press", "--socket", str(named))[0] == 0
    settings = tmp_path / "edgevoice" / "edgevoice.toml"
    settings.write_text(f"[control]\nsocket = '{named}'\n")
    assert run("press")[0] == 0
    settings.write_text("nonsense")  # that is the daemon's trouble
    assert run("press")[0] == 3
    monkeypatch.setenv("EDGEVOICE_SOCKET", str(named))
    assert run("press")[0] == 0


def test_the_systems_daemon_is_found_where_the_user_has_none(
    run: Run, daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        control, "SYSTEM_SOCKET", daemon.path.rename(tmp_path / "s.sock")
    )

    assert run("press")[0] == 0


# -- as a program --------------------------------------------------------------


def edgevoice(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "edgevoice", *arguments],
        capture_output=True,
        text=True,
        timeout=15,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])},
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_the_program_exits_with_what_the_command_returns(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("x = 1")

    good, bad, absent = (
        edgevoice("--version"),
        edgevoice("check", "--config", str(path)),
        edgevoice("status"),
    )

    assert (good.returncode, good.stdout) == (0, f"{__version__}\n")
    assert (bad.returncode, bad.stdout, len(bad.stderr.splitlines())) == (78, "", 1)
    assert (absent.returncode, len(absent.stderr.splitlines())) == (3, 1)


def test_the_real_devices_of_this_machine_are_shown_without_a_traceback() -> None:
    done = edgevoice("devices")

    assert done.returncode in {0, 1}
    assert "Traceback" not in done.stderr
    assert "\ngpio chip   " in f"\n{done.stdout}"


def test_ctrl_c_ends_the_simulator_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "edgevoice", "simulator", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])},
    ) as program:
        assert program.stdout
        ready = program.stdout.readline()
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=10)

    assert re.fullmatch(r"listening on ws://127\.0\.0\.1:\d+\n", ready)
    assert program.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.usefixtures("daemon")
def test_a_reader_that_leaves_ends_the_program_quietly() -> None:
    here = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    here.pop("PYTHONUNBUFFERED", None)  # what is written late is the trap
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "edgevoice", "status"],
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=15,
        env=here,
        check=False,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (1, b"")


def test_check_looks_for_the_program_and_the_secret_of_the_tokens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, path = tmp_path / "secret", tmp_path / "e.toml"
    secret.write_text("a-secret")
    secret.chmod(0o644)
    path.write_text(
        f'live.token_url = "https://h"\nlive.token_secret_file = "{secret}"\n'
    )
    assert main(["check", "--config", str(path)]) == 78
    assert f"live.token_secret_file: secret file {secret} can be read by others" in (
        one_line(capsys.readouterr().err)
    )

    path.write_text('live.token_command = ["/nowhere/token"]\n')
    assert main(["check", "--config", str(path)]) == 78
    assert "live.token_command: there is no such program" in (
        one_line(capsys.readouterr().err)
    )


def test_check_looks_for_the_camera_s_program_and_the_history_s_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "e.toml"
    path.write_text(
        'camera.command = ["/nowhere/camera"]\n'
        f'history.file = "{path}/folder/history"\n'
    )

    assert main(["check", "--config", str(path)]) == 78
    assert capsys.readouterr().err.splitlines() == [
        f"edgevoice: {path}: camera.command: there is no program '/nowhere/camera'",
        f"edgevoice: {path}: history.file: there is no folder {path}/folder, and it "
        "cannot be made here",
    ]

    path.write_text(f'history.file = "{tmp_path}/folder/history"\n')
    assert main(["check", "--config", str(path)]) == 0, "the daemon makes it"


def test_check_says_that_a_key_does_not_count_where_tokens_are_fetched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "e.toml"
    path.write_text('live.token_command = ["true"]\nlive.key_file = "/nowhere"\n')

    assert main(["check", "--config", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: ok",
        "live.key_file: does not count, since tokens are fetched",
    ]


def test_check_looks_into_the_files_that_the_settings_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, noise, path = tmp_path / "key", tmp_path / "noise.wav", tmp_path / "e.toml"
    key.write_text("a-key")
    key.chmod(0o644)
    noise.write_bytes(b"no sound at all")
    path.write_text(
        f'live.key_file = "{key}"\nmicrophone.device = "file:{noise}"\n', "utf-8"
    )

    assert main(["check", "--config", str(path)]) == 78

    first, second = capsys.readouterr().err.splitlines()
    assert f"live.key_file: key file {key} can be read by others" in first
    assert "microphone.device:" in second


@pytest.mark.usefixtures("daemon")
def test_usage_shows_days_as_a_table_as_json_as_bars_or_as_a_picture(
    run: Run, tmp_path: Path
) -> None:
    picture = tmp_path / "days.svg"

    status, out, _ = run("usage")
    assert status == EX_OK
    assert out.splitlines()[-2].split() == ["together", "3", "12", "0.750"]
    assert out.splitlines()[-1].startswith("estimated: ")
    status, out, _ = run("usage", "--json", "--days", "1")
    assert [*json.loads(out)["days"]] == ["2026-11-21"]
    status, out, _ = run("usage", "--plot", "terminal")
    assert out.splitlines()[0].endswith("0.500 EUR")
    assert run("usage", "--plot", str(picture)) == (EX_OK, "", "")
    assert picture.read_text().startswith("<svg ")


def test_usage_of_no_day_is_wrong_usage(run: Run) -> None:
    status, _, err = run("usage", "--days", "0")
    assert status == EX_USAGE
    assert "--days: must be a whole number, 1 to 400" in err


def test_usage_draws_into_nothing_but_an_svg_file(run: Run, tmp_path: Path) -> None:
    status, _, err = run("usage", "--plot", "days.png")
    assert status == EX_USAGE
    assert ".svg" in err


@pytest.mark.usefixtures("daemon")
def test_usage_says_where_it_cannot_write(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "none" / "days.svg"

    status, _, err = run("usage", "--plot", str(missing))

    assert status == EX_FAILED
    assert err.startswith(f"edgevoice: {missing}: cannot be written: No such file")


def test_without_a_daemon_usage_reads_its_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    none = ("--socket", str(tmp_path / "none.sock"))
    assert run("usage", *none)[0] == EX_NO_DAEMON

    today = time.strftime("%Y-%m-%d")
    day = {"turns": 4, "tokens": {}, "money": 1.5}
    (tmp_path / "usage.json").write_text(json.dumps({"days": {today: day}}))

    status, out, _ = run("usage", *none)
    assert status == EX_OK
    assert out.splitlines()[-1].split() == ["together", "4", "0", "1.500"]


@pytest.mark.usefixtures("daemon")
def test_turns_shows_the_last_ones_as_a_waterfall_as_json_or_as_a_picture(
    run: Run, tmp_path: Path
) -> None:
    picture = tmp_path / "turns.svg"

    status, out, _ = run("turns")
    assert status == EX_OK
    assert out.splitlines()[1].endswith("600 ms")
    assert out.splitlines()[3].strip() == "talked over"
    assert out.splitlines()[-2].startswith("p50 600 ms")
    _, out, _ = run("turns", "-n", "1")
    assert [line[:4] for line in out.splitlines()[:2]] == ["turn", "   2"]
    status, out, _ = run("turns", "--json", "-n", "1")
    assert [turn["number"] for turn in json.loads(out)["turns"]] == [2]
    assert json.loads(out)["latency"]["p95_ms"] == 600
    assert run("turns", "--svg", str(picture)) == (EX_OK, "", "")
    assert picture.read_text().startswith("<svg ")


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize(("encoding", "block"), [("ascii", "#"), ("utf-8", "█")])
def test_turns_shows_what_the_terminal_can_show(
    encoding: str, block: str, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", terminal)

    assert run("turns")[0] == EX_OK

    terminal.seek(0)
    assert block in terminal.read()


def test_turns_draws_into_nothing_but_an_svg_file(run: Run) -> None:
    status, _, err = run("turns", "--svg", "turns.png")
    assert status == EX_USAGE
    assert ".svg" in err


@pytest.mark.usefixtures("daemon")
def test_turns_says_where_it_cannot_write(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "none" / "turns.svg"

    status, _, err = run("turns", "--svg", str(missing))

    assert status == EX_FAILED
    assert err.startswith(f"edgevoice: {missing}: cannot be written: No such file")


def test_watch_says_whole_sentences() -> None:
    from edgevoice.commands.daemon import _in_sentences

    def word(who: str, text: str) -> dict[str, Any]:
        return {"event": "transcript", "time": 0.0, "who": who, "text": text}

    turn = {"event": "turn", "time": 0.0, "number": 1, "outcome": "answered"}
    events = [
        word("user", "What"),
        word("user", " now"),
        word("model", "Wait."),
        word("model", " I"),
        word("model", " think"),
        turn,
    ]

    assert [one.get("text", "turn") for one in _in_sentences(events)] == [
        "What now",
        "Wait.",
        " I think",
        "turn",
    ]
