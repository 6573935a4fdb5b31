"""Whole turns, from the button to the loudspeaker, against the simulator."""

import asyncio
import contextlib
import json
import logging
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from edgevoice import waterfall
from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ
from edgevoice.controls.control import Signal
from edgevoice.daemon.control_socket import LONGEST_LINE
from edgevoice.simulator import Received, Simulator
from edgevoice.simulator.behaviours import BEHAVIOURS
from tests.evening import Evening, evening, match, speech
from tests.labels import Label, heard_whole, labels_in, stale

pytestmark = pytest.mark.usefixtures("own_state")


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept over a restart goes into the test's own folder."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


def order(here: Evening) -> list[str]:
    """The kinds of live input in the order in which the server got them."""
    return [
        next(iter(entry.message["realtimeInput"]))
        for entry in here.simulator.journal
        if isinstance(entry, Received) and "realtimeInput" in entry.message
    ]


# -- the turn --------------------------------------------------------------------


async def test_a_question_is_sent_whole_and_its_answer_is_heard(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        turn = await here.ask(1.0)
        assert turn["outcome"] == "answered"
        kinds = order(here)
        assert kinds[0] == "activityStart"
        assert kinds[-1] == "activityEnd"
        assert set(kinds[1:-1]) == {"audio"}
        chunks = here.received("audio")
        assert {chunk["mimeType"] for chunk in chunks} == {"audio/pcm;rate=16000"}
        assert all(chunk["data"] <= 3200 for chunk in chunks)  # 100 ms
        # 1 s held and 200 ms of tail; the file begins at the press.
        said = soxr.resample(speech(1.1), UPLINK_HZ, DOWNLINK_HZ).astype(np.int16)
        assert match(said, here.heard()) > 0.95


async def test_the_setup_says_what_the_settings_say(tmp_path: Path) -> None:
    live = {"voice": "Kore", "language": "de-DE", "instructions": "Be brief."}
    async with evening(tmp_path, live=live) as here:
        await here.is_idle()
        sent = next(
            entry.message["setup"]
            for entry in here.simulator.journal
            if isinstance(entry, Received) and "setup" in entry.message
        )
    assert sent["model"] == "models/gemini-3.8-live"
    assert sent["generationConfig"]["responseModalities"] == ["AUDIO"]
    assert sent["generationConfig"]["speechConfig"] == {
        "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}},
        "languageCode": "de-DE",
    }
    assert sent["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert sent["realtimeInputConfig"] == {
        "automaticActivityDetection": {"disabled": True},
        "activityHandling": "START_OF_ACTIVITY_INTERRUPTS",
        "turnCoverage": "TURN_INCLUDES_ONLY_ACTIVITY",
    }
    assert sent["sessionResumption"] == {}
    assert sent["contextWindowCompression"]["slidingWindow"]["targetTokens"] in (
        8000,
        "8000",
    )
    assert sent["inputAudioTranscription"] == sent["outputAudioTranscription"] == {}


async def test_the_timeline_of_a_turn_is_told(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        turn = await here.ask(0.5)
    moments = [
        turn[f"{name}_ms"]
        for name in (
            "pressed",
            "released",
            "last_audio_sent",
            "first_answer_audio",
            "first_sound",
            "ended",
        )
    ]
    assert moments == sorted(moments)
    assert turn["latency_ms"] == turn["first_sound_ms"] - turn["released_ms"]
    assert turn["first_audio_sent_ms"] >= 200  # held back until it is no tap


async def test_a_typed_turn_is_answered(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        assert here.appliance.say("hello")
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"
        assert order(here) == ["text"]


async def test_the_lamp_follows_the_turn(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await here.ask(0.5)
        assert here.guest.signals[-5:] == [
            Signal.IDLE,
            Signal.LISTENING,
            Signal.THINKING,
            Signal.SPEAKING,
            Signal.IDLE,
        ]


async def test_answers_of_several_turns_are_all_heard(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        outcomes = [(await here.ask(0.3))["outcome"] for _ in range(4)]
        assert outcomes == ["answered"] * 4
        assert here.refusals() == []


# -- taps, stuck buttons, toggles, several hands -------------------------------------


async def test_a_tap_silences_the_answer_and_sends_nothing(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await here.speak(1.5)
        await here.until(lambda: here.appliance.sound.playout.sounding or None, 5.0)
        sent = len(order(here))
        await here.speak(0.05)
        await here.is_idle()
        assert not here.appliance.sound.playout.buffered
        assert here.outcomes()[0]["outcome"] == "talked over"
        assert len(order(here)) == sent
        assert (await here.ask(0.5))["outcome"] == "answered"


async def test_a_stuck_button_stops_transmitting(tmp_path: Path) -> None:
    async with evening(tmp_path, button={"max_hold_s": 1}) as here:
        await here.is_idle()
        here.appliance.press("test")
        await here.until(lambda: "activityEnd" in order(here))
        await here.until(here.outcomes)
        chunks = len(here.received("audio"))
        assert here.appliance.phase == "idle"
        here.appliance.release("test")
        assert (await here.ask(0.5))["outcome"] == "answered"
        assert chunks * 0.04 < 1.6


async def test_talk_goes_on_while_any_source_is_held(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.press("gpio:17")
        here.appliance.press("keyboard")
        here.appliance.release("gpio:17")
        assert here.appliance.phase == "listening"
        here.appliance.release("keyboard")
        await here.until(lambda: here.appliance.phase != "listening")


async def test_in_toggle_mode_one_press_begins_and_the_next_ends(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, button={"mode": "toggle"}) as here:
        await here.is_idle()
        here.appliance.toggle("test")
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"] == 1)
        here.appliance.toggle("test")
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"


async def test_without_pre_roll_the_microphone_is_open_only_while_held(
    tmp_path: Path,
) -> None:
    folder = tmp_path
    async with evening(folder) as here:  # writes the question
        await here.is_idle()
    changes: dict[str, Any] = {"microphone": {"pre_roll_ms": 0}}
    async with Simulator() as simulator:
        opened = evening(folder, simulator=simulator, **changes)
        async with opened as here:
            await here.is_idle()
            assert here.appliance.sound.microphone.state == "closed"
            await here.speak(1.0)
            await here.until(lambda: here.appliance.sound.microphone.state == "closed")
            await here.until(here.outcomes)
            assert here.outcomes()[0]["outcome"] == "answered"
            said = soxr.resample(speech(0.8), UPLINK_HZ, DOWNLINK_HZ).astype(np.int16)
            assert match(said, here.heard()) > 0.95


# -- barge-in ----------------------------------------------------------------------


async def test_random_barge_ins_play_nothing_stale_and_lose_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BEHAVIOURS, "label", Label)
    chance = random.Random(3)
    whole: list[int] = []
    async with evening(tmp_path, behaviours=["label"]) as here:
        await here.is_idle()
        for number in range(1, 13):
            await here.speak(0.25)
            if number % 4 == 0:  # let this one finish
                await here.is_idle()
                whole.append(number)
            else:
                await asyncio.sleep(chance.uniform(0.2, 1.2))
        assert here.refusals() == []
        labels = labels_in(here.heard())
    assert stale(labels) == 0
    assert [turn for turn in whole if not heard_whole(labels, turn)] == []


async def test_after_a_press_the_old_answer_is_silent_at_once(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await here.speak(2.0)
        await here.until(lambda: here.appliance.phase == "speaking")
        await here.until(
            lambda: here.appliance.sound.playout.played > DOWNLINK_HZ // 5, 5.0
        )
        here.appliance.press("test")
        assert here.appliance.sound.playout.buffered == 0.0
        assert here.appliance.phase == "listening"
        here.appliance.release("test")


async def test_a_server_that_says_nothing_of_an_unbegun_turn_loses_no_answer(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, behaviours=["quiet_interrupt"]) as here:
        await here.is_idle()
        await here.speak(0.3)
        await here.until(lambda: "activityEnd" in order(here))
        turn = await here.ask(1.5)
        await here.until(lambda: len(here.outcomes()) == 2)
        assert here.outcomes()[-1]["outcome"] == "answered"
        assert turn is not None


# -- the link ----------------------------------------------------------------------


async def test_a_link_lost_in_mid_utterance_loses_nothing(tmp_path: Path) -> None:
    async with evening(tmp_path, behaviours=["drop@audio5"]) as here:
        await here.is_idle()
        turn = await here.ask(1.5)
        assert turn["outcome"] == "answered"
        said = soxr.resample(speech(1.5), UPLINK_HZ, DOWNLINK_HZ).astype(np.int16)
        assert match(said, here.heard()) > 0.95
        assert here.appliance.link.generation == 2


async def test_a_link_lost_before_the_answer_asks_again_once(tmp_path: Path) -> None:
    async with evening(tmp_path, behaviours=["drop@end1"]) as here:
        await here.is_idle()
        turn = await here.ask(0.5)
        assert turn["outcome"] == "answered"
        assert len(here.outcomes()) == 1
        assert order(here).count("activityEnd") == 2


async def test_a_link_lost_in_mid_answer_plays_what_came_and_says_so(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, behaviours=["drop@answer1"]) as here:
        await here.is_idle()
        turn = await here.ask(1.5)
        assert turn["outcome"] == "lost: the link broke in mid answer"
        await here.is_idle()
        assert order(here).count("activityEnd") == 1  # never asked twice
        assert (await here.ask(0.4))["outcome"] == "answered"


async def test_what_is_said_before_the_link_is_up_is_answered_when_it_is(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, behaviours=["delay=1.5@setup1"]) as here:
        turn = await here.ask(0.5)
        assert turn["outcome"] == "answered"


async def test_the_link_is_left_before_its_end_and_the_session_goes_on(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await here.ask(0.4)
        await here.until(lambda: here.appliance.may_leave())
        await here.simulator.go_away(4.0)
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()
        assert here.appliance.handles.resumed
        assert (await here.ask(0.4))["outcome"] == "answered"
        assert here.refusals() == []


async def test_a_restart_goes_on_with_the_session(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        async with evening(tmp_path, simulator=simulator) as here:
            await here.is_idle()
            await here.ask(0.4)
            await here.until(lambda: here.appliance.may_leave())
        async with evening(tmp_path, simulator=simulator) as here:
            await here.is_idle()
            assert here.appliance.handles.resumed
            await here.ask(0.4)


async def test_a_new_conversation_forgets_the_session(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await here.ask(0.4)
        here.appliance.begin_anew()
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()
        assert not here.appliance.handles.resumed


async def test_a_refused_key_is_told_once_and_tried_slowly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("edgevoice").propagate = True
    behaviours = ["close=1007:API key not valid. Please pass a valid API key.@setup"]
    async with evening(tmp_path, behaviours=behaviours) as here:
        await here.until(lambda: here.appliance.link.status == "refused")
        assert "API key not valid" in str(here.appliance.error)
        assert "check the API key" in str(here.appliance.error)
        assert here.guest.signals[-1] is Signal.ERROR
        assert here.appliance.link.generation == 1
    assert "a-key" not in caplog.text


# -- a server that fails -----------------------------------------------------------


async def test_no_answer_is_told_and_the_next_press_works(tmp_path: Path) -> None:
    async with evening(
        tmp_path, behaviours=["silent@1"], live={"answer_timeout_s": 2}
    ) as here:
        await here.is_idle()
        turn = await here.ask(0.4)
        assert turn["outcome"] == "lost: the server did not answer in time"
        assert (await here.ask(0.4))["outcome"] == "answered"


async def test_garbage_is_logged_once_and_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("edgevoice").propagate = True
    async with evening(tmp_path, behaviours=["garbage"]) as here:
        await here.is_idle()
        assert (await here.ask(0.5))["outcome"] == "answered"
    assert caplog.text.count("no valid message") == 1


@pytest.mark.parametrize(
    "behaviour", ["together", "bare_mime", "unknown", "text_messages", "late_audio"]
)
async def test_every_dialect_of_the_server_is_understood(
    tmp_path: Path, behaviour: str
) -> None:
    async with evening(tmp_path, behaviours=[behaviour]) as here:
        await here.is_idle()
        assert (await here.ask(0.25))["outcome"] == "answered"
        assert (await here.ask(0.25))["outcome"] == "answered"


# -- devices -----------------------------------------------------------------------


async def test_a_missing_microphone_is_told_and_waited_for(tmp_path: Path) -> None:
    microphone = {"device": f"file:{tmp_path / 'later.wav'}"}
    here: Evening
    async with evening(tmp_path) as here:
        await here.is_idle()
    settings: dict[str, Any] = {"microphone": microphone}
    async with evening(tmp_path, await_microphone=False, **settings) as here:
        await here.until(lambda: here.appliance.sound.microphone.error)
        assert here.appliance.sound.microphone.state == "missing"
        assert "later.wav" in str(here.appliance.error)
        (tmp_path / "question.wav").rename(tmp_path / "later.wav")
        await here.until(lambda: here.appliance.sound.microphone.state == "open", 5.0)
        assert here.appliance.error is None


async def test_a_missing_speaker_does_not_hold_up_the_next_turn(tmp_path: Path) -> None:
    speaker = {"device": f"file:{tmp_path / 'no' / 'such' / 'folder.wav'}"}
    async with evening(tmp_path, await_speaker=False, speaker=speaker) as here:
        await here.is_idle()
        await here.until(lambda: here.appliance.sound.speaker.error)
        for _ in range(2):
            turn = await here.ask(0.3)
            assert turn["outcome"] == "lost: there is no loudspeaker"
        assert here.guest.signals[-1] is Signal.ERROR


# -- the control socket ------------------------------------------------------------


async def talk_to(path: Path, *lines: bytes) -> list[dict[str, Any]]:
    """Send lines as they are; return one reply for each."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(b"".join(line + b"\n" for line in lines))
        return [json.loads(await reader.readline()) for _ in lines]
    finally:
        writer.close()
        await writer.wait_closed()


async def test_the_control_socket_answers_each_command_in_order(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        replies = await talk_to(
            tmp_path / "control.sock",
            b'{"command": "volume", "level": 40}',
            b'{"command": "nonsense"}',
            b"not json",
            b'{"command": "volume", "level": 101}',
            b'{"command": "say"}',
            b'{"command": ["press"]}',
            b"[]",
            b'{"command": "mute"}',
            b'{"command": "status"}',
        )
    assert replies[0] == {"ok": True, "volume": 40, "muted": False}
    assert [reply["ok"] for reply in replies[1:7]] == [False] * 6
    assert "unknown command 'nonsense'" in replies[1]["error"]
    status = replies[8]
    assert status["phase"] == "idle"
    assert status["link"] == "up"
    assert status["error"] is None
    assert status["muted"] is True
    assert set(status) >= {
        "session",
        "microphone",
        "speaker",
        "turns",
        "last_turn",
        "usage",
        "volume",
    }
    assert "a-key" not in json.dumps(status)


async def test_press_and_release_from_the_socket_make_a_turn(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        socket = tmp_path / "control.sock"
        assert await talk_to(socket, b'{"command": "press"}') == [{"ok": True}]
        await here.until(lambda: here.appliance.turns.tally.turns(0)["said"] == 1)
        await talk_to(socket, b'{"command": "release"}')
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"


async def test_the_socket_tells_the_last_turns_without_a_word_of_them(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        assert here.appliance.say("a secret")
        await here.until(here.outcomes)
        await here.ask(0.4)
        turns, status = await talk_to(
            tmp_path / "control.sock", b'{"command": "turns"}', b'{"command": "status"}'
        )
    told = [{k: v for k, v in one.items() if k != "event"} for one in here.outcomes()]
    assert turns["turns"] == told
    assert turns["latency"] == status["latency"]
    assert turns["latency"]["turns"] == 2
    assert status["last_turn"] == told[-1]
    assert [one["typed"] for one in told] == [True, False]
    assert "secret" not in json.dumps(turns)
    assert len(waterfall.text(turns["turns"], turns["latency"]).splitlines()) == 7


async def test_a_watcher_sees_phases_link_and_outcomes(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.write(b'{"command": "watch"}\n')
        assert json.loads(await reader.readline()) == {"ok": True}
        await here.ask(0.4)
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1].get("outcome") != "answered":
            seen.append(json.loads(await reader.readline()))
        phases = [item["phase"] for item in seen if item["event"] == "phase"]
        assert phases == ["listening", "thinking", "speaking"]
        assert all("time" in item for item in seen)
        writer.close()


async def test_a_line_without_end_disturbs_nobody(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        socket = tmp_path / "control.sock"
        reader, writer = await asyncio.open_unix_connection(socket)
        writer.write(b"x" * 2 * LONGEST_LINE)
        with contextlib.suppress(ConnectionResetError):  # cut off, not waited for
            while await reader.read(1000):
                pass
        writer.close()
        assert (await talk_to(socket, b'{"command": "status"}'))[0]["ok"]


async def test_a_second_daemon_does_not_take_the_socket(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        with pytest.raises(OSError, match="already listens"):
            async with evening(tmp_path):
                pass
        assert (await talk_to(tmp_path / "control.sock", b'{"command": "status"}'))[0]


# -- what a reader of the code found ------------------------------------------------


async def test_after_a_stop_the_button_works_whoever_held_it(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.press("socket")
        here.appliance.silence()
        assert here.appliance.phase == "idle"
        assert (await here.ask(0.3))["outcome"] == "answered"


async def test_a_tap_from_afar_does_not_cut_off_who_is_speaking(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.press("gpio")
        await talk_to(tmp_path / "control.sock", b'{"command": "tap"}')
        assert here.appliance.phase == "listening"
        here.appliance.release("gpio")


async def test_text_that_is_no_text_is_refused(tmp_path: Path) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        replies = await talk_to(
            tmp_path / "control.sock",
            b'{"command": "say", "text": "caf\\ud800"}',
            b'{"command": "volume", "muted": "yes"}',
            b'{"command": "status"}',
        )
        assert "no valid UTF-8" in replies[0]["error"]
        assert [reply["ok"] for reply in replies] == [False, False, True]


async def test_what_is_added_offline_is_sent_with_the_rest(tmp_path: Path) -> None:
    async with evening(tmp_path, behaviours=["delay=2@setup1"]) as here:
        await here.speak(0.4)
        await here.until(lambda: here.appliance.phase == "thinking")
        await here.speak(0.4)
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"
        assert order(here).count("activityEnd") == 1
        seconds = sum(chunk["data"] for chunk in here.received("audio")) / 32_000
        assert 1.2 <= seconds <= 2.2  # two presses with their tails and pre-rolls


async def test_without_a_microphone_nothing_is_sent_and_it_is_told(
    tmp_path: Path,
) -> None:
    microphone = {"device": f"file:{tmp_path / 'none.wav'}"}
    async with evening(tmp_path, await_microphone=False, microphone=microphone) as here:
        await here.is_idle()
        turn = await here.ask(0.4)
        assert turn["outcome"] == "lost: the microphone gave no sound"
        assert order(here) == []
        assert Signal.LISTENING not in here.guest.signals


async def test_a_server_that_does_not_answer_is_left_for_a_new_link(
    tmp_path: Path,
) -> None:
    async with evening(
        tmp_path, behaviours=["silent@1"], live={"answer_timeout_s": 2}
    ) as here:
        await here.is_idle()
        await here.ask(0.3)
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()
        assert (await here.ask(0.3))["outcome"] == "answered"


async def test_a_turn_that_breaks_every_link_is_told_and_dropped(
    tmp_path: Path,
) -> None:
    behaviours = ["close=1011:Internal error encountered.@end"]
    async with evening(tmp_path, behaviours=behaviours) as here:
        await here.is_idle()
        await here.speak(0.3)
        await here.until(here.outcomes, 15.0)
        outcome = here.outcomes()[0]["outcome"]
        assert outcome == "lost: the link broke each time that it was sent"
        assert order(here).count("activityEnd") == 3


async def test_a_pause_begins_a_new_conversation_but_not_in_mid_dialogue(
    tmp_path: Path,
) -> None:
    live = {"session": {"idle_reset_minutes": 3 / 60}}
    async with evening(tmp_path, live=live) as here:
        await here.is_idle()
        await here.ask(0.3)
        await asyncio.sleep(2.0)
        await here.ask(0.3)  # 2 s after the last one
        assert here.appliance.link.generation == 1
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()
        assert not here.appliance.handles.resumed
