"""Which unit fits, and how it fares, by folders and words that the test makes."""

import os
import pwd
from pathlib import Path

import pytest

from edgevoice.doctor.finding import State
from edgevoice.doctor.tools import Ask
from edgevoice.doctor.units import (
    FIELDS,
    UNIT,
    check_groups,
    check_installed,
    check_linger,
    check_unit,
    check_variant,
    person_behind,
)

USER = pwd.struct_passwd(("ada", "x", 1000, 1000, "", "/people/ada", "/bin/sh"))


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


PIPEWIRE = "run/user/1000/pipewire-0"
PULSE = "run/user/1000/pulse/native"
OF_ANOTHER = "run/user/1001/pulse/native"
SYSTEM = f"etc/systemd/system/multi-user.target.wants/{UNIT}"
OWN = f"people/ada/.config/systemd/user/default.target.wants/{UNIT}"
FOR_ALL = f"etc/systemd/user/default.target.wants/{UNIT}"


@pytest.mark.parametrize(
    ("there", "state", "words"),
    [
        ((), State.OK, "the system unit fits"),
        ((SYSTEM,), State.OK, "the system unit fits"),
        ((SYSTEM, OF_ANOTHER), State.OK, "the system unit fits"),
        ((PIPEWIRE,), State.OK, "the user unit fits: PipeWire runs for ada"),
        ((PULSE, OWN), State.OK, "the user unit fits: PulseAudio runs for ada"),
        ((PIPEWIRE, PULSE, FOR_ALL), State.OK, "the user unit fits: PipeWire"),
        ((PIPEWIRE, SYSTEM), State.WARNING, "the system unit is enabled, but the user"),
        ((OWN,), State.WARNING, "the user unit is enabled, but the system unit fits"),
        ((OWN, SYSTEM), State.WRONG, "both units are enabled; the system unit fits"),
        ((FOR_ALL, SYSTEM, PULSE), State.WRONG, "both units are enabled; the user"),
    ],
)
def test_the_unit_that_fits_is_told_and_why(
    there: tuple[str, ...], state: State, words: str, tmp_path: Path
) -> None:
    finding = check_variant(USER, touch(tmp_path, *there))

    assert (finding.state, bool(finding.cure)) == (state, state is not State.OK)
    assert finding.found.startswith(words)


def test_of_two_that_are_enabled_the_wrong_one_is_to_go(tmp_path: Path) -> None:
    finding = check_variant(USER, touch(tmp_path, SYSTEM, OWN))
    assert finding.cure == f"`systemctl --user disable --now {UNIT}`"

    finding = check_variant(USER, touch(tmp_path, PIPEWIRE))
    assert finding.cure == f"`sudo systemctl disable --now {UNIT}`"


@pytest.mark.parametrize(
    ("there", "twice"),
    [
        ((), ""),
        (("opt/edgevoice/bin/edgevoice", "usr/local/bin/edgevoice"), ""),
        (("usr/bin/edgevoice",), ""),
        (("usr/bin/edgevoice", f"etc/systemd/system/{UNIT}"), ""),  # systemctl edit
        (("usr/bin/edgevoice", "opt/edgevoice/bin/edgevoice"), "opt/edgevoice"),
        (("usr/bin/edgevoice", "usr/local/bin/edgevoice"), "usr/local/bin/edgevoice"),
    ],
)
def test_two_installations_are_told(
    there: tuple[str, ...], twice: str, tmp_path: Path
) -> None:
    finding = check_installed(touch(tmp_path, *there))

    assert (finding.state is State.WRONG) == bool(twice)
    assert ("`sudo scripts/uninstall`" in finding.cure) == bool(twice)
    assert not twice or f"{tmp_path / twice}, which runs" in finding.found


def test_a_unit_that_was_left_behind_is_told(tmp_path: Path) -> None:
    left = f"etc/systemd/system/{UNIT}"
    touch(tmp_path, "usr/bin/edgevoice", left)
    (tmp_path / left).write_text('ExecStart="/opt/edgevoice/bin/edgevoice" run\n')

    assert f"{tmp_path / left}, which runs" in check_installed(tmp_path).found


