"""What ``edgevoice simulator`` runs: the server, and a line for what happens."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

from edgevoice.audio.pcm import BYTES_PER_FRAME, DOWNLINK_HZ
from edgevoice.simulator.journal import (
    Answered,
    Connected,
    Disconnected,
    Dropped,
    Entry,
    Journal,
    Refusal,
)
from edgevoice.simulator.server import Simulator

_KEEP: Final = 1000
"""Journal entries kept; nobody reads them here."""


async def serve(host: str, port: int, behaviours: Sequence[str], seed: int = 0) -> None:
    """Run the simulator until cancelled.

    Prints ``listening on ws://HOST:PORT`` to stdout once it is ready, then one line
    to stderr for each connection, turn and refusal; never what was said.

    Args:
        host: Address to listen on.
        port: Port, 0 for a free one.
        behaviours: See ``behaviours``.
        seed: Of the chances that behaviours take.

    Raises:
        ConfigError: A behaviour is unknown.
        EdgeVoiceError: The address cannot be listened on.
    """
    journal = Journal(keep=_KEEP, on_entry=_report)
    async with Simulator(
        host=host, port=port, behaviours=behaviours, journal=journal, seed=seed
    ) as simulator:
        sys.stdout.write(f"listening on {simulator.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def _report(entry: Entry) -> None:
    if text := tell(entry):
        sys.stderr.write(f"connection {entry.connection}: {text}\n")


def tell(entry: Entry) -> str:
    """One line about an entry for a person; empty for single messages."""
    match entry:
        case Connected():
            return f"open, {entry.version}, {entry.auth}"
        case Answered():
            asked = f"{entry.spoken:.1f} s of speech" if entry.spoken else "text"
            sound = entry.audio / (BYTES_PER_FRAME * DOWNLINK_HZ)
            how = ", interrupted" if entry.interrupted else ""
            return f"turn {entry.turn}: {asked}, answered {sound:.1f} s{how}"
        case Refusal():
            return f"refused, {entry.code} {entry.reason}"
        case Dropped():
            return "cut"
        case Disconnected():
            return f"closed, {entry.code}"
    return ""
