"""New settings take effect while it runs, and nothing that goes on is lost."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from edgevoice.audio.earcons import Earcon
from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ
from edgevoice.audio.samples import Samples, to_samples
from edgevoice.audio.wavefile import read
from edgevoice.daemon.keeper import Keeper
from edgevoice.errors import ConfigError
from edgevoice.simulator import Received, Simulator
from edgevoice.simulator.behaviours import BEHAVIOURS
from edgevoice.simulator.journal import Connected
from tests.evening import Evening, evening, match, speech, write_wav
from tests.labels import Label, heard_whole, labels_in
from tests.program import ROOT, Program, environment, program

pytestmark = pytest.mark.usefixtures("own_state")

NOWHERE = "ws://127.0.0.1:1"


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


def setups(simulator: Simulator) -> list[dict[str, Any]]:
    """What each connection was asked for, in order."""
    return [
        entry.message["setup"]
        for entry in simulator.journal
        if isinstance(entry, Received) and "setup" in entry.message
    ]


def histories(simulator: Simulator) -> list[Any]:
    return [
        entry.message["clientContent"]
        for entry in simulator.journal
        if isinstance(entry, Received) and "clientContent" in entry.message
    ]


async def is_up_again(here: Evening, connections: int) -> None:
    await here.until(lambda: here.appliance.link.generation == connections)
    await here.is_idle()


async def opened(here: Evening, keeper: Keeper[Any], file: Path) -> None:
    """Wait until this is the open device."""
    await here.until(lambda: keeper.device and keeper.device.name.endswith(file.name))


def other_speech(folder: Path) -> tuple[Path, Samples]:
    """A second microphone, which hears something else."""
    sound = speech(6.0)[3 * UPLINK_HZ :]
    path = folder / "other.wav"
    write_wav(path, sound, UPLINK_HZ)
    return path, sound


def as_heard(sound: Samples) -> Samples:
    """What becomes of it when it is echoed."""
    heard = soxr.resample(sound[:UPLINK_HZ], UPLINK_HZ, DOWNLINK_HZ)
    return np.asarray(heard, np.int16)


# -- each kind of setting --------------------------------------------------------


async def test_the_volume_counts_at_once_in_mid_answer(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await here.speak(0.5)
        await here.until(lambda: here.appliance.phase == "speaking")

        reply = here.reload(speaker={"volume": 35})

        assert here.appliance.sound.volume == 35
        assert reply == {"changed": ["speaker.volume"], "restart": [], "waits": True}
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"


async def test_a_volume_set_by_hand_stays_while_the_setting_does(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path) as here:
        here.appliance.set_volume(20)
        here.reload(speaker={"earcons": False})
        assert here.appliance.sound.volume == 20


async def test_the_button_counts_by_the_new_durations(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        await here.speak(0.1)
        await here.is_idle()
        assert here.appliance.turns.tally.turns(0)["said"] == 0  # a tap

        here.reload(button={"tap_ms": 0})
        turn = await here.ask(0.1)

        assert turn["outcome"] == "answered"


async def test_another_microphone_is_opened(tmp_path: Path) -> None:
    path, sound = other_speech(tmp_path)
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.reload(microphone={"device": f"file:{path}"})
        await opened(here, here.appliance.sound.microphone, path)

        await here.ask(1.2)

        assert match(as_heard(sound), here.heard()) > 0.95


async def test_a_microphone_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    path, _ = other_speech(tmp_path)
    sought = path.rename(tmp_path / "hidden.wav").with_name("other.wav")
    async with evening(tmp_path) as here:
        microphone = here.appliance.sound.microphone
        here.reload(microphone={"device": f"file:{sought}"})
        await here.until(lambda: microphone.state == "missing")
        assert str(sought) in str(here.appliance.error)

        (tmp_path / "hidden.wav").rename(sought)

        await here.until(lambda: microphone.state == "open")
        assert here.appliance.error is None


async def test_another_speaker_is_opened(tmp_path: Path) -> None:
    new = tmp_path / "new.wav"
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.reload(speaker={"device": f"file:{new}"})
        await opened(here, here.appliance.sound.speaker, new)

        await here.ask(1.0)

        assert match(as_heard(speech(3.0)), to_samples(read(str(new))[0])) > 0.9
        assert not here.heard().any()


async def test_without_pre_roll_the_microphone_is_closed(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        microphone = here.appliance.sound.microphone
        here.reload(microphone={"pre_roll_ms": 0})
        await here.until(lambda: microphone.state == "closed")

        here.reload(microphone={"pre_roll_ms": 300})

        await here.until(lambda: microphone.state == "open")


async def test_another_voice_goes_on_with_the_conversation(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        await here.ask(0.3)
        await here.until(lambda: here.appliance.handles.kept)

        here.reload(live={"voice": "Puck"})

        await is_up_again(here, 2)
        before, after = setups(here.simulator)
        assert before["sessionResumption"] == {}
        assert after["sessionResumption"]["handle"]
        spoken = after["generationConfig"]["speechConfig"]
        assert "Puck" in str(spoken)
        assert here.appliance.handles.resumed
        assert (await here.ask(0.3))["outcome"] == "answered"
        assert here.refusals() == []


@pytest.mark.parametrize(
    "change",
    [{"instructions": "Be brief."}, {"model": "gemini-3.1-flash-live-preview"}],
)
async def test_other_instructions_are_a_new_session_that_is_told_the_last_words(
    change: dict[str, str], tmp_path: Path
) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        await here.ask(0.3)
        await here.until(lambda: here.appliance.handles.kept)

        reply = here.reload(live=change)

        await is_up_again(here, 2)
        assert reply["changed"] == [f"live.{key}" for key in change]
        assert setups(here.simulator)[1]["sessionResumption"] == {}
        assert not here.appliance.handles.resumed
        assert (await here.ask(0.3))["outcome"] == "answered"
        assert len(histories(here.simulator)) == 1


async def test_a_new_text_in_the_file_of_instructions_is_seen(tmp_path: Path) -> None:
    text = tmp_path / "who.txt"
    text.write_text("Be brief.")
    async with evening(tmp_path, live={"instructions_file": str(text)}) as here:
        await here.is_idle()
        text.write_text("Be kind.")

        assert here.reload()["changed"] == ["live.instructions_file"]

        await is_up_again(here, 2)
        assert "Be kind." in str(setups(here.simulator)[1])


async def test_another_key_is_used_from_the_next_connection_on(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.paper.credential = "auth_tokens/a-token"

        assert here.reload()["changed"] == ["API key"]

        await is_up_again(here, 2)
        how = [e.auth for e in here.simulator.journal if isinstance(e, Connected)]
        assert how == ["key header", "token header"]


async def test_another_server_is_called(tmp_path: Path) -> None:
    async with Simulator(pace=0) as other, evening(tmp_path, pace=0) as here:
        await here.is_idle()
        here.reload(live={"endpoint": other.url})
        await is_up_again(here, 2)

        assert (await here.ask(0.3))["outcome"] == "answered"

        assert len(setups(here.simulator)) == len(setups(other)) == 1


async def test_an_older_connection_than_is_wanted_now_is_left(tmp_path: Path) -> None:
    never = {"session": {"connection_minutes": 0}}
    async with evening(tmp_path, live=never) as here:
        await here.is_idle()
        here.reload(live={"session": {"connection_minutes": 0.001}})

        await is_up_again(here, 2)


async def test_the_socket_takes_a_restart_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with evening(tmp_path) as here:
        reply = here.reload(control={"socket": str(tmp_path / "elsewhere")})

        assert reply["restart"] == ["control.socket"]
        assert "control.socket: takes effect at the next start" in caplog.text


# -- what goes on ----------------------------------------------------------------


@pytest.fixture
def labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BEHAVIOURS, "label", Label)


EVERYTHING: dict[str, dict[str, Any]] = {
    "live": {"voice": "Kore", "instructions": "Be brief.", "keep_s": 10.0},
    "microphone": {"tail_ms": 100, "pre_roll_ms": 100},
    "speaker": {"earcons": False},
    "button": {"tap_ms": 100, "max_hold_s": 60},
}


@pytest.mark.usefixtures("labelled")
async def test_in_mid_answer_nothing_is_lost(tmp_path: Path) -> None:
    other, _ = other_speech(tmp_path)
    microphone = {**EVERYTHING["microphone"], "device": f"file:{other}"}
    async with evening(tmp_path, behaviours=["label"]) as here:
        await here.is_idle()
        await here.speak(0.4)
        await here.until(lambda: here.appliance.phase == "speaking")

        assert here.reload(**{**EVERYTHING, "microphone": microphone})["waits"]

        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"
        await is_up_again(here, 2)
        assert here.appliance.settings is here.paper.settings
        await opened(here, here.appliance.sound.microphone, other)
        await here.ask(0.4)
        labels = labels_in(here.heard())
        assert heard_whole(labels, 1)
        assert heard_whole(labels, 2)


async def test_in_mid_utterance_nothing_is_lost(tmp_path: Path) -> None:
    new = tmp_path / "new.wav"
    speaker = {"earcons": False, "device": f"file:{new}"}
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.press("test")
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"])

        assert here.reload(**{**EVERYTHING, "speaker": speaker})["waits"]
        await asyncio.sleep(1.0)  # the length of what is said
        here.appliance.release("test")

        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"
        assert match(as_heard(speech(3.0)), here.heard()) > 0.95
        await opened(here, here.appliance.sound.speaker, new)
        await is_up_again(here, 2)


async def test_ten_reloads_in_a_row_leave_the_last_one(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        for number in range(10):
            here.reload(live={"voice": f"voice-{number}"}, button={"tap_ms": number})

        await here.until(lambda: "voice-9" in str(setups(here.simulator)[-1]))
        await here.is_idle()
        assert len(setups(here.simulator)) <= 3
        assert here.appliance.settings.button.tap_ms == 9
        assert (await here.ask(0.3))["outcome"] == "answered"


async def test_the_end_of_a_signal_sound_is_a_pause(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.sound.signal(Earcon.FAILED)
        assert here.reload(button={"tap_ms": 100})["waits"]

        async with asyncio.timeout(5):
            await here.appliance.bell.until(
                lambda: here.appliance.settings is here.paper.settings
            )


async def test_what_is_the_same_changes_nothing(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        microphone = here.appliance.sound.microphone.device

        assert here.reload() == {"changed": [], "restart": [], "waits": False}

        assert (await here.ask(0.4))["outcome"] == "answered"
        assert here.appliance.link.generation == 1
        assert here.appliance.sound.microphone.device is microphone


# -- without a server ------------------------------------------------------------


async def test_what_was_kept_goes_to_the_server_that_is_named_now(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, pace=0, live={"endpoint": NOWHERE}) as here:
        await here.until(lambda: here.appliance.link.status == "down")
        await here.speak(0.4)
        await here.until(lambda: here.appliance.phase == "thinking")

        here.reload(live={"endpoint": here.simulator.url})

        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"


async def test_a_refusal_ends_with_what_mends_it(tmp_path: Path) -> None:
    refusal = "close=1008:models/old is not found for API version v1beta@setup"
    async with (
        Simulator(pace=0) as other,
        evening(tmp_path, behaviours=["echo", refusal]) as here,
    ):
        await here.until(lambda: here.appliance.link.status == "refused")

        here.reload(live={"endpoint": other.url})

        await here.is_idle()
        assert here.appliance.error is None


# -- settings with a mistake -----------------------------------------------------


async def test_mistakes_change_nothing_and_are_told_until_they_are_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        before = here.appliance.settings
        here.paper.mistakes = ("a.toml: x: unknown key", "a.toml: y: must be 1")

        with pytest.raises(ConfigError):
            here.reload(speaker={"volume": 3})

        errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
        assert errors == [f"new settings refused: {m}" for m in here.paper.mistakes]
        assert here.appliance.settings is before
        assert here.appliance.sound.volume == before.speaker.volume
        assert "the old ones count: a.toml: x" in str(here.appliance.error)
        assert (await here.ask(0.3))["outcome"] == "answered"

        here.paper.mistakes = ()
        here.reload()
        assert here.appliance.error is None
        assert here.appliance.sound.volume == 3


# -- the whole program -----------------------------------------------------------


def soon(true: Callable[[], object]) -> None:
    """Wait until something holds of which nobody is told."""
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def ask_to_reload(folder: Path) -> "subprocess.CompletedProcess[str]":
    """What the unit's ``ExecReload=`` does."""
    return subprocess.run(
        [sys.executable, "-m", "edgevoice", "reload"],
        cwd=ROOT,
        env=environment(folder, EDGEVOICE_SOCKET=str(folder / "control.sock")),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "edgevoice.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_sighup_reloads_and_systemd_is_told(tmp_path: Path) -> None:
    with program(tmp_path, NOWHERE, "speaker.volume = 50\n") as daemon:
        daemon.is_ready()
        change(tmp_path, "volume = 50", "volume = 60")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until_told(lambda told: told.count("READY=1") == 2)

        begun = daemon.notices.index("RELOADING=1")
        since = daemon.notices[begun + 1]
        assert since.startswith("MONOTONIC_USEC=")
        assert before <= int(since.partition("=")[2]) < before + 5_000_000
        assert daemon.ask("status")["volume"] == 60
        daemon.end()
        assert daemon.process.returncode == 0


def test_the_command_returns_when_the_new_settings_count_or_says_why_not(
    tmp_path: Path,
) -> None:
    def refused(daemon: Program) -> None:
        done = ask_to_reload(tmp_path)
        assert done.returncode == 1
        assert "speaker.volume = 6000" in done.stderr
        assert daemon.ask("status")["volume"] == 60
        daemon.status_says("new settings refused, the old ones count: ")
        assert "ERROR new settings refused: " in daemon.stderr

    with program(tmp_path, NOWHERE, "speaker.volume = 50\n") as daemon:
        daemon.is_ready()
        change(tmp_path, "volume = 50", "volume = 60")

        done = ask_to_reload(tmp_path)

        assert (done.returncode, done.stdout) == (0, "new: speaker.volume\n")
        assert daemon.ask("status")["volume"] == 60
        change(tmp_path, "volume = 60", "volume = 6000")
        refused(daemon)
        change(tmp_path, "volume = 6000", "volume = 70")
        assert ask_to_reload(tmp_path).returncode == 0
        assert daemon.ask("status")["volume"] == 70
        daemon.until_told(lambda told: "settings refused" not in statuses(told)[-1])
        daemon.end()


def statuses(told: list[str]) -> list[str]:
    return [line for line in told if line.startswith("STATUS=")]


def test_where_no_daemon_runs_the_command_says_so(tmp_path: Path) -> None:
    done = ask_to_reload(tmp_path)

    assert done.returncode == 3
    assert "no daemon listens" in done.stderr
