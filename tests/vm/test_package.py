"""The Debian package's life: install, upgrade, remove, purge."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vm import unit
from tests.vm.conftest import Record
from tests.vm.server import Server
from tests.vm.waiting import output

pytestmark = pytest.mark.package

PACKAGE = Path("/host/edgevoice.deb")
WHERE = "/etc", "/usr", "/opt", "/var/lib", "/var/log", "/run", "/home", "/root"
PASSING = (
    *("/run/systemd/", "/run/udev/", "/run/user/", "/run/log/", "/var/lib/systemd/"),
    *("/var/lib/dpkg/", "/var/lib/apt/", "/var/log/", "/root/", "/etc/ld.so.cache"),
)
"""What belongs to others, who write when they like."""


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    """However it ends, the next test finds the package."""
    yield
    install(PACKAGE)


def install(package: Path) -> None:
    command = ["apt-get", "-qq", "install", "--no-install-recommends", "--reinstall"]
    output(*command, "--allow-downgrades", str(package))


def version() -> str:
    return output("dpkg-query", "-W", "-f", "${Version}", "edgevoice")


def newer(folder: Path) -> Path:
    """The same package as a later version."""
    output("dpkg-deb", "-R", str(PACKAGE), str(folder / "tree"))
    control = folder / "tree/DEBIAN/control"
    control.write_text(control.read_text().replace("Version: ", "Version: 99."))
    output("dpkg-deb", "-b", str(folder / "tree"), str(folder / "newer.deb"))
    return folder / "newer.deb"


def test_an_upgrade_keeps_settings_and_key_and_restarts_it(tmp_path: Path) -> None:
    with Server("empty", pace=0) as server:
        unit.write_settings(live__endpoint=server.url, speaker__volume=33)
        before = unit.SETTINGS.read_text(), unit.KEY_FILE.read_text()
        unit.start()
        unit.wait_for_rest()
        process = unit.show("MainPID")
        install(newer(tmp_path))
        assert version().startswith("99.")
        unit.wait_for_rest()
        assert unit.show("MainPID") != process
        assert unit.status()["volume"] == 33
        assert (unit.SETTINGS.read_text(), unit.KEY_FILE.read_text()) == before


def test_a_removal_keeps_what_the_user_made(record: Record) -> None:
    unit.write_settings(speaker__volume=33)
    unit.start()
    output("apt-get", "-qq", "remove", "edgevoice")
    assert unit.show("ActiveState") != "active"
    assert shutil.which("edgevoice") is None
    assert "volume = 33" in unit.SETTINGS.read_text()
    assert unit.KEY in unit.KEY_FILE.read_text()


def files() -> set[str]:
    """All files there are, but for those of others."""
    found = set()
    for top in WHERE:
        for folder, _, names in os.walk(top):
            found |= {f"{folder}/{name}" for name in (*names, "")}
    return {name for name in found if not name.startswith(PASSING)}


def accounts() -> set[str]:
    return set(output("getent", "passwd").split() + output("getent", "group").split())


def test_nothing_is_left_after_a_purge(record: Record) -> None:
    subprocess.run(["apt-get", "-qq", "purge", "edgevoice"], check=True)
    before = files(), accounts()
    install(PACKAGE)
    unit.write_key()
    unit.write_settings()
    unit.start()
    output("edgevoice", "status")
    output("apt-get", "-qq", "purge", "edgevoice")
    left = sorted(
        name for name in files() - before[0] if "__pycache__" not in name
    ) + sorted(accounts() - before[1])
    record("left after purge", left)
    assert left == []
