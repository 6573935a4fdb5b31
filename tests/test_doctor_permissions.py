"""Who may use which device, as files that the test makes."""

import os
from pathlib import Path

import pytest

from edgevoice.doctor import examination, permissions
from edgevoice.doctor.examination import _permissions
from edgevoice.doctor.finding import State
from edgevoice.doctor.permissions import check_permissions, check_service_permissions


@pytest.mark.parametrize(
    ("mode", "joined", "state"),
    [
        (0o660, True, State.OK),
        (0o666, False, State.OK),
        (0o660, False, State.WRONG),  # what root alone may use, though root asks
        (0o640, True, State.WRONG),
        (0o606, True, State.WRONG),  # as the kernel: the group's bits are what counts
    ],
)
def test_the_service_is_judged_by_its_own_groups(
    mode: int, joined: bool, state: State, tmp_path: Path
) -> None:
    chip = tmp_path / "gpiochip0"
    chip.touch()
    chip.chmod(mode)
    groups = [chip.group()] if joined else ["no-such-group"]

    finding = check_service_permissions(groups, [f"{tmp_path}/gpiochip*"])

    assert finding.state is state
    if state is State.WRONG:
        assert finding.found.endswith(f"{chip}: group {chip.group()}, mode {mode:o}")
        assert f"group {groups[0]} and mode 660" in finding.cure
    none = check_service_permissions(groups, [f"{tmp_path}/snd*"])
    assert none.state is State.SKIPPED


def test_beside_a_service_a_person_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip, pedal = tmp_path / "gpiochip0", tmp_path / "pedal"
    for node in chip, pedal:
        node.touch()
        node.chmod(0o660)
    monkeypatch.setattr(permissions, "DEVICES", (str(chip),))
    monkeypatch.setattr(examination, "GROUPS", (chip.group(),))
    monkeypatch.setattr(os, "access", lambda *_: False)

    beside = _permissions("gpio", "ada", service=True, held=True)
    assert beside.found == "1 devices, the service may use all"
    own = _permissions("gpio", "ada", service=False, held=True)
    assert own.state is State.SKIPPED
    alone = _permissions("gpio", "ada", service=False, held=False)
    assert alone.state is State.WRONG
    plugged = _permissions(f"evdev:{pedal}", "ada", service=True, held=False)
    assert plugged.found == "2 devices, the service may use all"


def test_devices_that_may_be_used_are_counted(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()
    (tmp_path / "gpiochip1").touch()

    finding = check_permissions("somebody", [f"{tmp_path}/gpiochip*"])

    assert finding.found == "2 devices, all may be used"
    none = check_permissions("somebody", [f"{tmp_path}/snd*"])
    assert none.state is State.SKIPPED


def test_a_device_that_may_not_be_used_is_told_with_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gpiochip0").touch()
    group = (tmp_path / "gpiochip0").group()
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as root

    finding = check_permissions("somebody", [f"{tmp_path}/gpiochip*"])

    assert finding.state is State.WRONG
    assert finding.found == f"no permission to use {tmp_path}/gpiochip0"
    assert finding.cure == f"`sudo usermod -aG {group} somebody`, then log in anew"


def test_who_was_added_just_now_must_log_in_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gpiochip0").touch()
    group = (tmp_path / "gpiochip0").group()
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(permissions, "_members", lambda _: {group})

    finding = check_permissions("somebody", [f"{tmp_path}/gpiochip*"])

    assert finding.cure == "log in anew: somebody was added just now"
