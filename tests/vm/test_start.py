"""`systemctl start`: ready without the world, and honest about what is missing."""

from tests.vm import unit
from tests.vm.conftest import Record
from tests.vm.waiting import output, until


def test_it_is_ready_without_network_and_server(record: Record) -> None:
    unit.start()
    assert unit.show("SubState") == "running"
    assert unit.show("Type") == "notify"
    until(lambda: unit.status().get("link") in ("connecting", "down"))
    until(lambda: "waiting for the server" in unit.show("StatusText"))
    begun = int(unit.show("ExecMainStartTimestampMonotonic"))
    ready = int(unit.show("ActiveEnterTimestampMonotonic"))
    record("start to READY, ms (emulated machine)", (ready - begun) // 1000)


def test_a_missing_key_is_told_and_not_tried_again() -> None:
    unit.KEY_FILE.unlink()
    unit.fails_to_start()
    assert_given_up("key")


def test_a_broken_setting_is_told_and_not_tried_again() -> None:
    unit.write_settings(speaker__volume=1000)
    unit.fails_to_start()
    assert_given_up("speaker.volume")


def assert_given_up(why: str) -> None:
    until(lambda: unit.show("ActiveState") == "failed")
    assert unit.show("ExecMainStatus") == "78"
    assert unit.show("NRestarts") == "0"
    assert why in unit.page()


def test_without_a_sound_card_it_is_ready_and_says_what_it_waits_for() -> None:
    output("modprobe", "-r", "snd-aloop")
    try:
        unit.start()
        assert unit.show("SubState") == "running"
        until(lambda: "microphone" in unit.show("StatusText"))
    finally:
        output("modprobe", "snd-aloop")
    until(lambda: unit.status()["microphone"]["state"] == "open")
    until(lambda: "microphone" not in unit.show("StatusText"))
