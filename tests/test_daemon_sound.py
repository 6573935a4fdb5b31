"""What a person perceives when the microphone or the speaker is not there."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgevoice.audio import devices
from edgevoice.audio.devices import Pull
from edgevoice.audio.earcons import Earcon
from edgevoice.audio.pcm import BYTES_PER_FRAME, DOWNLINK_HZ, UPLINK_HZ
from edgevoice.controls.control import Signal
from edgevoice.daemon import keeper, standby
from edgevoice.errors import DeviceError
from tests.evening import Evening, evening, seconds_of

A_LONG_ANSWER = "a long, long answer " * 2  # 2.9 s of murmur


class Sockets:
    """Where the WAV devices are plugged in: they can be pulled out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._gone: set[str] = set()
        self._devices: dict[str, Any] = {}
        for kind, table in (
            ("microphone", devices.MICROPHONES),
            ("speaker", devices.SPEAKERS),
        ):
            backend: Callable[..., Any] = table["file:"]
            monkeypatch.setitem(table, "file:", partial(self._open, kind, backend))

    def _open(
        self, kind: str, backend: Callable[..., Any], path: str, call: object
    ) -> Any:
        if kind in self._gone:
            raise DeviceError(f"the {kind} is unplugged")
        self._devices[kind] = backend(path, call)
        return self._devices[kind]

    async def unplug(self, here: Evening, kind: str) -> None:
        """Returns when the daemon has seen it."""
        self._gone.add(kind)
        await asyncio.to_thread(self._devices[kind].close)
        lost = f"the {kind} is unplugged"
        await here.until(lambda: getattr(here.appliance.sound, kind).error == lost)

    async def plug(self, here: Evening, kind: str) -> None:
        """Returns when the daemon has opened it."""
        self._gone.discard(kind)
        await here.until(lambda: getattr(here.appliance.sound, kind).state == "open")


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sockets:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr(keeper, "RETRY_S", 0.02)
    monkeypatch.setattr(keeper, "CHECK_S", 0.01)
    return Sockets(monkeypatch)


def seconds_sent(here: Evening) -> float:
    size = sum(int(chunk["data"]) for chunk in here.received("audio"))
    return size / (BYTES_PER_FRAME * UPLINK_HZ)


def seconds_said(here: Evening) -> float:
    utterance = here.appliance.turns.utterance
    return utterance.duration if utterance is not None else 0.0


