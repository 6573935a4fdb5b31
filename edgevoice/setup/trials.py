"""Tries each part with the settings that it would have: doctor's probes, as questions.

``person`` is who is asked to speak, listen, press and look; without one, what needs a
person is left out. All block for some seconds.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from edgevoice.config import Configuration
from edgevoice.daemon.server import server_of
from edgevoice.doctor.button import check_button, check_lamp
from edgevoice.doctor.finding import Finding, State, wrong
from edgevoice.doctor.server import check_server
from edgevoice.doctor.sound import FILE, LISTEN_S, check_microphone, check_speaker
from edgevoice.setup.questions import Questions

Person: TypeAlias = Questions | None


def try_key(settings: Configuration, key: str) -> list[Finding]:
    """Set up a session with the server that the settings name."""
    server = server_of(settings, key)
    return check_server(server.address, key, server.options, server.fallbacks)


def try_microphone(settings: Configuration, person: Person) -> list[Finding]:
    """Listen to the person, or without one to the room."""

    def ready() -> None:
        if person is not None:
            person.tell(f"  Say something now, for {LISTEN_S:.0f} seconds ...")

    device = settings.microphone.device
    return check_microphone(device, spoken=person is not None, ready=ready)


def try_speaker(settings: Configuration, person: Person) -> list[Finding]:
    """Play a tone, and ask whether it was heard."""
    device, volume = settings.speaker.device, settings.speaker.volume
    audible = volume > 0 and not device.startswith(FILE)
    if person is not None and audible:
        person.tell("  A tone is played ...")
    found = check_speaker(device, volume, None)
    played = audible and found[0].state is State.OK
    if played and person is not None and not person.yes("Did you hear it?"):
        return [wrong("tone", "the tone was not heard", _UNHEARD)]
    return found


def try_button(settings: Configuration, person: Person) -> list[Finding]:
    """Wait for a press."""
    return check_button(settings.button.source, settings.button.pin, person)


def try_lamp(settings: Configuration, person: Person) -> list[Finding]:
    """Let it blink, and ask whether it is seen."""
    return [check_lamp(settings.button.source, settings.indicator.pin, person)]


TRIALS: Final[Mapping[str, Callable[[Configuration, Person], list[Finding]]]] = {
    "Microphone": try_microphone,
    "Speaker": try_speaker,
    "Button": try_button,
    "Lamp": try_lamp,
}
"""By the title of the part."""

_UNHEARD: Final = "is it switched on, and plugged in? Choose another, or more volume"
