"""The daemon that runs: it has the devices, so it is asked instead of disturbed."""

from pathlib import Path
from typing import Any, Final

from edgevoice.daemon.client import Client
from edgevoice.doctor.finding import Finding, ok, skipped, warning, wrong
from edgevoice.errors import EdgeVoiceError, Forbidden, NoDaemon

STOP: Final = "to try it: stop the daemon (`sudo systemctl stop edgevoice`)"

HELD: Final = "the running daemon has it"


def ask_daemon(path: Path) -> tuple[dict[str, Any] | None, Finding]:
    """Ask the daemon how it is.

    Args:
        path: Its control socket.

    Returns:
        Its status: None if none runs, nothing in it if it does not say; and ``daemon``.
    """
    try:
        with Client(path) as client:
            status = client.ask("status")
    except Forbidden as error:
        found, _, cure = str(error).partition(": ")
        return {}, skipped("daemon", found, cure)
    except NoDaemon:
        return None, skipped("daemon", "none runs; so its devices are tried here")
    except EdgeVoiceError as error:
        cure = "`sudo systemctl restart edgevoice`, and look into its journal"
        return {}, wrong("daemon", str(error), cure)
    words = f"version {status['version']}, link {status['link']}, {status['phase']}"
    if status["error"]:
        found, _, cure = str(status["error"]).partition("; ")
        return status, warning(
            "daemon", f"{words}: {found}", cure or "`edgevoice status`"
        )
    return status, ok("daemon", words)


def devices_of(status: dict[str, Any]) -> list[Finding]:
    """What a status says of microphone and speaker; the rest is skipped."""
    return [
        _device("microphone", status.get("microphone")),
        skipped("level", HELD, STOP),  # told once
        _device("speaker", status.get("speaker")),
        *(skipped(name, HELD) for name in ("tone", "button", "press", "lamp")),
    ]


def _device(kind: str, device: dict[str, Any] | None) -> Finding:
    if not device:
        return skipped(kind, "a running daemon may have it")
    if device["error"]:
        found, _, cure = str(device["error"]).partition("; ")
        return wrong(
            kind, f"{device['name']}: {found}", cure or "see `edgevoice devices`"
        )
    return ok(kind, f"{device['name']}: {device['state']} ({HELD})")
