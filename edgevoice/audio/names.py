"""Names of sound cards that stay the same, and finding a card by what a person typed.

PortAudio calls a card ``USB PnP Sound Device: Audio (hw:1,0)``, and the 1 changes
with the order in which cards are found at boot. ALSA's ``hw:CARD=Device,DEV=0``
stays. Plugin PCMs of ALSA (``default``, ``pulse``) have stable names already.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from edgevoice.errors import DeviceError

Direction = Literal["input", "output"]

KIND: Final[Mapping[Direction, str]] = {"input": "microphone", "output": "speaker"}
"""What a person calls a device of this direction."""

PROC_CARDS: Final = Path("/proc/asound/cards")
"""Where Linux lists its sound cards: number, [id], description."""

LIST: Final = "`edgevoice devices` lists what there is"

_HARDWARE: Final = re.compile(r"(?P<human>.*) \(hw:(?P<card>\d+),(?P<device>\d+)\)")
_CARD: Final = re.compile(r"^\s*(\d+) \[(\S+)\s*\]", re.MULTILINE)


@dataclass(frozen=True)
class DeviceInfo:
    """One sound device, as `edgevoice devices` shows it.

    Attributes:
        name: Stable name, for the settings.
        description: What the card calls itself.
        inputs: Most channels it records; 0: no microphone.
        outputs: Most channels it plays; 0: no speaker.
        hz: Its own default rate.
        default_for: The directions for which ``default`` means this one.
    """

    name: str
    description: str
    inputs: int
    outputs: int
    hz: int
    default_for: tuple[Direction, ...] = ()

    def channels(self, direction: Direction) -> int:
        """Most channels in this direction."""
        return self.inputs if direction == "input" else self.outputs


def card_ids(path: Path = PROC_CARDS) -> dict[int, str]:
    """The stable id of each card number; empty where there is no ALSA."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return {}
    return {int(number): card for number, card in _CARD.findall(text)}


def stable(portaudio_name: str, cards: Mapping[int, str]) -> tuple[str, str]:
    """Stable name and description of a device as PortAudio names it."""
    if not (match := _HARDWARE.fullmatch(portaudio_name)):
        return portaudio_name, portaudio_name
    if not (card := cards.get(int(match["card"]))):
        return portaudio_name, portaudio_name
    return f"hw:CARD={card},DEV={match['device']}", match["human"]


def choose(
    wanted: str,
    direction: Direction,
    devices: Sequence[DeviceInfo],
    cards: Iterable[str] = (),
) -> DeviceInfo:
    """Find the device that a setting means.

    Taken are, in this order: the stable name (``plughw:`` counts as ``hw:``, since
    rates are converted here anyway), the description, and any part of either that
    only one device has, upper or lower case alike.

    Args:
        wanted: What the settings say.
        direction: Whether it shall record or play.
        devices: All devices there are, as PortAudio sees them.
        cards: Ids of the cards that the kernel sees; one that PortAudio does not
            list is held by another program.

    Raises:
        DeviceError: There is none, or more than one.
    """
    usable = [device for device in devices if device.channels(direction)]
    wanted = wanted.removeprefix("plug") if wanted.startswith("plughw:") else wanted
    found = [device for device in usable if device.name == wanted]
    if not found and wanted == "default":
        found = [device for device in usable if direction in device.default_for]
    if not found:
        found = _alike(wanted.casefold(), usable)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(repr(device.name) for device in found)
        raise DeviceError(f"{KIND[direction]} {wanted!r} may mean {names}; write one")
    raise DeviceError(_absent(wanted, direction, devices, cards))


def forbidden(folder: Path = Path("/dev/snd")) -> str:
    """What is to be done if there are cards that we may not use; empty if we may."""
    nodes = [*folder.glob("controlC*"), *folder.glob("pcmC*")]
    if all(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        return ""
    return f"no permission to use {folder}; `sudo adduser USER audio`, then log in anew"


def _alike(wanted: str, devices: Iterable[DeviceInfo]) -> list[DeviceInfo]:
    """Those described by just this text, else those that have it in them."""
    texts = {device: _texts(device) for device in devices}
    same = [device for device, text in texts.items() if wanted in text]
    part = [d for d, text in texts.items() if any(wanted in each for each in text)]
    return same or part


def _texts(device: DeviceInfo) -> tuple[str, str]:
    return device.name.casefold(), device.description.casefold()


def _absent(
    wanted: str,
    direction: Direction,
    devices: Sequence[DeviceInfo],
    cards: Iterable[str],
) -> str:
    """Why there is no such device, and what mends it."""
    what = f"{KIND[direction]} {wanted!r}"
    card = re.match(r"hw:CARD=([^,]+)", wanted)
    listed = any(device.name.startswith(wanted) for device in devices)
    if card and card[1] in cards and not listed:
        return f"{what} is in use by another program; `fuser -v /dev/snd/*` shows which"
    if any(wanted == device.name for device in devices):
        return f"{what} cannot {'record' if direction == 'input' else 'play'}; {LIST}"
    usable = [device for device in devices if device.channels(direction)]
    if not usable:
        return f"no {KIND[direction]} found; plug one in, then {LIST}"
    texts = {text: device.name for device in usable for text in _texts(device)}
    from difflib import get_close_matches

    near = get_close_matches(wanted.casefold(), texts, n=1, cutoff=0.5)
    hint = f"did you mean {texts[near[0]]!r}? " if near else ""
    return f"there is no {what}; {hint}{LIST}"
