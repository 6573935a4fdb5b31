"""The report that is passed on: what is in it, and what is not."""

import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from edgevoice.audio.names import DeviceInfo
from edgevoice.config import Camera, Configuration, Live, McpSettings, ToolSettings
from edgevoice.doctor import bundle
from edgevoice.doctor.finding import Finding, ok, wrong
from edgevoice.doctor.tools import ask
from edgevoice.errors import EdgeVoiceError

KEY = "a-key-of-an-unusual-look"
USUAL = "AIzaSyA-key_of_nobody-123"
TOKEN = "auth_tokens/0123456789abcdef"
WORDS = "You are a friend of Ada Lovelace."
SETTINGS = Configuration(live=Live(instructions=WORDS, key_file=USUAL))
NOW = 1_800_000_000.0


CARD = DeviceInfo("hw:CARD=Mic,DEV=0", "USB Mic", 1, 0, 48_000)


@pytest.fixture(autouse=True)
def one_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """PortAudio stays unloaded, since a virtual card must be there before it is."""
    monkeypatch.setattr(bundle, "list_devices", lambda: [CARD])


def content(path: Path) -> dict[str, str]:
    def read() -> Iterator[tuple[str, str]]:
        with tarfile.open(path) as tar:
            for entry in tar:
                file = tar.extractfile(entry)
                assert file
                assert (entry.mode, entry.mtime) == (0o600, NOW)
                yield entry.name.partition("/")[2], file.read().decode()

    return dict(read())


FINDINGS = (ok("disk", f"{KEY} {USUAL}"), wrong("key", f"{TOKEN} bad", "mend it"))


def written(
    folder: Path,
    settings: Configuration | None = SETTINGS,
    findings: Sequence[Finding] = FINDINGS,
) -> dict[str, str]:
    path = folder / "report.tar.gz"
    line = bundle.write(path, findings, settings, ["", KEY], NOW)
    assert line.startswith(f"{path}: findings, versions, settings, ")
    assert path.stat().st_mode & 0o777 == 0o600
    return content(path)


def test_keys_and_instructions_are_left_out_wherever_they_stand(
    tmp_path: Path,
) -> None:
    everything = "".join(written(tmp_path).values())

    for secret in (KEY, USUAL, TOKEN, "Lovelace"):
        assert secret not in everything
    assert "[left out] bad" in everything


def test_what_helps_is_in_it(tmp_path: Path) -> None:
    files = written(tmp_path)

    assert [one["name"] for one in json.loads(files["findings.json"])] == [
        *("disk", "key")
    ]
    assert "✗ key " in files["findings.txt"]
    assert "msgspec " in files["versions.txt"]
    live = json.loads(files["settings.json"])["live"]
    assert live["model"] == "gemini-3.8-live"
    assert live["key_file"] == "[set]"
    assert live["instructions"] == f"[{len(WORDS)} characters, left out]"
    assert files["units.txt"].startswith("systemctl show edgevoice.service")
    assert "journalctl -u edgevoice.service -n 300" in files["journal.txt"]
    assert "hw:CARD=Mic,DEV=0" in files["devices.txt"]


def test_of_tools_it_holds_names_and_nothing_that_may_be_a_key(tmp_path: Path) -> None:
    places = {"TOKEN": "hunter2"}
    tool = ToolSettings(
        name="lamp",
        description="Set it.",
        command=("curl", "hunter2"),
        environment=places,
        secrets=places,
    )
    server = McpSettings(
        name="home", url="https://hunter2@home/hunter2", headers=places
    )
    text = written(tmp_path, Configuration(tools=(tool,), mcp=(server,)))

    assert "hunter2" not in text["settings.json"]
    assert json.loads(text["settings.json"])["mcp"][0]["url"] == "home"
    assert '"TOKEN": "[set]"' in text["settings.json"]


def test_settings_that_cannot_be_read_are_no_hindrance(tmp_path: Path) -> None:
    assert "cannot be read" in written(tmp_path, None)["settings.json"]


def test_an_old_report_gives_way_and_what_it_links_to_stays(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "report.tar.gz").symlink_to(precious)

    written(tmp_path)
    written(tmp_path)

    assert precious.read_text() == "mine"


@pytest.mark.parametrize("name", ["none/report.tar.gz", "."])
def test_a_place_that_cannot_be_written_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(EdgeVoiceError, match=r"^cannot write .*; name a file"):
        bundle.write(tmp_path / name, [], None, [], NOW)


def test_programs_are_asked_and_those_that_cannot_say_say_nothing() -> None:
    assert ask("printf", " hello ") == "hello"
    assert ask("false") is None
    assert ask("no-such-program") is None
    assert ask("sh", "-c", "echo $LC_ALL") == "C.UTF-8"


def test_the_password_of_a_camera_is_in_no_part_of_it(tmp_path: Path) -> None:
    address = "http://ada:geheim@127.0.0.1:9/cam.jpg"
    finding = wrong("camera", f"{address}: Connection refused", "mend it")
    camera = Camera(command=["ffmpeg", "-i", address, "-"])

    text = written(tmp_path, Configuration(camera=camera), [finding])

    assert "geheim" not in "".join(text.values())
    assert "ffmpeg" in text["settings.json"]
    assert "127.0.0.1:9/cam.jpg: Connection refused" in text["findings.txt"]
