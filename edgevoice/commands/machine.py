"""What is on this machine: ``check``, ``devices``."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgevoice import config
from edgevoice.commands.complaints import complain
from edgevoice.commands.options import Add, add_config
from edgevoice.errors import (
    EX_FAILED,
    EX_OK,
    ConfigError,
    CredentialError,
    DeviceError,
)

if TYPE_CHECKING:
    from edgevoice.audio.names import DeviceInfo, Direction


def add_to(add: Add) -> None:
    """Tell the command line of them."""
    add_config(add("check", check))
    add("devices", devices)


def check(args: argparse.Namespace) -> int:
    """Read the settings and say whether they are good."""
    path = config.find(args.config)
    settings = config.load(path)
    mistakes = [*_unusable_files(settings)]
    if mistakes:
        raise ConfigError(*(f"{path}: {mistake}" for mistake in mistakes))
    print(f"{path}: ok" if path else "no settings file: the defaults are used: ok")
    if settings.live.key_file and config.fetches_tokens(settings.live):
        print("live.key_file: does not count, since tokens are fetched")
    return EX_OK


def _unusable_files(settings: config.Configuration) -> Iterator[str]:
    """What is wrong with the files that the settings name."""
    from edgevoice.daemon import toolbox
    from edgevoice.tools import programs

    yield from toolbox.unusable(settings)
    live = settings.live
    if live.key_file and not config.fetches_tokens(live):
        try:
            config.credential(live, {})
        except CredentialError as error:
            yield f"live.key_file: {error}"
    if live.token_secret_file:
        try:
            config.token_secret(live.token_secret_file)
        except CredentialError as error:
            yield f"live.token_secret_file: {error}"
    if live.token_command and programs.refusal(live.token_command[0]):
        yield "live.token_command: there is no such program, or it is not executable"
    if settings.camera.command and (
        why := programs.refusal(settings.camera.command[0])
    ):
        yield f"camera.command: {why}"
    folder = Path(settings.history.file).expanduser().parent
    if folder.is_absolute() and not _can_be_made(folder):
        yield f"history.file: there is no folder {folder}, and it cannot be made here"
    device = settings.microphone.device
    if device.startswith("file:"):
        from edgevoice.audio.wavefile import read

        try:
            read(device.removeprefix("file:"))
        except DeviceError as error:
            yield f"microphone.device: {error}"


def _can_be_made(folder: Path) -> bool:
    """Whether a folder is there, perhaps for others only, or could be made by us."""
    if os.path.lexists(folder):
        return True
    there = next(one for one in folder.parents if os.path.lexists(one))
    return there.is_dir() and os.access(there, os.W_OK)


def devices(_: argparse.Namespace) -> int:
    """List microphones, speakers and GPIO chips with the names that settings take."""
    from edgevoice.audio.devices import list_devices

    result = EX_OK
    found: list[DeviceInfo] = []
    try:
        found = list_devices()
    except DeviceError as error:  # the chips are still worth a look
        result = complain(error, EX_FAILED)
    _print_cards("microphone", "input", found)
    _print_cards("speaker", "output", found)
    for chip in sorted(map(str, Path("/dev").glob("gpiochip*"))) or ["none"]:
        print(f"{'gpio chip':<12}{chip}")
    return result


def _print_cards(kind: str, direction: "Direction", found: "list[DeviceInfo]") -> None:
    from edgevoice.audio.names import forbidden

    cards = [card for card in found if card.channels(direction)]
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        default = ", the default" if direction in card.default_for else ""
        print(f"{kind:<12}{card.name:<{width}}  {card.description}{default}")
    if not cards:
        print(f"{kind:<12}{forbidden() or 'none'}")
