"""The machine below, as folders and programs that the test makes."""

import os
from pathlib import Path

import pytest

from edgevoice.doctor import machine
from edgevoice.doctor.finding import State
from edgevoice.doctor.machine import (
    check_disk,
    check_memory,
    check_power,
    check_wifi,
)
from edgevoice.doctor.tools import Ask

NAME = "Home Wi-Fi"


def answers(**by_program: str) -> Ask:
    """Programs that say the same whatever they are asked."""
    return lambda *words: by_program.get(words[0])


def net(folder: Path, **states: str) -> Path:
    """Network cards: one whose name begins with w has a radio."""
    for name, state in states.items():
        (folder / name).mkdir()
        (folder / name / "operstate").write_text(f"{state}\n")
        if name.startswith("w"):
            (folder / name / "phy80211").mkdir()
    return folder


@pytest.mark.parametrize(
    ("cards", "iw", "state", "words"),
    [
        ({"eth0": "up"}, "Power save: on", State.SKIPPED, "not in use"),
        ({"wlan0": "down"}, "Power save: on", State.SKIPPED, "not in use"),
        ({"wlan0": "up"}, None, State.SKIPPED, "wlan0: power saving unknown"),
        ({"wlan0": "up"}, "Power save: off", State.OK, "wlan0: power saving is off"),
        ({"wlan0": "up"}, "Power save: on", State.WARNING, "wlan0 saves power"),
    ],
)
def test_power_saving_of_wifi_is_told_only_where_it_is_known(
    cards: dict[str, str], iw: str | None, state: State, words: str, tmp_path: Path
) -> None:
    known = {"iw": iw} if iw else {}

    finding = check_wifi(net(tmp_path, **cards), answers(**known))

    assert finding.state is state
    assert finding.found.startswith(words)


def test_the_cure_for_power_saving_is_that_of_the_network_manager(
    tmp_path: Path,
) -> None:
    cards = net(tmp_path, wlan0="up")
    managed = answers(iw="Power save: on", nmcli=f"lo:lo\nwlan0:{NAME}")

    assert f"'{NAME}' 802-11-wireless.powersave 2" in check_wifi(cards, managed).cure
    alone = check_wifi(cards, answers(iw="Power save: on"))
    assert "iw dev wlan0 set power_save off" in alone.cure


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        (None, State.SKIPPED, "only a Raspberry Pi"),
        ("VCHI initialization failed", State.SKIPPED, "only a Raspberry Pi"),
        ("throttled=0x0", State.OK, "never too low"),
        ("throttled=0x50005", State.WRONG, "too low now"),
        ("throttled=0x50000", State.WARNING, "too low since the start"),
        ("throttled=0x80008", State.WARNING, "too hot"),
    ],
)
def test_a_raspberry_pi_tells_of_its_power(
    said: str | None, state: State, words: str
) -> None:
    finding = check_power(answers(vcgencmd=said) if said else answers())

    assert finding.state is state
    assert words in finding.found


def test_the_disk_is_that_of_the_folder_or_of_what_is_above_it(tmp_path: Path) -> None:
    finding = check_disk(tmp_path / "not" / "yet")

    assert finding.state is State.OK
    assert finding.found.startswith(f"{tmp_path}: ")


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LITTLE_DISK", 2**60)

    assert check_disk(tmp_path).state is State.WARNING


def test_a_file_system_that_cannot_be_written_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = os.statvfs(tmp_path)
    shown = [*real[:8], real.f_flag | os.ST_RDONLY, real.f_namemax, real.f_fsid]
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(shown))

    finding = check_disk(tmp_path)

    assert (finding.state, finding.found) == (State.WRONG, f"{tmp_path} is read-only")


def test_memory_is_what_the_kernel_says(tmp_path: Path) -> None:
    file = tmp_path / "meminfo"
    file.write_text("MemTotal: 500000 kB\nMemAvailable:   30720 kB\n")
    little = check_memory(file)
    assert (little.state, little.found) == (State.WARNING, "30 MB are free")
    file.write_text("MemAvailable:   307200 kB\n")
    assert check_memory(file).state is State.OK
    file.write_text("MemTotal: 500000 kB\n")
    assert check_memory(file).state is State.SKIPPED
