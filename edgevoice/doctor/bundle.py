"""``edgevoice doctor --bundle``: a report to be passed on to whoever helps.

Left out: the key, the handle of a session, what the settings have as instructions, the
host's name, the arguments of commands, and all that was said, of which the journal has
nothing anyhow. What looks like a key, and the passwords of addresses, are blotted out
once more at the end, wherever they stand.
"""

import io
import json
import os
import platform
import re
import sys
import tarfile
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from edgevoice import __version__
from edgevoice.audio.devices import list_devices
from edgevoice.config import SECRET, Configuration
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.report import as_json, describe
from edgevoice.doctor.tools import Ask, ask
from edgevoice.doctor.units import FIELDS, UNIT
from edgevoice.errors import DeviceError, EdgeVoiceError
from edgevoice.tools.userinfo import LEFT_OUT, without_userinfo

FOLDER: Final = "edgevoice-report"
"""In the archive."""

LINES: Final = 300
"""Of the journal."""

OURS: Final = frozenset(
    {
        "audioop-lts",
        "gpiozero",
        "jsonschema",
        "lgpio",
        "mcp",
        "msgspec",
        "numpy",
        "pillow",
        "pyaudio",
    }
    | {"soxr", "systemd-python", "websockets"}
)
"""Distributions whose versions matter."""

_SECRET: Final = re.compile(r"AIza[\w-]{10,}|auth_tokens/[\w./-]+|\bAQ\.[\w-]{10,}")
"""What Google's keys and tokens look like."""

_FILES: Final = ("/etc/os-release", "/proc/device-tree/model", "/proc/asound/cards")
_WHAT: Final = "findings, versions, settings, units, journal, devices"


def write(
    path: Path,
    findings: Sequence[Finding],
    settings: Configuration | None,
    secrets: Sequence[str],
    now: float,
) -> str:
    """Write the report; only its owner may read it.

    Args:
        path: Where to; what is there is replaced.
        findings: What was found.
        settings: None if they cannot be read.
        secrets: Words that must not be in it.
        now: Seconds since 1970, for the files in it.

    Returns:
        One line that says where it lies and what it holds.

    Raises:
        EdgeVoiceError: It cannot be written.
    """
    content = {
        "findings.json": json.dumps(as_json(findings), indent=2),
        "findings.txt": "\n".join(map(describe, findings)),
        "versions.txt": "\n".join(_versions()),
        "settings.json": json.dumps(_settings(settings), indent=2),
        "units.txt": "\n\n".join(_units(ask)),
        "journal.txt": "\n\n".join(_journal(ask)),
        "devices.txt": "\n".join(_devices()),
    }
    try:
        _pack(path, {name: _blot(text, secrets) for name, text in content.items()}, now)
    except OSError as error:
        reason = error.strerror or "unwritable"
        text = f"cannot write {path}: {reason}; name a file of your own"
        raise EdgeVoiceError(text) from None
    return f"{path}: {_WHAT}; no key and nothing that was said: pass it on as it is"


def _pack(path: Path, content: dict[str, str], now: float) -> None:
    if path.is_file():
        path.unlink()  # so that an old one's mode, or link, means nothing
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, text in content.items():
            data = text.encode("utf-8", "replace") + b"\n"
            entry = tarfile.TarInfo(f"{FOLDER}/{name}")
            entry.size, entry.mtime, entry.mode = len(data), int(now), 0o600
            tar.addfile(entry, io.BytesIO(data))


def _blot(text: str, secrets: Sequence[str]) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, LEFT_OUT)
    return without_userinfo(_SECRET.sub(LEFT_OUT, text))


def _versions() -> Iterator[str]:
    yield f"edgevoice {__version__}"
    yield f"python {sys.version}"
    # Without the host's name, which may be a person's.
    yield " ".join((platform.system(), platform.release(), platform.machine()))
    for one in distributions():
        name = str(one.metadata["Name"])
        if name.lower() in OURS:
            yield f"{name} {one.version}"
    for path in map(Path, _FILES):
        if path.exists():
            text = path.read_text(errors="replace").replace("\0", "")
            yield f"\n{path}:\n{text}"


def _settings(settings: Configuration | None) -> dict[str, Any]:
    """All settings but what a person wrote to the model, and where the key is."""
    if settings is None:
        return {"error": "they cannot be read: see the findings"}
    table: dict[str, Any] = msgspec.to_builtins(settings)
    live = table["live"]
    live["instructions"] = f"[{len(live['instructions'])} characters, left out]"
    called = (*table["tools"], *table["mcp"])  # keys may stand in any of these
    for one in (*called, table["camera"]):
        one["command"] = [*one["command"][:1], "..."] if one["command"] else []
    for one in called:
        one["url"] = urlsplit(one.get("url", "")).hostname
        for name in ("environment", "secrets", "headers"):
            one[name] = dict.fromkeys(one.get(name, ()), "[set]")
    for key in SECRET & live.keys():  # some write the secret itself
        live[key] = "[set]" if live[key] else ""
    return table


def _units(ask: Ask) -> Iterator[str]:
    for scope in ([], ["--user"]):
        asked = ["systemctl", *scope, "show", UNIT, f"--property={','.join(FIELDS)}"]
        yield f"{' '.join(asked)}\n{ask(*asked) or 'no answer'}"


def _journal(ask: Ask) -> Iterator[str]:
    for scope in ([], ["--user"]):
        asked = ["journalctl", *scope, "-u", UNIT, "-n", str(LINES), "--no-pager"]
        asked += ["--no-hostname", "-o", "short-iso"]
        yield f"{' '.join(asked)}\n{ask(*asked) or 'nothing; root may see more'}"


def _devices() -> Iterator[str]:
    try:
        for card in list_devices():
            yield str(card)
    except DeviceError as error:
        yield str(error)
    for pattern in ("gpiochip*", "snd/*", "input/by-id/*"):
        for node in sorted(Path("/dev").glob(pattern)):
            status = node.stat()
            yield f"{node} {status.st_mode:o} {status.st_uid} {status.st_gid}"
