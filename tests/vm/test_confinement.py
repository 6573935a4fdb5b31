"""The cage: systemd's own score, and what the service's process finds shut."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vm import card, unit
from tests.vm.conftest import Record
from tests.vm.server import Server
from tests.vm.waiting import output, until

MOST_EXPOSURE = 1.7
PROBE = Path("/usr/local/lib/edgevoice-test/probe.py")
OPEN_FOLDERS = "/srv/open", "/mnt/open", "/opt/open"
"""Folders of this test in which anybody may write, as far as the modes go."""
OTHER_DEVICES = "/dev/vda", "/dev/mem", "/dev/ttyS0", "/dev/ttyS1", "/dev/kmsg"


def test_systemd_rates_the_running_unit_as_hardly_exposed(record: Record) -> None:
    unit.start()
    command = ["systemd-analyze", "security", "--no-pager", unit.UNIT]
    report = subprocess.run(command, capture_output=True, text=True).stdout
    exposure = float(report.split("level for edgevoice.service:")[1].split()[0])
    record("systemd-analyze security", exposure)
    assert exposure <= MOST_EXPOSURE


def probe(kind: str, *names: str) -> dict[str, str | None]:
    """What becomes of attempts by the service's own process."""
    PROBE.parent.mkdir(exist_ok=True)
    PROBE.write_text(Path(__file__).with_name("probe.py").read_text())
    command = " ".join((sys.executable, str(PROBE), kind, *names))
    unit.drop_in(f"[Service]\nExecStartPre={command}\n")
    unit.start()
    lines = unit.journal("-o", "cat").splitlines()
    last = [line for line in lines if line.startswith("probe:")][-1]
    found: dict[str, str | None] = json.loads(last.removeprefix("probe:"))
    return found


def test_it_can_write_in_its_own_folders_only() -> None:
    for folder in OPEN_FOLDERS:
        Path(folder).mkdir(exist_ok=True)
        Path(folder).chmod(0o777)
    own = "/run/edgevoice", "/var/lib/edgevoice", "/tmp"
    found = probe("write", *own, *OPEN_FOLDERS, "/etc/edgevoice", "/usr/lib", "/root")
    assert {found.pop(folder) for folder in own} == {None}
    assert all(found.values())
    # Not the modes: the cage.
    assert found["/srv/open"] == found["/opt/open"] == "EROFS"
    assert not Path("/tmp/probe").exists()  # its /tmp is its own


def test_it_can_open_sound_and_header_and_no_other_device(record: Record) -> None:
    own = "/dev/snd/controlC0", "/dev/gpiochip0", "/dev/null"
    modes = {name: Path(name).stat().st_mode for name in OTHER_DEVICES}
    for name in modes:
        Path(name).chmod(0o666)  # the modes do not shut it out
    try:
        found = probe("open", *own, *OTHER_DEVICES)
    finally:
        for name, mode in modes.items():
            Path(name).chmod(mode)
    record("devices that were opened by everybody, tried by the service", found)
    assert {found.pop(name) for name in own} == {None}
    assert set(found.values()) <= {"EPERM", "EACCES", "ENOENT"}


def test_the_key_is_nowhere_to_be_seen(record: Record) -> None:
    with Server("empty", pace=0) as server:
        unit.write_settings(live__endpoint=server.url)
        unit.start()
        unit.wait_for_rest()  # it has been used
        process = Path("/proc", unit.show("MainPID"))
        places = {
            "systemctl show": output("systemctl", "show", unit.UNIT),
            "systemctl cat": output("systemctl", "cat", unit.UNIT),
            "journal": unit.journal("-o", "json", "--all"),
            "command line": (process / "cmdline").read_text(),
            "environment": (process / "environ").read_text(),
            "edgevoice status": json.dumps(unit.status()),
        }
    seen = [name for name, text in places.items() if unit.KEY in text]
    record("key seen in", seen)
    assert seen == []
    assert all(places.values())


@pytest.mark.parametrize("who", ["nobody", "edgevoice"])
def test_nobody_else_can_read_the_key(who: str) -> None:
    unit.start()
    until(lambda: unit.status() != {})
    process = unit.show("MainPID")
    copy = "/run/credentials/edgevoice.service/gemini-api-key"
    files = [str(unit.KEY_FILE), f"/proc/{process}/environ", f"/proc/{process}/mem"]
    if who == "nobody":  # edgevoice itself reads its copy: that is what it is for
        files.append(copy)
    else:
        files = files[:1]
    for name in files:
        command = ["runuser", "-u", who, "--", "cat", name]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode != 0, name
        assert unit.KEY not in done.stdout
    assert Path(copy).read_text().strip() == unit.KEY


def test_the_names_that_the_settings_take_are_those_of_edgevoice_devices() -> None:
    assert card.OURS in output("edgevoice", "devices")