async def test_a_press_without_a_microphone_is_told_at_once_and_sends_nothing(
    tmp_path: Path, sockets: Sockets
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await sockets.unplug(here, "microphone")

        here.appliance.press("test")
        assert here.appliance.sound.sounding  # before a word is said
        assert here.guest.signals[-1] is Signal.ERROR
        await asyncio.sleep(0.3)  # no tap
        here.appliance.release("test")
        await here.until(here.outcomes)

        assert here.outcomes()[0]["outcome"] == "lost: the microphone gave no sound"
        assert here.received("audio") == []  # nor what was heard before it went


async def test_what_was_said_before_the_microphone_went_is_sent(
    tmp_path: Path, sockets: Sockets
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.press("test")
        assert await here.appliance.bell.until(lambda: seconds_said(here) > 0.4, 10.0)
        said = seconds_said(here)
        await sockets.unplug(here, "microphone")
        here.appliance.release("test")
        await here.until(here.outcomes)

        assert here.outcomes()[0]["outcome"] == "answered"
        assert seconds_sent(here) >= said


async def test_a_speaker_that_is_back_in_mid_answer_plays_the_rest(
    tmp_path: Path, sockets: Sockets
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.say(A_LONG_ANSWER)
        await here.until(lambda: here.appliance.phase == "speaking")
        await sockets.unplug(here, "speaker")
        played = here.appliance.sound.playout.played
        await sockets.plug(here, "speaker")
        await here.until(here.outcomes)

        assert here.outcomes()[0]["outcome"] == "answered"
        assert seconds_of(here.heard()) > 1.0  # the file began anew with the rest
        assert here.appliance.sound.playout.played > played


async def test_an_answer_that_was_lost_is_not_heard_when_the_speaker_is_back(
    tmp_path: Path, sockets: Sockets
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await sockets.unplug(here, "speaker")
        turn = await here.ask(0.3)
        assert turn["outcome"] == "lost: there is no loudspeaker"
        await sockets.plug(here, "speaker")

        assert here.appliance.sound.playout.buffered == 0
        assert not here.appliance.sound.playout.complete


async def test_a_signal_that_no_speaker_plays_is_not_heard_later(
    tmp_path: Path, sockets: Sockets
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        await sockets.unplug(here, "speaker")
        here.appliance.sound.signal(Earcon.FAILED)

        assert not here.appliance.sound.playout.sounding


async def test_without_a_speaker_the_first_syllable_is_kept_all_the_same(
    tmp_path: Path, sockets: Sockets
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.say(A_LONG_ANSWER)
        await here.until(lambda: here.appliance.sound.sounding)
        await sockets.unplug(here, "speaker")
        await here.until(here.outcomes)
        await asyncio.sleep(0.5)  # as long as the pre-roll
        here.appliance.press("test")

        assert seconds_said(here) > 0.3


class Card:
    """A card by hand: it pulls when it is told to."""

    def __init__(self, pull: Pull) -> None:
        self.name = "usbspeaker"
        self.rate = DOWNLINK_HZ
        self.underflows = 0
        self.last_callback = 0.0
        self.pull = pull
        self.closed = False

    def alive(self, now: float) -> bool:
        return True

    def wake(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class Cards:
    """Every card that was opened, and why the next one cannot be."""

    def __init__(self) -> None:
        self.opened: list[Card] = []
        self.fault = ""

    def open(self, name: str, pull: Pull) -> Card:
        if self.fault:
            raise DeviceError(self.fault)
        self.opened.append(Card(pull))
        return self.opened[-1]

    @property
    def closed(self) -> list[bool]:
        return [card.closed for card in self.opened]


@pytest.fixture
def cards(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> Cards:
    cards = Cards()
    monkeypatch.setitem(devices.SPEAKERS, "", cards.open)
    return cards


def loud(pcm: bytes) -> bool:
    return any(pcm)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards are a sound server's."""
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")


@pytest.mark.usefixtures("server")
async def test_what_a_sound_server_has_taken_is_dropped_at_an_interruption(
    tmp_path: Path, cards: Cards
) -> None:
    async with evening(tmp_path, speaker={"device": "usbspeaker"}) as here:
        sound = here.appliance.sound
        await here.until(lambda: sound.speaker.state == "open")
        sound.signal(Earcon.BUDGET_SPENT)
        assert loud(cards.opened[0].pull(480))
        sound.silence()

        assert sound.speaker.state == "open"  # as far as anybody is told
        assert await here.appliance.bell.until(lambda: len(cards.opened) == 2, 5.0)
        assert cards.closed == [True, False]
        assert not loud(cards.opened[1].pull(480))  # no fade behind the gap


async def test_a_card_without_a_sound_server_fades(
    tmp_path: Path, cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    async with evening(tmp_path, speaker={"device": "usbspeaker"}) as here:
        sound = here.appliance.sound
        await here.until(lambda: sound.speaker.device)
        sound.signal(Earcon.BUDGET_SPENT)
        assert loud(cards.opened[0].pull(480))
        sound.silence()

        assert loud(cards.opened[0].pull(480))
        assert not loud(cards.opened[0].pull(480))


@pytest.mark.usefixtures("server")
async def test_silence_is_not_cut(tmp_path: Path, cards: Cards) -> None:
    async with evening(tmp_path, speaker={"device": "usbspeaker"}) as here:
        sound = here.appliance.sound
        await here.until(lambda: sound.speaker.device)
        sound.silence()
        sound.speaker.use("hdmi")
        await here.until(lambda: len(cards.opened) == 2 and sound.speaker.device)

        assert cards.closed == [True, False]  # the first for the other name only


@pytest.mark.usefixtures("server")
async def test_a_card_that_is_always_on_fades(tmp_path: Path, cards: Cards) -> None:
    speaker = {"device": "usbspeaker", "always_on": True}
    async with evening(tmp_path, speaker=speaker) as here:
        sound = here.appliance.sound
        await here.until(lambda: sound.speaker.device)
        sound.signal(Earcon.BUDGET_SPENT)
        assert loud(cards.opened[0].pull(480))
        sound.silence()

        assert loud(cards.opened[0].pull(480))
        assert not loud(cards.opened[0].pull(480))


async def rest(here: Evening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Returns when the speaker's card is closed."""
    monkeypatch.setattr(standby, "REST_S", 0.0)
    await here.until(lambda: here.appliance.sound.speaker.state == "closed")


async def test_a_card_rests_while_nothing_is_to_be_heard(
    tmp_path: Path, cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with evening(tmp_path, speaker={"device": "usbspeaker"}) as here:
        sound = here.appliance.sound
        await rest(here, monkeypatch)
        sound.signal(Earcon.KEPT)
        await here.until(lambda: sound.speaker.state == "open")

        assert loud(cards.opened[-1].pull(480))
        while sound.playout.sounding:
            cards.opened[-1].pull(480)
        await here.until(lambda: sound.speaker.state == "closed")
        assert all(cards.closed)
        assert sound.error is None


async def test_a_card_that_is_missing_is_waited_for_without_end(
    tmp_path: Path, cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "RETRY_S", 0.01)
    async with evening(tmp_path, speaker={"device": "usbspeaker"}) as here:
        sound = here.appliance.sound
        await rest(here, monkeypatch)
        cards.fault = "there is no 'usbspeaker'"
        sound.signal(Earcon.KEPT)
        await here.until(lambda: sound.speaker.state == "missing")
        cards.fault = ""
        await here.until(lambda: sound.error is None)


async def test_another_name_for_a_card_that_rests_is_tried_at_once(
    tmp_path: Path, cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with evening(tmp_path, speaker={"device": "usbspeaker"}) as here:
        await here.is_idle()
        await rest(here, monkeypatch)
        monkeypatch.undo()
        monkeypatch.setitem(devices.SPEAKERS, "", cards.open)
        cards.fault = "there is no 'hdmi'"
        here.reload(speaker={"device": "hdmi"})

        await here.until(lambda: here.appliance.sound.error == cards.fault)


async def test_what_plays_an_answer_is_open_before_it_comes(
    tmp_path: Path, cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with evening(
        tmp_path, speaker={"device": "usbspeaker"}, behaviours=["mute@answer"]
    ) as here:
        await here.is_idle()
        await rest(here, monkeypatch)
        here.appliance.say("hello")

        await here.until(lambda: here.appliance.sound.speaker.state == "open")
        assert here.appliance.phase == "thinking"


async def test_a_press_opens_a_card_that_rests(
    tmp_path: Path, cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with evening(tmp_path, speaker={"device": "usbspeaker"}) as here:
        await here.is_idle()
        await rest(here, monkeypatch)
        here.appliance.press("test")

        await here.until(lambda: here.appliance.sound.speaker.state == "open")


async def test_a_signal_for_a_card_that_went_while_it_rested_is_not_heard_later(
    tmp_path: Path, cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with evening(tmp_path, speaker={"device": "usbspeaker"}) as here:
        sound = here.appliance.sound
        await rest(here, monkeypatch)
        cards.fault = "there is no 'usbspeaker'"
        sound.signal(Earcon.KEPT)
        await here.until(lambda: sound.speaker.state == "missing")

        assert sound.error == cards.fault
        assert not sound.playout.sounding
