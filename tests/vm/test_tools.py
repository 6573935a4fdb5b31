"""What the model may do in the cage, if the person allows it; and a day's budget."""

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from edgevoice.conversation import ASK_HEARD
from edgevoice.simulator import Called, Responded
from tests.vm import header, unit
from tests.vm.server import Server
from tests.vm.waiting import output, until

LAMP = Path("/usr/local/bin/edgevoice-test-lamp")
OPEN = Path("/srv/open")
"""A folder in which anybody may write, as far as the modes go."""
SCRIPT = """\
#!/bin/sh
echo "level $1 by $(id -un), key $(printf %s "$LAMP_KEY" | sha256sum | cut -d' ' -f1)"
touch /srv/open/lamp 2>/dev/null && echo "it is not confined"
echo "the lamp does not answer" >&2
exit 3
"""
SECRET = "the-lamp-s-own-key"
SECRET_FILE = unit.FOLDER / "lamp-key"
TOOL = f"""
[[tools]]
name = "dim"
description = "Dim the lamp."
command = ["{LAMP}", "{{level}}"]
parameters = {{ level = "integer" }}
secrets = {{ LAMP_KEY = "lamp-key" }}
confirm = "press"
"""


def offer_the_lamp(endpoint: str) -> None:
    """A command with a secret, set up as its user would do it."""
    OPEN.mkdir(exist_ok=True)
    OPEN.chmod(0o777)
    LAMP.write_text(SCRIPT)
    LAMP.chmod(0o755)
    SECRET_FILE.touch(0o600)
    SECRET_FILE.write_text(f"{SECRET}\n")
    unit.drop_in(f"[Service]\nLoadCredential=lamp-key:{SECRET_FILE}\n")
    unit.write_settings(live__endpoint=endpoint)
    unit.SETTINGS.write_text(unit.SETTINGS.read_text() + TOOL)


@contextmanager
def watched() -> Iterator[TextIO]:
    """What `edgevoice watch --json` tells, line by line, from now on."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(unit.SOCKET))
        connection.sendall(b'{"command": "watch"}\n')
        with connection.makefile() as lines:
            assert json.loads(lines.readline()) == {"ok": True}
            yield lines


def next_of(lines: TextIO, event: str) -> dict[str, Any]:
    """The next event of a kind."""
    return next(one for one in map(json.loads, lines) if one["event"] == event)


def speak(server: Server, turn: int) -> None:
    header.press()
    server.wait(lambda: len(server.times("activityStart")) == turn)
    header.release()
    server.wait(lambda: len(server.times("activityEnd")) == turn)


def test_a_spoken_turn_runs_a_command_with_its_secret_once_the_button_allows_it() -> (
    None
):
    with Server('call=dim:{"level": 40}', pace=0) as server:
        offer_the_lamp(server.url)
        unit.start()
        unit.wait_for_rest()
        with watched() as lines:
            speak(server, turn=1)
            assert next_of(lines, "question")["args"] == {"level": 40}
            assert server.entries(Called)
            assert not server.entries(Responded)  # not before it is allowed
            time.sleep(2 * ASK_HEARD)  # the time in which a person hears it
            header.press()
            header.release()
            assert next_of(lines, "question")["allowed"] is True
        until(lambda: unit.status()["turns"]["answered"] == 1)
        [answer] = server.entries(Responded)
    key = hashlib.sha256(SECRET.encode()).hexdigest()
    assert answer.response == {
        "error": "the lamp does not answer",
        "exit_code": 3,
        "output": f"level 40 by edgevoice, key {key}",
    }
    assert SECRET not in unit.journal("-o", "json", "--all")
    process = Path("/proc", unit.show("MainPID"))
    assert SECRET.encode() not in (process / "environ").read_bytes()


def test_a_budget_that_is_spent_is_so_after_a_restart_too() -> None:
    def spent() -> bool:
        return "budget" in (unit.status().get("error") or "")

    def set_budget(daily: float) -> None:
        unit.write_settings(
            live__endpoint=server.url, button__tap_ms=0, budget__daily=daily
        )

    with Server(pace=0) as server:
        set_budget(0.0)
        unit.start()
        unit.wait_for_rest()
        speak(server, turn=1)
        until(lambda: unit.status()["usage"]["money"] > 0.000001)
        set_budget(0.000001)
        output("systemctl", "restart", unit.UNIT)
        until(spent)
        unit.wait_for_rest()
        header.press()
        header.release()
        assert spent()
        set_budget(0.0)
        output("systemctl", "reload", unit.UNIT)
        until(lambda: not spent())
        speak(server, turn=2)  # the press before it was none
        assert len(server.times("activityStart")) == 2
