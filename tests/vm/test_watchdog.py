"""systemd restarts a daemon that does not work; the conversation goes on."""

import sys
import time
from pathlib import Path

import pytest

from edgevoice.simulator import Received
from tests.vm import header, unit
from tests.vm.conftest import Record
from tests.vm.server import Server
from tests.vm.waiting import output, until

SABOTEUR = Path("/usr/local/lib/edgevoice-test/saboteur.py")
WATCHDOG_S = 5
DROP_IN = """\
[Service]
WatchdogSec={watchdog}
RestartSec=1
ExecStart=
ExecStart={python} {saboteur} {fault} run
"""


@pytest.mark.parametrize("fault", ["loop", "microphone", "button"])
def test_a_dead_thread_leads_to_a_restart_and_the_conversation_goes_on(
    fault: str, record: Record
) -> None:
    SABOTEUR.parent.mkdir(exist_ok=True)
    SABOTEUR.write_text(Path(__file__).with_name("saboteur.py").read_text())
    places = {"python": sys.executable, "saboteur": SABOTEUR}
    unit.drop_in(DROP_IN.format(fault=fault, watchdog=WATCHDOG_S, **places))
    with Server("empty", pace=0) as server:
        unit.write_settings(live__endpoint=server.url)
        unit.start()
        unit.wait_for_rest()
        ask(server, turn=1)
        begin = time.monotonic()
        output("systemctl", "kill", "--signal=SIGUSR2", "--kill-whom=main", unit.UNIT)
        if fault == "button":  # its thread notices at the next edge
            header.press()
            header.release()
        until(lambda: unit.show("NRestarts") == "1", patience=120, pause=0.1)
        unit.wait_for_rest()
        record(f"{fault} dead to at rest again, s", round(time.monotonic() - begin, 1))
        assert unit.status()["session"]["resumed"]
        assert "handle" in last_setup(server)["sessionResumption"]
        ask(server, turn=2)
    assert "watchdog" in unit.journal().lower()


def ask(server: Server, turn: int) -> None:
    header.press()
    server.wait(lambda: len(server.times("activityStart")) >= turn)
    header.release()
    server.wait(lambda: len(server.times("activityEnd")) >= turn)
    until(lambda: unit.status().get("phase") == "idle")


def last_setup(server: Server) -> dict[str, dict[str, object]]:
    messages = [entry.message for entry in server.entries(Received)]
    setups = [message["setup"] for message in messages if "setup" in message]
    found: dict[str, dict[str, object]] = setups[-1]
    return found
