"""`edgevoice setup` at a real terminal, against the real simulator and WAV devices."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from edgevoice.demo import QUESTION
from tests.dialogue import TIMEOUT, Dialogue, dialogue
from tests.program import KEY, ROOT, environment, program

START = """
import sys
from pathlib import Path
from edgevoice import cli
from edgevoice.config import places
from edgevoice.setup import service
folder = Path(sys.argv[1])
places.SYSTEM_FILE = folder / "etc" / "edgevoice" / "edgevoice.toml"
service.BOOTED = folder
service.INPUT_DROP_IN = folder / "unit.d" / "input.conf"
sys.exit(cli.main(sys.argv[2:]))
"""
"""The program, with the system's places below a folder."""

SYSTEMCTL = """#!/bin/sh
echo "$*" >>"$HOME/systemctl.log"
case $1 in
  is-active) test -e "$HOME/running" ;;
  stop) rm "$HOME/running" ;;
  restart)
    while test -e "$HOME/slow"; do sleep 0.01; done
    test ! -e "$HOME/broken" && touch "$HOME/running" ;;
esac
"""

QUESTIONS = [
    ("Number [1]:", "1"),
    ("Key: ", KEY),
    ("Number or name [2]:", ""),
    ("Number or name [2]:", ""),
    ("Volume, 0 to 100 [80]:", "55"),
    ("Where is the button?", ""),
    ("Write this? [Y/n]", ""),
]
"""A whole run where nothing fails, with its answers."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a simulator."""
    with subprocess.Popen(
        [sys.executable, "-m", "edgevoice", "simulator", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process.stdout.readline().split()[-1]
        process.terminate()


class Home:
    """A folder with settings for WAV devices, and what is in it."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.settings = folder / "conf" / "edgevoice.toml"
        self.key = folder / "conf" / "gemini-api-key"
        self.settings.parent.mkdir()
        self.settings.write_text(
            f'# Mine.\nlive.endpoint = "{server}"\n[microphone]\n'
            f'device = "file:{QUESTION}"  # the demo\n[speaker]\n'
            f'device = "file:{folder / "out.wav"}"\n[button]\nsource = "none"\n'
        )
        self.before = self.files()

    def files(self) -> dict[str, tuple[str, int, int]]:
        """Text, mode and owner of each file but the speaker's."""
        return {
            str(path): (path.read_text(), stat.S_IMODE(path.stat().st_mode), uid)
            for path in self.folder.rglob("*")
            if path.is_file() and path.suffix not in {".wav", ".log"}
            for uid in [path.stat().st_uid]
        }

    def is_untouched(self) -> bool:
        return self.files() == self.before

    def environment(self) -> dict[str, str]:
        environ = environment(self.folder)
        del environ["GEMINI_API_KEY"]
        return environ

    def dialogue(
        self, *options: str, **more: str
    ) -> contextlib.AbstractContextManager[Dialogue]:
        return dialogue(self.arguments(options), {**self.environment(), **more})

    def arguments(self, options: Sequence[str]) -> list[str]:
        return ["setup", "--config", str(self.settings), *options]

    def run(self, *options: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "edgevoice", *self.arguments(options)],
            cwd=ROOT,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def home(tmp_path: Path, server: str) -> Home:
    return Home(tmp_path, server)


def value(home: Home, table: str, key: str) -> object:
    return tomllib.loads(home.settings.read_text())[table][key]


# -- at a terminal --------------------------------------------------------------


def test_a_person_is_led_from_the_key_to_the_written_files(home: Home) -> None:
    with home.dialogue() as person:
        for question, answer in QUESTIONS:
            person.answers(question, answer)
        person.sees("Next: edgevoice talk")
        assert person.ends() == 0

    assert KEY not in person.seen
    assert "the server took the key" in person.seen
    assert f'  live.key_file = "{home.key}" (was "")' in person.seen
    assert home.key.read_text() == f"{KEY}\n"
    assert stat.S_IMODE(home.key.stat().st_mode) == 0o600
    text = home.settings.read_text()
    assert "# Mine.\n" in text
    assert "  # the demo\n" in text
    assert value(home, "speaker", "volume") == 55
    assert value(home, "live", "key_file") == str(home.key)
    assert sorted(os.listdir(home.key.parent)) == ["edgevoice.toml", "gemini-api-key"]


@pytest.mark.parametrize("count", range(len(QUESTIONS)))
@pytest.mark.parametrize("by", ["Ctrl+C", "the end of the input", "a lost terminal"])
def test_whoever_leaves_at_a_question_has_changed_nothing(
    home: Home, count: int, by: str
) -> None:
    with home.dialogue("--no-try") as person:
        for question, answer in QUESTIONS[:count]:
            person.answers(question, answer)
        person.sees(QUESTIONS[count][0])
        if by == "a lost terminal":
            person.process.send_signal(signal.SIGHUP)
        else:
            person.types("\x03" if by == "Ctrl+C" else "\x04", end="")
        assert person.ends() == 1
        assert person.echoes()

    assert "Nothing was changed." in person.seen
    assert "Traceback" not in person.seen
    assert KEY not in person.seen
    assert home.is_untouched()


def test_a_trial_can_be_left_as_well(home: Home) -> None:
    with home.dialogue("--microphone", f"file:{QUESTION}") as person:
        person.sees("Say something now")
        person.types("\x03", end="")
        assert person.ends() == 1

    assert home.is_untouched()


def test_the_key_is_typed_unseen(home: Home) -> None:
    with home.dialogue() as person:
        person.answers("Number [1]:", "1")
        person.sees("Key: ")
        assert not person.echoes()


def test_a_key_of_the_shell_is_written_for_the_service(home: Home) -> None:
    with home.dialogue("--no-try", GEMINI_API_KEY=KEY) as person:
        person.sees("1  write the one of $GEMINI_API_KEY to a file")
        for question, answer in QUESTIONS[:1] + QUESTIONS[2:]:
            person.answers(question, answer)
        assert person.ends() == 0

    assert home.key.read_text() == f"{KEY}\n"
    assert KEY not in person.seen


def test_a_key_that_is_refused_is_told_and_can_be_given_anew(home: Home) -> None:
    with home.dialogue() as person:
        person.answers("Number [1]:", "1")
        person.answers("Key: ", "invalid")
        person.sees("check the API key")
        person.answers("Number [2]:", "")  # another answer
        person.answers("Number [1]:", "1")
        person.answers("Key: ", "two words")
        person.sees("holds no API key")
        person.answers("Number [1]:", "1")
        person.answers("Key: ", KEY)
        person.sees("the server took the key")


def test_a_given_key_that_is_refused_is_asked_for(home: Home) -> None:
    (home.folder / "given").write_text("expired")
    home.before = home.files()
    with home.dialogue("--key-file", str(home.folder / "given")) as person:
        person.sees("check the API key")
        person.answers("Number [2]:", "")  # another answer
        person.answers("Number [1]:", "2")  # to paste it
        person.answers("Key: ", KEY)
        person.answers("Write this?")
        assert person.ends() == 0

    assert home.key.read_text() == f"{KEY}\n"


def test_what_a_running_daemon_holds_is_not_tried(home: Home, server: str) -> None:
    socket = home.folder / "control.sock"
    with program(home.folder, server) as daemon:
        daemon.is_ready()
        text = home.settings.read_text()
        home.settings.write_text(f'control.socket = "{socket}"\n{text}')
        with home.dialogue("--microphone", "file:/nowhere.wav") as person:
            person.sees("devices are not tried")
            person.answers("Write this?")
            assert person.ends() == 0


def test_a_part_that_does_not_work_can_be_taken_all_the_same(home: Home) -> None:
    with home.dialogue("--microphone", "file:/nowhere.wav") as person:
        person.sees("wrong: ")
        person.answers("What now?", "3")
        person.answers("Write this?", "y")
        assert person.ends() == 0

    assert value(home, "microphone", "device") == "file:/nowhere.wav"


def test_where_tokens_are_fetched_no_key_is_asked_for(home: Home) -> None:
    line = 'live.token_command = ["token"]\n'
    home.settings.write_text(line + home.settings.read_text())
    with home.dialogue() as person:
        person.sees("None is needed: tokens are fetched.")
        for question, answer in QUESTIONS[2:]:
            person.answers(question, answer)
        assert person.ends() == 0

    assert not home.key.exists()


def test_who_does_not_want_it_written_has_changed_nothing(home: Home) -> None:
    with home.dialogue("--volume", "20", "--no-try") as person:
        person.sees("speaker.volume = 20 (was 80)")
        person.answers("Write this?", "n")
        assert person.ends() == 1

    assert home.is_untouched()


def test_what_stays_as_it_is_is_not_written(home: Home) -> None:
    with home.dialogue("--volume", "80", "--no-try") as person:
        person.sees("nothing to write")
        assert person.ends() == 0

    assert home.is_untouched()


# -- for scripts ----------------------------------------------------------------


def test_a_script_changes_only_what_it_gives(home: Home) -> None:
    before = tomllib.loads(home.settings.read_text())
    done = home.run("--key-file", "-", "--led", "-1", "--yes", stdin=f"{KEY}\n")

    assert done.returncode == 0, done.stderr
    assert KEY not in done.stdout + done.stderr
    assert home.key.read_text() == f"{KEY}\n"
    before["live"]["key_file"] = str(home.key)
    before["indicator"] = {"pin": -1}
    assert tomllib.loads(home.settings.read_text()) == before


def test_a_script_whose_key_is_refused_changes_nothing(home: Home) -> None:
    done = home.run("--key-file", "-", "--yes", stdin="invalid\n")

    assert done.returncode == 1
    assert "check the API key" in done.stdout
    assert "--no-try" in done.stderr
    assert home.is_untouched()
    assert home.run("--key-file", "-", "--yes", "--no-try", stdin="x\n").returncode == 0


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ([], 2, "there is no terminal to ask at"),
        (["--yes"], 2, "give what to change"),
        (["--pin", "99", "--yes"], 78, "button.pin = 99"),
        (["--key-file", "/nowhere", "--yes"], 78, "cannot be read"),
        (["--key-file", "/dev/null", "--yes"], 78, "holds no API key"),
        (["--microphone", "\udcff", "--yes"], 78, "is not UTF-8"),
        (["--led", "17", "--button", "gpio", "--yes"], 78, "is the button's pin too"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    home: Home, options: list[str], status: int, words: str
) -> None:
    done = home.run(*options)

    assert done.returncode == status
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert home.is_untouched()


# -- as root, for the service ------------------------------------------------------


class Machine(Home):
    """The same with the system's places and a systemctl that notes what it is told."""

    def __init__(self, folder: Path, server: str) -> None:
        super().__init__(folder, server)
        etc = folder / "etc" / "edgevoice"
        self.key, text = etc / "gemini-api-key", self.settings.read_text()
        self.settings = etc / "edgevoice.toml"
        etc.mkdir(parents=True)
        self.settings.write_text(text)
        (folder / "bin").mkdir()
        (folder / "bin" / "systemctl").write_text(SYSTEMCTL)
        (folder / "bin" / "systemctl").chmod(0o755)
        (folder / "running").touch()
        self.before = self.files()

    def environment(self) -> dict[str, str]:
        environ = super().environment()
        return {**environ, "PATH": f"{self.folder / 'bin'}:{environ['PATH']}"}

    def dialogue(
        self, *options: str, **more: str
    ) -> contextlib.AbstractContextManager[Dialogue]:
        start = ("-c", START, str(self.folder))
        return dialogue(["setup", *options], {**self.environment(), **more}, start)

    def is_told(self, command: str) -> None:
        """Wait until systemctl was told something."""
        deadline = time.monotonic() + TIMEOUT
        while not any(line.startswith(command) for line in self.told()):
            assert time.monotonic() < deadline, self.told()

    def told(self) -> list[str]:
        """What systemctl was told that changes something."""
        lines = (self.folder / "systemctl.log").read_text().splitlines()
        return [line for line in lines if line.split()[0] in {"stop", "restart"}]


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="it is for root")


@pytest.fixture
def machine(tmp_path: Path, server: str) -> Machine:
    return Machine(tmp_path, server)


@needs_root
def test_root_writes_for_the_service_and_starts_it(machine: Machine) -> None:
    machine.settings.unlink()
    machine.settings.parent.rmdir()
    old = os.umask(0o077)  # of a careful administrator: others must read settings
    try:
        with machine.dialogue("--no-try") as person:
            person.answers("Number [1]:", "1")
            person.answers("Key: ", KEY)
            person.answers("Number or name [1]:", "hw:CARD=Mine,DEV=0")
            person.answers("Number or name [1]:")
            person.answers("Volume")
            person.answers("Where is the button?")
            person.answers("Its GPIO number", "5")
            person.answers("Is there a lamp")
            person.answers("Its GPIO number", "5")  # is the button's
            person.answers("Its GPIO number", "6")
            person.answers("Write this?")
            person.answers("Restart edgevoice with it now?")
            person.sees("edgevoice runs: hold the button")
            assert person.ends() == 0
    finally:
        os.umask(old)

    files = machine.files()
    assert files[str(machine.key)] == (f"{KEY}\n", 0o600, 0)
    text, mode, owner = files[str(machine.settings)]
    assert (mode, owner) == (0o644, 0)
    assert stat.S_IMODE(machine.settings.parent.stat().st_mode) == 0o755
    assert tomllib.loads(text) == {
        "microphone": {"device": "hw:CARD=Mine,DEV=0"},
        "button": {"pin": 5},
        "indicator": {"pin": 6},
    }
    assert machine.told() == ["restart edgevoice.service"]


@needs_root
def test_a_running_service_is_stopped_for_the_trials_and_started_again(
    machine: Machine,
) -> None:
    with machine.dialogue("--speaker", f"file:{machine.folder}/o.wav") as person:
        person.answers("Stop it until the end")
        person.sees("ok: ")
        assert not (machine.folder / "running").exists()
        person.answers("Write this?")
        person.sees("edgevoice runs: hold the button")
        assert person.ends() == 0

    assert "edgevoice with it now?" not in person.seen
    assert machine.told() == ["stop edgevoice.service", "restart edgevoice.service"]


@needs_root
def test_a_service_that_does_not_start_is_told_and_tried_once(machine: Machine) -> None:
    (machine.folder / "broken").touch()
    with machine.dialogue("--speaker", f"file:{machine.folder}/o.wav") as person:
        person.answers("Stop it until the end")
        person.answers("Write this?")
        person.sees("edgevoice did not start")
        assert person.ends() == 1

    assert machine.told() == ["stop edgevoice.service", "restart edgevoice.service"]


@needs_root
def test_a_start_after_the_trials_cannot_be_interrupted(machine: Machine) -> None:
    (machine.folder / "slow").touch()
    with machine.dialogue("--speaker", f"file:{machine.folder}/o.wav") as person:
        person.answers("Stop it until the end")
        person.answers("Write this?")
        machine.is_told("restart")
        person.types("\x03", end="")
        person.sees("^C")
        (machine.folder / "slow").unlink()
        person.sees("edgevoice runs: hold the button")
        assert person.ends() == 0

    assert machine.told() == ["stop edgevoice.service", "restart edgevoice.service"]


@needs_root
def test_who_leaves_in_the_restart_hears_that_it_is_written(machine: Machine) -> None:
    (machine.folder / "slow").touch()
    with machine.dialogue("--volume", "20", "--no-try") as person:
        person.answers("Write this?")
        person.answers("Restart edgevoice with it now?")
        machine.is_told("restart")
        person.types("\x03", end="")
        person.sees("All is written")
        assert person.ends() == 1
        (machine.folder / "slow").unlink()

    assert "Nothing was changed" not in person.seen


@needs_root
def test_a_script_hears_that_the_service_does_not_start(machine: Machine) -> None:
    (machine.folder / "broken").touch()
    with machine.dialogue("--volume", "20", "--no-try", "--yes") as person:
        person.sees("edgevoice did not start")
        assert person.ends() == 1


@needs_root
def test_a_stopped_service_starts_again_when_the_person_leaves(
    machine: Machine,
) -> None:
    with machine.dialogue() as person:
        person.answers("Stop it until the end")
        person.sees("Number [1]:")
        person.types("\x03", end="")
        assert person.ends() == 1

    assert machine.told() == ["stop edgevoice.service", "restart edgevoice.service"]
    assert machine.is_untouched()


@needs_root
def test_who_leaves_after_the_writing_hears_that_it_is_written(
    machine: Machine,
) -> None:
    with machine.dialogue("--volume", "20", "--no-try") as person:
        person.answers("Write this?")
        person.sees("Restart edgevoice with it now?")
        person.types("\x03", end="")
        person.sees("Next: sudo systemctl restart edgevoice")
        assert person.ends() == 0

    assert "Nothing was changed" not in person.seen
    assert value(machine, "speaker", "volume") == 20


@needs_root
def test_who_does_not_want_it_stopped_gets_no_device_tried(machine: Machine) -> None:
    with machine.dialogue("--microphone", "file:/nowhere.wav") as person:
        person.answers("Stop it until the end", "n")
        person.answers("Write this?")
        person.answers("Restart edgevoice with it now?", "n")
        person.sees("Next: sudo systemctl restart edgevoice")
        assert person.ends() == 0

    assert machine.told() == []


@needs_root
def test_the_unit_is_opened_for_an_input_device(machine: Machine) -> None:
    options = ("--button", "evdev:/dev/input/by-id/pedal", "--no-try", "--yes")
    with machine.dialogue(*options) as person:
        assert person.ends() == 0

    drop_in = (machine.folder / "unit.d" / "input.conf").read_text()
    assert "SupplementaryGroups=input\nDeviceAllow=char-input r\n" in drop_in
    with machine.dialogue("--button", "gpio", "--no-try", "--yes") as person:
        person.sees("input.conf\n  is removed: the button is no input device\n")
        assert person.ends() == 0
    assert not (machine.folder / "unit.d").exists()


@needs_root
def test_the_drop_in_of_an_administrator_stays(machine: Machine) -> None:
    (machine.folder / "unit.d").mkdir()
    drop_in = machine.folder / "unit.d" / "input.conf"
    drop_in.write_text("[Service]\nSupplementaryGroups=input\n")
    with machine.dialogue("--volume", "20", "--no-try", "--yes") as person:
        assert person.ends() == 0

    assert drop_in.exists()


@needs_root
def test_settings_that_not_everybody_may_read_stay_so(machine: Machine) -> None:
    machine.settings.chmod(0o640)
    os.chown(machine.settings, 0, 65534)
    with machine.dialogue("--volume", "20", "--no-try", "--yes") as person:
        assert person.ends() == 0

    found = machine.settings.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o640, 65534)


