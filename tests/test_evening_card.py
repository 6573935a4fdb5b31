"""A whole turn on a sound card in real time: what was fed in is what comes out."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soxr

from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ
from edgevoice.controls.control import Signal
from edgevoice.daemon.sound import Sound
from edgevoice.demo import QUESTION
from edgevoice.simulator import Simulator
from tests.evening import evening
from tests.likeness import is_whole
from tests.soundcard import LOUD, Recording, SoundCard

pytestmark = pytest.mark.sound


async def test_the_echo_of_what_was_fed_to_the_microphone_is_heard(
    tmp_path: Path, sound_card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    async with (
        Simulator() as simulator,
        evening(
            tmp_path,
            simulator=simulator,
            microphone={"device": "usbmic"},
            speaker={"device": "usbspeaker"},
        ) as here,
    ):
        await here.is_idle()
        with sound_card.listening() as recording:
            here.appliance.press("test")
            await asyncio.to_thread(sound_card.feed, QUESTION)
            here.appliance.release("test")
            await here.until(here.outcomes)
            await asyncio.to_thread(recording.wait_for_silence)
        assert here.outcomes()[0]["outcome"] == "answered"
        assert here.outcomes()[0]["underruns"] == 0  # the network's, not the card's
    fed = np.frombuffer(QUESTION.read_bytes()[44:], np.int16)
    question = soxr.resample(fed, UPLINK_HZ, DOWNLINK_HZ).astype(np.int16)
    assert is_whole(question, recording.sound)


async def test_an_answer_that_is_talked_over_is_silent_at_once(
    tmp_path: Path,
    sound_card: SoundCard,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    async with evening(
        tmp_path,
        microphone={"device": "usbmic"},
        speaker={"device": "usbspeaker"},
    ) as here:
        await here.is_idle()
        silent_after = []
        for _ in range(3):  # a busy machine may be late once
            with sound_card.listening() as recording:
                here.appliance.say("a long, long answer " * 4)
                await asyncio.to_thread(recording.wait_until, partial(heard, recording))
                pressed = time.monotonic()
                here.appliance.press("test")
                await asyncio.to_thread(recording.wait_for_silence)
                assert here.appliance.sound.speaker.state == "open"
            last = int(np.flatnonzero(abs(recording.sound.astype(int)) > LOUD)[-1])
            silent_after.append(recording.arrived(last) - pressed)
            here.appliance.silence()
            await here.is_idle()
        record_property("silent_after_ms", [round(1000 * one) for one in silent_after])
        assert min(silent_after) < 0.045


def heard(recording: Recording) -> bool:
    """Whether a quarter of a second has been."""
    return len(np.flatnonzero(recording.sound)) > DOWNLINK_HZ // 4


async def test_a_card_that_was_lost_works_within_three_seconds_of_its_return(
    tmp_path: Path, sound_card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scripts/drill-devices does it for longer, and in more ways."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    async with evening(
        tmp_path,
        microphone={"device": "usbmic"},
        speaker={"device": "usbspeaker"},
    ) as here:
        await here.is_idle()
        sound = here.appliance.sound
        for _ in range(2):
            sound_card.kill()
            await here.until(lambda: states(sound) == {"missing"})
            assert here.guest.signals[-1] is Signal.ERROR

            await asyncio.to_thread(sound_card.start)
            await here.until(lambda: states(sound) == {"open"}, timeout=3.0)
            assert here.appliance.error is None
        with sound_card.listening() as recording:
            here.appliance.press("test")
            await asyncio.to_thread(sound_card.feed, QUESTION)
            here.appliance.release("test")
            await here.until(here.outcomes)
            assert here.outcomes()[0]["outcome"] == "answered"
            recording.wait_until(lambda: bool((abs(recording.sound) > LOUD).any()))


def states(sound: Sound) -> set[str]:
    return {sound.microphone.state, sound.speaker.state}
