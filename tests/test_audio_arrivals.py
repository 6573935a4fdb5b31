"""What promises that a new list of devices holds more."""

import pytest

from edgevoice.audio import arrivals
from edgevoice.audio.arrivals import Arrivals, alsa_opens
from edgevoice.audio.names import DeviceInfo, Direction
from tests.soundcard import SoundCard


class Desk:
    """Where cards are plugged in."""

    def __init__(self) -> None:
        self.cards = {0: "HDMI", 1: "Device"}
        self.opens = False

    def alsa_opens(self, _name: str, _direction: Direction) -> bool:
        return self.opens


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk()
    monkeypatch.setattr(arrivals, "card_ids", lambda: dict(made.cards))
    monkeypatch.setattr(arrivals, "alsa_opens", made.alsa_opens)
    return made


def listed(desk: Desk) -> Arrivals:
    made = Arrivals()
    made.listed()
    assert made.cards == desk.cards
    return made


def test_a_card_that_came_promises_and_one_that_went_does_not(desk: Desk) -> None:
    ours = listed(desk)
    del desk.cards[1]
    assert not ours.promise("usb", "input")
    desk.cards[2] = "Device"
    assert ours.promise("usb", "input")
    ours.listed()
    assert not ours.promise("usb", "input")


def test_what_alsa_opens_promises_once_until_it_was_gone_or_open(desk: Desk) -> None:
    ours = listed(desk)
    desk.opens = True
    assert ours.promise("usb", "input")
    assert not ours.promise("usb", "input")
    assert ours.promise("usb", "output")

    ours.kept("input")
    assert ours.promise("usb", "input")

    desk.opens = False
    assert not ours.promise("usb", "input")
    desk.opens = True
    assert ours.promise("usb", "input")


def test_a_card_with_another_number_is_outdated(desk: Desk) -> None:
    ours = listed(desk)
    device = DeviceInfo("hw:CARD=Device,DEV=0", "USB", 1, 0, 48_000)
    plugin = DeviceInfo("default", "default", 1, 1, 48_000)
    assert not ours.outdated(device)

    desk.cards = {0: "HDMI", 1: "Webcam", 2: "Device"}
    assert ours.outdated(device)
    assert not ours.outdated(plugin)


@pytest.mark.sound
def test_alsa_opens_what_is_there_now(sound_card: SoundCard) -> None:
    assert alsa_opens("usbmic", "input")
    assert alsa_opens("usbspeaker", "output")
    assert not alsa_opens("usbmik", "input")

    sound_card.kill()
    assert not alsa_opens("usbmic", "input")

    sound_card.start()
    assert alsa_opens("usbmic", "input")
