"""What a device's name says."""

from pathlib import Path

import pytest

from edgevoice.audio.devices import behind_server


@pytest.mark.parametrize(
    "name", ["hw:CARD=Device,DEV=0", "sysdefault:CARD=vc4hdmi", "file:a.wav", "default"]
)
def test_without_a_sound_server_a_card_is_a_card(name: str) -> None:
    assert not behind_server(name, {})
    assert not behind_server(name, {"XDG_RUNTIME_DIR": "/nowhere"})


@pytest.mark.parametrize("name", ["pulse", "pipewire", "jack"])
def test_a_server_is_known_by_its_name(name: str) -> None:
    assert behind_server(name, {})


@pytest.mark.parametrize("socket", ["pulse/native", "pipewire-0"])
def test_where_a_server_runs_the_default_leads_to_it(
    tmp_path: Path, socket: str
) -> None:
    path = tmp_path / socket
    path.parent.mkdir(exist_ok=True)
    path.touch()

    assert behind_server("default", {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert behind_server("default", {"PULSE_SERVER": "unix:/somewhere"})
    assert not behind_server("hw:CARD=Device", {"XDG_RUNTIME_DIR": str(tmp_path)})
