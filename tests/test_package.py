"""The Debian package and scripts/install, held against what they are made from."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from edgevoice import __version__
from edgevoice.config import CREDENTIAL_NAME
from edgevoice.config.places import SYSTEM_FILE
from edgevoice.setup.service import INPUT_DROP_IN

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONTROL = (ROOT / "debian" / "control").read_text("utf-8")
UNITS = [ROOT / "systemd" / "edgevoice.service"]
UNITS += [ROOT / "systemd" / "user" / "edgevoice.service"]


def needs() -> list[tuple[str, str]]:
    """Every package of pyproject.toml and the version it begins with."""
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return re.findall(
        r"([\w-]+)>=([\d.]+)", " ".join(word for one in lists for word in one)
    )


NOT_IN_DEBIAN = {"mcp"}
"""Who wants it takes it with pip."""


def debian_name(package: str) -> str:
    name = package.lower().removesuffix("-python")
    return "python3-" + {"pillow": "pil"}.get(name, name)


@pytest.mark.parametrize(
    ("package", "version"), [one for one in needs() if one[0] not in NOT_IN_DEBIAN]
)
def test_the_package_asks_for_the_versions_of_the_project(
    package: str, version: str
) -> None:
    name = debian_name(package)
    if package == "lgpio":  # Raspberry Pi's archive counts its versions differently
        assert f" {name},\n" in CONTROL
    else:
        assert re.search(rf" {name} \(>= (1:)?{re.escape(version)}\),\n", CONTROL)


def test_the_package_asks_for_nothing_else_of_python() -> None:
    asked = re.findall(r"^ (python3-[\w-]+)", CONTROL.partition("\nPackage:")[2], re.M)

    needed = {package for package, _ in needs()} - NOT_IN_DEBIAN
    assert sorted(asked) == sorted(map(debian_name, needed))
    assert f"python3 ({PROJECT['requires-python'].replace('>=', '>= ')})" in CONTROL


def test_the_package_has_the_version_of_the_program() -> None:
    newest = re.match(
        r"edgevoice \((.*?)\)", (ROOT / "debian" / "changelog").read_text()
    )

    assert newest
    assert newest[1] == __version__ == PROJECT["version"]


@pytest.mark.parametrize("unit", UNITS, ids=["system", "user"])
def test_scripts_install_puts_its_own_program_into_every_line_of_the_unit(
    unit: Path,
) -> None:
    script = (ROOT / "scripts" / "install").read_text("utf-8")
    found = re.search(r'sed "(s#.*edgevoice.*)" "\$1"', script)
    assert found
    edit = found[1].replace("$venv", "/a folder").replace('\\"', '"')
    done = subprocess.run(
        ["sed", edit, str(unit)], capture_output=True, text=True, check=True
    )

    assert "/usr/bin/edgevoice" in unit.read_text("utf-8")
    assert "/usr/bin/edgevoice" not in done.stdout
    assert 'ExecStart="/a folder/bin/edgevoice" run\n' in done.stdout


def test_units_and_installers_mean_the_same_files() -> None:
    key = SYSTEM_FILE.with_name(CREDENTIAL_NAME)
    folder = SYSTEM_FILE.parent
    postinst = (ROOT / "debian" / "edgevoice.postinst").read_text("utf-8")

    assert f"LoadCredential={CREDENTIAL_NAME}:{key}\n" in UNITS[0].read_text("utf-8")
    assert f"key={key}\n" in postinst
    assert f"settings={folder}\n" in (ROOT / "scripts" / "places.sh").read_text("utf-8")
    assert f"config/{SYSTEM_FILE.name} {str(folder)[1:]}\n" in (
        ROOT / "debian" / "edgevoice.install"
    ).read_text("utf-8")


def test_the_package_refuses_the_folder_that_scripts_install_fills() -> None:
    places = (ROOT / "scripts" / "places.sh").read_text("utf-8")
    preinst = (ROOT / "debian" / "edgevoice.preinst").read_text("utf-8")
    folder = re.search(r"venv=(/.+)\n", places)

    assert folder
    assert f"-e {folder[1]}/bin/edgevoice ]" in preinst


def test_purge_knows_the_user_and_the_drop_in_that_were_made() -> None:
    postrm = (ROOT / "debian" / "edgevoice.postrm").read_text("utf-8")
    users = (ROOT / "systemd" / "edgevoice.sysusers").read_text("utf-8")
    home = re.search(r'^u edgevoice - ".*" (\S+)$', users, re.M)

    assert home
    assert f":{home[1]}:'" in postrm
    assert f"drop_ins={INPUT_DROP_IN.parent}\n" in postrm
    assert f'rm -f "$drop_ins/{INPUT_DROP_IN.name}"' in postrm