def test_a_user_unit_needs_a_user_who_lingers(tmp_path: Path) -> None:
    assert check_linger(USER, tmp_path).state is State.SKIPPED
    touch(tmp_path, OWN)
    finding = check_linger(USER, tmp_path)
    assert finding.state is State.WARNING
    assert finding.cure == "`sudo loginctl enable-linger ada`"
    touch(tmp_path, "var/lib/systemd/linger/ada")
    assert check_linger(USER, tmp_path).state is State.OK


def shows(**fields: str) -> Ask:
    """A systemd that knows this of the unit."""
    known = {"LoadState": "loaded", "UnitFileState": "enabled", "NRestarts": "0"}
    known |= fields
    return lambda *_: "\n".join(f"{name}={value}" for name, value in known.items())


@pytest.mark.parametrize(
    ("fields", "state", "words"),
    [
        ({"LoadState": "not-found"}, State.SKIPPED, "not installed"),
        (
            {
                "ActiveState": "active",
                "WatchdogUSec": "30s",
                "StatusText": "link up, idle; no speaker found; plug one in",
            },
            State.OK,
            "active, enabled, watchdog 30s; link up, idle",
        ),
        (
            {"ActiveState": "inactive", "UnitFileState": "disabled"},
            State.WARNING,
            "inactive, disabled",
        ),
        (
            {"ActiveState": "active", "NRestarts": "3", "Result": "watchdog"},
            State.WARNING,
            "active, enabled, but it was restarted 3 times, last for: watchdog",
        ),
        (
            {
                "ActiveState": "failed",
                "Result": "exit-code",
                "ExecMainStatus": "78",
            },
            State.WRONG,
            "failed: settings or key (status 78)",
        ),
        ({"ActiveState": "failed", "Result": "watchdog"}, State.WRONG, "failed: watch"),
        (
            {
                "ActiveState": "activating",
                "SubState": "auto-restart",
                "ExecMainStatus": "217",
            },
            State.WRONG,
            "failed: its user is missing (217/USER), and is started again and again",
        ),
    ],
)
def test_a_unit_fares_as_systemd_says(
    fields: dict[str, str], state: State, words: str
) -> None:
    finding = check_unit(None, shows(**fields))

    assert (finding.name, finding.state) == ("unit", state)
    assert finding.found.startswith(words)


def test_the_journal_is_named_that_tells_more() -> None:
    failed = shows(ActiveState="failed", Result="signal")

    assert "`journalctl -u edgevoice " in check_unit(None, failed).cure
    own = check_unit(USER, failed)
    assert own.name == "user-unit"
    assert "`journalctl --user -u edgevoice " in own.cure


def test_without_systemd_nothing_is_said_of_a_unit() -> None:
    assert check_unit(None, lambda *_: None).state is State.SKIPPED


def test_systemd_is_asked_for_nothing_that_may_hold_a_key() -> None:
    asked: list[str] = []

    def ask(*words: str) -> None:
        asked.extend(words)

    check_unit(USER, ask)
    whose = ["--user", "--machine=ada@.host"]
    assert asked == ["systemctl", *whose, "show", UNIT, asked[-1]]
    assert asked[-1] == f"--property={','.join(FIELDS)}"
    assert "Environment" not in asked[-1]


def test_a_group_that_is_missing_keeps_the_unit_from_starting() -> None:
    finding = check_groups(["root", "no-such-group"], installed=True)

    assert finding.state is State.WRONG
    assert finding.cure == "`sudo groupadd --system no-such-group`"
    assert check_groups(["root"], installed=True).state is State.OK
    assert check_groups(["no-such-group"], installed=False).state is State.SKIPPED


def test_behind_sudo_is_a_person(tmp_path: Path) -> None:
    daemon = pwd.getpwnam("daemon")

    assert person_behind({"SUDO_UID": str(daemon.pw_uid)}, tmp_path) == daemon
    assert person_behind({}, tmp_path).pw_uid == os.getuid()
    assert person_behind({"SUDO_UID": "999999"}, tmp_path).pw_uid == 0


def test_root_looks_for_whoever_has_a_desktop(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    login_screen = "run/user/120/pipewire-0"
    touch(tmp_path, login_screen, "run/user/1000/bus")
    assert person_behind({"SUDO_UID": "0"}, tmp_path).pw_uid == 0

    touch(tmp_path, f"run/user/{nobody.pw_uid}/pulse/native")

    assert person_behind({"SUDO_UID": "0"}, tmp_path) == nobody
