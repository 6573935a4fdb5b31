"""A local server that speaks the Live API: for trying, and for all tests.

Strict where the real server is strict, so that what works here is legal there, and
able to fail in the ways in which the real one does (see ``behaviours``). It answers
with an echo of what was said; no model and no network is needed.
"""

from edgevoice.simulator.behaviours import BEHAVIOURS, describe
from edgevoice.simulator.journal import (
    Answered,
    CallCancelled,
    Called,
    Connected,
    Disconnected,
    Dropped,
    Entry,
    Received,
    Refusal,
    Responded,
    Sent,
)
from edgevoice.simulator.server import Simulator
from edgevoice.simulator.service import serve

__all__ = [
    "BEHAVIOURS",
    "Answered",
    "CallCancelled",
    "Called",
    "Connected",
    "Disconnected",
    "Dropped",
    "Entry",
    "Received",
    "Refusal",
    "Responded",
    "Sent",
    "Simulator",
    "describe",
    "serve",
]
