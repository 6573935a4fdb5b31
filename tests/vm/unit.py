"""The installed service, as an administrator sees it."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from edgevoice.daemon.client import Client
from edgevoice.errors import EdgeVoiceError
from tests.vm.card import OURS
from tests.vm.waiting import output, until

UNIT = "edgevoice.service"
FOLDER = Path("/etc/edgevoice")
KEY_FILE = FOLDER / "gemini-api-key"
SETTINGS = FOLDER / "edgevoice.toml"
DROP_INS = Path("/etc/systemd/system/edgevoice.service.d")
SOCKET = Path("/run/edgevoice/control.sock")
KEY = "AIzaSyVirtualMachineTestKey0123456789abc"

BASE = {
    "live.endpoint": "ws://127.0.0.1:9",  # nobody is there
    "microphone.device": OURS,
    "speaker.device": OURS,
}


def write_key(key: str = KEY) -> None:
    """Put the key where README says, as it says."""
    FOLDER.mkdir(exist_ok=True)
    KEY_FILE.touch(0o600)
    KEY_FILE.write_text(f"{key}\n")


def write_settings(**changes: Any) -> None:
    """Write the settings: those of this machine, and changes such as button__tap_ms."""
    settings = BASE | {name.replace("__", "."): v for name, v in changes.items()}
    lines = (f"{name} = {_toml(value)}\n" for name, value in settings.items())
    SETTINGS.write_text("".join(lines))


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def drop_in(text: str) -> None:
    """What `systemctl edit` would write."""
    DROP_INS.mkdir(exist_ok=True)
    (DROP_INS / "test.conf").write_text(text)
    output("systemctl", "daemon-reload")


def no_drop_in() -> None:
    if DROP_INS.exists():
        shutil.rmtree(DROP_INS)
        output("systemctl", "daemon-reload")


def start() -> None:
    """Start it; returns once it is ready."""
    output("systemctl", "reset-failed", UNIT)  # or the limit of starts would count
    output("systemctl", "start", UNIT)


def fails_to_start() -> None:
    output("systemctl", "reset-failed", UNIT)
    done = subprocess.run(["systemctl", "start", UNIT], capture_output=True)
    assert done.returncode != 0


def stop() -> None:
    subprocess.run(["systemctl", "stop", UNIT], check=True)


def show(name: str) -> str:
    """One property, as systemd tells it."""
    return output("systemctl", "show", "--value", "-p", name, UNIT).strip()


def page() -> str:
    """What `systemctl status` prints; its exit status tells of the state only."""
    command = ["systemctl", "status", "--no-pager", "--full", "--lines=20", UNIT]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def journal(*options: str) -> str:
    """What the unit and systemd have logged about it since the machine started."""
    output("journalctl", "--sync")
    return output("journalctl", "-u", UNIT, "--no-pager", *options)


def status() -> dict[str, Any]:
    """What `edgevoice status --json` says; empty while nobody answers."""
    try:
        with Client(SOCKET) as client:
            return client.ask("status")
    except EdgeVoiceError:
        return {}


def is_at_rest() -> bool:
    """Idle, with link, microphone and speaker."""
    now = status()
    return (
        (now.get("phase"), now.get("link")) == ("idle", "up")
        and now["microphone"]["state"] == "open"
        and now["speaker"]["state"] == "open"
    )


def wait_for_rest() -> None:
    until(is_at_rest)