# -- as nobody in particular --------------------------------------------------------

NOBODY = """
import os, sys
from edgevoice import cli
import edgevoice.setup.flow
os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder of nobody's, that nobody can reach: pytest's are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        yield Path(folder)


@needs_root
def test_a_person_has_settings_and_key_of_ones_own(own_folder: Path) -> None:
    environ = environment(own_folder)
    del environ["GEMINI_API_KEY"]
    start = ("-c", NOBODY)
    with dialogue(["setup", "--no-try"], environ, start) as person:
        for question, answer in (QUESTIONS[0], QUESTIONS[1]):
            person.answers(question, answer)
        for _ in "microphone", "speaker":
            person.answers("Number or name [1]:")
        person.answers("Volume", "55")
        person.answers("Where is the button?", "2")
        person.answers("Write this?")
        person.sees("Next: edgevoice talk")
        assert person.ends() == 0

    folder = own_folder / ".config" / "edgevoice"
    for path, mode in (
        (folder, 0o700),
        (folder / "gemini-api-key", 0o600),
        (folder / "edgevoice.toml", 0o644),
    ):
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_uid) == (mode, 65534)
    assert KEY not in person.seen


@needs_root
def test_a_folder_that_is_closed_to_the_person_is_told(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOBODY, *home.arguments(["--pin", "5", "--yes"])],
        cwd=ROOT,
        env=home.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 78
    assert "Permission denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1
