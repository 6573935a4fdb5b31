"""What a microphone and a speaker are, and which backend opens which name.

A device's name is what the settings carry: ``default``, an ALSA name that stays
the same over reboots (``hw:CARD=Device,DEV=0``), or ``file:NAME.wav``.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from edgevoice.audio.names import DeviceInfo, Direction

STALLED: Final = 1.0
"""Seconds without a call of ``on_block`` or ``pull`` after which a device is lost."""

OnBlock: TypeAlias = Callable[[bytes], None]
"""Takes one block of 16 kHz mono PCM, any length; called in the device's own thread.

It must return at once and must not raise: an exception ends a card's stream.
"""

Pull: TypeAlias = Callable[[int], bytes]
"""Gives so many 24 kHz frames as PCM; called in the device's own thread.

It gives nothing at all while there is nothing to be heard: then the device is silent,
and may rest until ``Speaker.wake``. It must return at once and must not raise: an
exception ends a card's stream.
"""


class Microphone(Protocol):
    """Delivers sound from the moment it is opened until it is closed."""

    name: str
    """Resolved, stable name, as `edgevoice devices` prints it."""
    rate: int
    """Rate at which the device itself runs, in Hz."""

    @property
    def overflows(self) -> int:
        """How often sound was dropped because it was not taken in time."""

    @property
    def last_callback(self) -> float:
        """``time.monotonic()`` of the newest block."""

    def alive(self, now: float) -> bool:
        """Whether blocks still come; ``now`` is ``time.monotonic()``."""

    def close(self) -> None:
        """Stop; may be called twice, from any thread; no block comes after it."""

    def rewind(self) -> None:
        """A press begins: a file starts again from its beginning, a card goes on.

        A file forgets what it has not handed over; see ``flush``.
        """

    def flush(self) -> None:
        """Hand over what was heard until now; a card gives whole blocks only."""

    def hurry(self) -> None:
        """Hand something over soon: without it the activity cannot begin."""


class Speaker(Protocol):
    """Asks for sound from the moment it is opened until it is closed."""

    name: str
    rate: int

    @property
    def underflows(self) -> int:
        """How often the device ran dry because a block came too late."""

    @property
    def last_callback(self) -> float:
        """``time.monotonic()`` of the newest pull."""

    def alive(self, now: float) -> bool:
        """Whether the device still asks, or would; ``now`` is ``time.monotonic()``."""

    def wake(self) -> None:
        """There is something to be heard again; from any thread, never blocks."""

    def close(self) -> None:
        """Stop at once; may be called twice, from any thread; no pull comes after."""


def open_microphone(name: str, on_block: OnBlock) -> Microphone:
    """Open a microphone; blocks come before this returns.

    It takes up to some seconds, so call it from a worker thread.

    Raises:
        DeviceError: It cannot be used; the text says what mends it.
    """
    for prefix, backend in MICROPHONES.items():
        if name.startswith(prefix):
            return backend(name.removeprefix(prefix), on_block)
    raise AssertionError("the last prefix is empty")


def open_speaker(name: str, pull: Pull) -> Speaker:
    """Open a speaker; it pulls before this returns.

    It takes up to some seconds, so call it from a worker thread.

    Raises:
        DeviceError: It cannot be used; the text says what mends it.
    """
    for prefix, backend in SPEAKERS.items():
        if name.startswith(prefix):
            return backend(name.removeprefix(prefix), pull)
    raise AssertionError("the last prefix is empty")


_SERVERS: Final = ("pulse", "pipewire", "jack")
_SOCKETS: Final = ("pulse/native", "pipewire-0")


def behind_server(name: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a sound server, which has a buffer of its own, plays for a device.

    A name with a colon is a card's own (``hw:...``, ``sysdefault:CARD=...``) or a file.
    ``default`` leads to a server where there is one, else to a card.
    """
    if ":" in name:
        return False
    folder = Path(environ.get("XDG_RUNTIME_DIR", ""))
    running = any((folder / socket).exists() for socket in _SOCKETS)
    return name in _SERVERS or running or "PULSE_SERVER" in environ


def hang(now: float) -> bool:
    """Whether the sound system hangs for good, so that only a restart mends it.

    Args:
        now: ``time.monotonic()``.
    """
    # Loaded for cards only, and perhaps by another thread at this moment.
    portaudio = sys.modules.get("edgevoice.audio.portaudio")
    library = getattr(portaudio, "library", None)
    return library is not None and bool(library.hangs(now))


def list_devices() -> list[DeviceInfo]:
    """All sound cards, freshly looked for unless one is in use; blocks for a second.

    Raises:
        DeviceError: PyAudio is missing, or the sound system does not answer.
    """
    from edgevoice.audio.portaudio import library

    library.refresh()
    return library.devices()


def native_rates(name: str, direction: Direction) -> list[int]:
    """The usual rates that a card itself can do, in Hz, while nobody has it open.

    Empty for a file or a plugin of ALSA, which converts: its answer would mean nothing.

    Raises:
        DeviceError: There is no such device, or the sound system does not answer.
    """
    if name.startswith("file:"):
        return []
    from edgevoice.audio.portaudio import library

    device = library.find(name, direction)
    return library.rates(device, direction) if device.name.startswith("hw:") else []


def _card_microphone(name: str, on_block: OnBlock) -> Microphone:
    from edgevoice.audio.microphone import CardMicrophone

    return CardMicrophone(name, on_block)


def _card_speaker(name: str, pull: Pull) -> Speaker:
    from edgevoice.audio.speaker import CardSpeaker

    return CardSpeaker(name, pull)


def _file_microphone(path: str, on_block: OnBlock) -> Microphone:
    from edgevoice.audio.wavefile import FileMicrophone

    return FileMicrophone(path, on_block)


def _file_speaker(path: str, pull: Pull) -> Speaker:
    from edgevoice.audio.filespeaker import FileSpeaker

    return FileSpeaker(path, pull)


MICROPHONES: Final[dict[str, Callable[[str, OnBlock], Microphone]]] = {
    "file:": _file_microphone,
    "": _card_microphone,  # last: it takes every name
}
"""Which backend opens a microphone, by how its name begins."""

SPEAKERS: Final[dict[str, Callable[[str, Pull], Speaker]]] = {
    "file:": _file_speaker,
    "": _card_speaker,
}
"""Which backend opens a speaker, by how its name begins."""
