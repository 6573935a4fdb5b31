"""Microphone and speaker: opened, listened to, and heard by each other.

Only while no daemon runs: a card on ALSA can be opened by one program at a time.
Everything blocks for some seconds; a sound system that hangs is given up by
``audio.portaudio``.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from edgevoice.audio.devices import native_rates, open_microphone, open_speaker
from edgevoice.audio.names import Direction
from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ
from edgevoice.doctor.finding import Finding, failed, ok, skipped, warning, wrong
from edgevoice.doctor.level import judge
from edgevoice.doctor.person import Asked
from edgevoice.doctor.tone import HEARD_DB, LENGTH_S, Tape, Tin, rise, tone
from edgevoice.errors import DeviceError

LISTEN_S: Final = 3.0
"""How long a microphone is listened to, seconds."""

SETTLE_S: Final = 0.3
"""What a card records at first is left out, seconds: many click or swell."""

BEFORE_S: Final = 0.6
"""How long is listened before the tone, seconds."""

LATE_S: Final = 1.0
"""How late a tone may be heard, seconds; Bluetooth takes half of it."""

FILE: Final = "file:"

_UNHEARD: Final = "is it on, is it this one, is `alsamixer` up? `edgevoice devices`"
_SAME_CARD: Final = "is the speaker on, and near? With headphones this is as it must be"


def check_microphone(
    device: str,
    *,
    spoken: bool = False,
    ready: Callable[[], None] = lambda: None,
    seconds: float = LISTEN_S,
) -> list[Finding]:
    """Open a microphone, listen, and judge what came.

    Args:
        device: Its name in the settings.
        spoken: ``ready`` asks somebody to speak.
        ready: Called when it listens.
        seconds: How long to listen.

    Returns:
        ``microphone`` and ``level``.
    """
    tin = Tin()
    try:
        rates = native_rates(device, "input")
        with contextlib.closing(open_microphone(device, tin)) as opened:
            _wait(SETTLE_S)
            ready()
            opened.rewind()
            tin.take()
            _wait(seconds)
            alive = opened.alive(time.monotonic())
    except DeviceError as error:
        return [failed("microphone", error), skipped("level", "no microphone")]
    if not alive:
        stopped = "it stopped while it was recording"
        found = wrong("microphone", f"{opened.name}: {stopped}", _STOPPED)
        return [found, skipped("level", stopped)]
    words = _card("input", opened.name, opened.rate, rates)
    return [ok("microphone", words), judge(tin.take(), UPLINK_HZ, spoken=spoken)]


def check_speaker(
    device: str, volume: int, microphone: str | None, person: Asked | None = None
) -> list[Finding]:
    """Open a speaker, play a tone no louder than a signal, and listen for it.

    A WAV file is left alone, as it holds the last answers.

    Args:
        device: Its name in the settings.
        volume: 0 to 100, from the settings.
        microphone: The one that is to hear it; None if there is none that can.
        person: Who is asked, if it does not.

    Returns:
        ``speaker`` and ``tone``.
    """
    if device.startswith(FILE):
        return [_file(device), skipped("tone", "a file makes no sound")]
    tape = Tape(tone(volume))
    try:
        rates = native_rates(device, "output")
        with (
            _listening(microphone) as tin,
            contextlib.closing(open_speaker(device, tape)) as opened,
        ):
            found = ok("speaker", _card("output", opened.name, opened.rate, rates))
            heard = _play(tape, tin or Tin())
    except DeviceError as error:
        return [failed("speaker", error), skipped("tone", "no speaker to play it")]
    return [found, _judge_tone(volume, heard if tin else None, person)]


@contextlib.contextmanager
def _listening(microphone: str | None) -> Iterator[Tin | None]:
    """What a microphone hears; None if it cannot, some cards not while they play."""
    tin = Tin()
    ear = None
    if microphone and not microphone.startswith(FILE):
        with contextlib.suppress(DeviceError):
            ear = open_microphone(microphone, tin)
    try:
        yield tin if ear else None
    finally:
        if ear:
            ear.close()


def _play(tape: Tape, tin: Tin) -> float:
    """Play the tone; how far it stood out at the microphone, dB."""
    _wait(SETTLE_S)
    tin.take()
    _wait(BEFORE_S)
    before = tin.take()
    tape.play()
    _wait(LENGTH_S + LATE_S)
    return rise(before, tin.take(), UPLINK_HZ)


def _judge_tone(volume: int, heard: float | None, person: Asked | None) -> Finding:
    if not volume:
        return skipped("tone", "the volume is 0", "`speaker.volume` in the settings")
    if person and (heard is None or heard < HEARD_DB):
        answer = person.confirms("A tone was played: did you hear it?")
        if answer is False:
            found = f"played at volume {volume}, nobody hears it"
            return wrong("tone", found, _UNHEARD)
        if answer:
            return ok("tone", "it was heard, though not by the microphone")
    if heard is None:
        return skipped("tone", "played; there is no microphone that could hear it")
    if heard < HEARD_DB:
        found = f"played at volume {volume}, but the microphone does not hear it"
        return warning("tone", found, _SAME_CARD)
    return ok("tone", f"the microphone hears it, {heard:.0f} dB above the rest")


def _file(device: str) -> Finding:
    path = Path(device.removeprefix(FILE))
    if os.access(path if path.exists() else path.parent, os.W_OK):
        return ok("speaker", f"writes to {path}")
    return wrong("speaker", f"cannot write {path}", "give a path of your own")


def _card(direction: Direction, name: str, rate: int, rates: list[int]) -> str:
    wanted = UPLINK_HZ if direction == "input" else DOWNLINK_HZ
    converted = "" if rate == wanted else f", converted {_WAY[direction]} {wanted}"
    native = f"; the card itself can {', '.join(map(str, rates))}" if rates else ""
    return f"{name} runs at {rate} Hz{converted}{native}"


_WAY: Final = {"input": "to", "output": "from"}

_STOPPED: Final = "check its plug and cable, and the Pi's power supply"

_wait = time.sleep
"""Sound takes its time: there is no state to wait for."""
