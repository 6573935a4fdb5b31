from pathlib import Path

import pytest

from edgevoice.audio.names import (
    DeviceInfo,
    Direction,
    card_ids,
    choose,
    forbidden,
    stable,
)
from edgevoice.errors import DeviceError

CARDS = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [Device         ]: USB-Audio - USB PnP Sound Device
                      C-Media Electronics Inc. USB PnP Sound Device at usb-1.3
"""

USB = DeviceInfo("hw:CARD=Device,DEV=0", "USB PnP Sound Device: Audio", 1, 2, 44_100)
JACK = DeviceInfo("hw:CARD=Headphones,DEV=0", "bcm2835 Headphones: - ", 0, 8, 48_000)
PULSE = DeviceInfo("pulse", "pulse", 32, 32, 44_100)
DEFAULT = DeviceInfo("default", "default", 32, 32, 44_100, ("input", "output"))
ALL = [JACK, USB, PULSE, DEFAULT]


def complaint(
    wanted: str, direction: Direction = "input", devices: list[DeviceInfo] = ALL
) -> str:
    with pytest.raises(DeviceError) as caught:
        choose(wanted, direction, devices, ["Headphones", "Device", "Busy"])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_number_of_a_card_becomes_its_id(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text(CARDS)
    cards = card_ids(tmp_path / "cards")

    name, description = stable("USB PnP Sound Device: Audio (hw:1,0)", cards)

    assert cards == {0: "Headphones", 1: "Device"}
    assert name == "hw:CARD=Device,DEV=0"
    assert description == "USB PnP Sound Device: Audio"


@pytest.mark.parametrize("name", ["default", "pulse", "usbmic", "Built-in Microphone"])
def test_names_that_are_stable_already_stay(name: str) -> None:
    assert stable(name, {0: "Headphones"}) == (name, name)


def test_a_card_that_the_kernel_does_not_list_keeps_its_name() -> None:
    assert stable("Odd (hw:7,0)", {})[0] == "Odd (hw:7,0)"


def test_a_machine_without_alsa_has_no_cards(tmp_path: Path) -> None:
    assert card_ids(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    "wanted",
    [
        "hw:CARD=Device,DEV=0",
        "plughw:CARD=Device,DEV=0",
        "hw:CARD=Device",
        "USB PnP Sound Device: Audio",
        "usb pnp",
        "PNP SOUND",
    ],
)
def test_a_device_is_found_by_name_description_or_a_part(wanted: str) -> None:
    assert choose(wanted, "input", ALL) is USB


def test_default_is_the_pcm_of_that_name() -> None:
    assert choose("default", "input", ALL) is DEFAULT


def test_without_such_a_pcm_default_is_what_the_system_prefers() -> None:
    mac = DeviceInfo("MacBook Air Microphone", "", 1, 0, 48_000, ("input",))

    assert choose("default", "input", [USB, mac]) is mac


def test_a_part_that_two_devices_have_is_refused_and_both_are_named() -> None:
    twin = DeviceInfo("hw:CARD=Device_1,DEV=0", USB.description, 1, 2, 44_100)

    text = complaint("usb pnp", devices=[USB, twin])

    assert "'hw:CARD=Device,DEV=0', 'hw:CARD=Device_1,DEV=0'" in text


def test_of_twins_the_one_with_just_that_name_is_taken() -> None:
    twin = DeviceInfo("hw:CARD=Device_1,DEV=0", USB.description, 1, 2, 44_100)

    assert choose(USB.name, "input", [twin, USB]) is USB


def test_a_mistyped_name_is_answered_with_the_nearest() -> None:
    assert "did you mean 'pulse'?" in complaint("pulze")
    assert "edgevoice devices" in complaint("nothing like it")


def test_a_speaker_cannot_be_a_microphone() -> None:
    assert "cannot record" in complaint(JACK.name)


def test_a_card_that_only_the_kernel_sees_is_in_use() -> None:
    assert "in use" in complaint("hw:CARD=Busy,DEV=0")


def test_no_device_at_all_says_so() -> None:
    assert "no speaker found" in complaint("default", "output", [])


def test_cards_that_we_may_not_use_name_the_group(tmp_path: Path) -> None:
    # A link to nowhere is what even root may not use.
    (tmp_path / "pcmC0D0c").symlink_to(tmp_path / "nowhere")

    assert "audio" in forbidden(tmp_path)


def test_cards_that_we_may_use_are_no_complaint(tmp_path: Path) -> None:
    (tmp_path / "pcmC0D0c").touch()

    assert forbidden(tmp_path) == ""
    assert forbidden(tmp_path / "absent") == ""
