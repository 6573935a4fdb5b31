"""What is asked, part by part, and what is done about a part that does not work."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import msgspec

from edgevoice.audio.devices import list_devices
from edgevoice.audio.names import KIND, Direction, forbidden
from edgevoice.config import Configuration, checked_key
from edgevoice.doctor.finding import Finding
from edgevoice.errors import CredentialError, DeviceError
from edgevoice.setup.place import read_key
from edgevoice.setup.questions import Option, Questions, troubles
from edgevoice.setup.settings_file import Key, Value

T = TypeVar("T")
Ask: TypeAlias = Callable[[Questions, Configuration], Configuration]

INPUTS: Final = Path("/dev/input/by-id")
NO_PIN: Final = -1
HIGHEST_PIN: Final = 27


class Left(Exception):
    """The person wants to leave; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the appliance.

    Attributes:
        title: Its heading.
        keys: What of the settings it is.
        ask: Asks for them, with those that are there as defaults.
    """

    title: str
    keys: tuple[Key, ...]
    ask: Ask


def settle(
    questions: Questions,
    ask: Callable[[T], T],
    trial: Callable[[T], Sequence[Finding]],
    answer: T,
) -> T:
    """Try an answer; where it does not work, ask what to do, until it is settled.

    Raises:
        Left: The person has had enough.
    """
    while True:
        found = trial(answer)
        questions.show(found)
        if not troubles(found):
            return answer
        # A key that was refused will be again.
        refused = any(one.name == "session" for one in troubles(found))
        usual = "other" if refused else "again"
        match questions.choose("What now?", _WHAT_NOW, usual):
            case "other":
                answer = ask(answer)
            case "go on":
                return answer
            case "leave":
                raise Left


_WHAT_NOW: Final = (
    Option("again", "try again"),
    Option("other", "give another answer"),
    Option("go on", "go on with it all the same"),
    Option("leave", "leave, and change nothing"),
)


def changed(settings: Configuration, key: Key, value: Value) -> Configuration:
    """Settings with one key set."""
    name, field = key
    table = msgspec.structs.replace(getattr(settings, name), **{field: value})
    return msgspec.structs.replace(settings, **{name: table})


# -- the questions -----------------------------------------------------------------


def ask_key(
    questions: Questions,
    present: str | None,
    environ: Mapping[str, str] = os.environ,
) -> str | None:
    """Ask for the key.

    Args:
        questions: The person.
        present: The one there is; None: there is none.
        environ: ``$GEMINI_API_KEY`` may be one, which no service sees.

    Returns:
        The key; None: there shall be none for now.
    """
    options = [
        Option("keep", "keep the one there is"),
        Option("shell", "write the one of $GEMINI_API_KEY to a file"),
        Option("type", "paste it here; it is not shown"),
        Option("file", "read it from a file"),
        Option("none", "go on without one"),
    ]
    shell = environ.get("GEMINI_API_KEY", "").strip()
    missing = {"none" if present else "keep", "" if shell else "shell"}
    options = [option for option in options if option.value not in missing]
    while True:
        how = questions.choose("The key comes from", options, options[0].value)
        if how in {"keep", "none"}:
            return present
        try:
            if how == "shell":
                return checked_key(shell, "$GEMINI_API_KEY")
            if how == "type":
                return checked_key(questions.hidden("Key"), "what you typed")
            return read_key(questions.text("File: "))
        except CredentialError as error:
            questions.tell(f"  {error}")


def ask_microphone(questions: Questions, settings: Configuration) -> Configuration:
    """Ask which microphone."""
    key = ("microphone", "device")
    name = _ask_card(questions, "input", settings.microphone.device)
    return changed(settings, key, name)


def ask_speaker(questions: Questions, settings: Configuration) -> Configuration:
    """Ask which speaker, and how loud."""
    name = _ask_card(questions, "output", settings.speaker.device)
    settings = changed(settings, ("speaker", "device"), name)
    volume = questions.number("Volume, 0 to 100", settings.speaker.volume, 100)
    return changed(settings, ("speaker", "volume"), volume)


def _ask_card(questions: Questions, direction: Direction, present: str) -> str:
    cards = []
    try:
        cards = [card for card in list_devices() if card.channels(direction)]
    except DeviceError as error:
        questions.tell(f"  {error}")
    if not cards:
        none = f"no {KIND[direction]} was found; if there is one, plug it in anew"
        questions.tell(f"  {forbidden() or none}")
    options = {"default": Option("default", "whichever this machine prefers")}
    for card in cards:
        usual = ["the default"] if direction in card.default_for else []
        called = [card.description] if card.description != card.name else []
        options[card.name] = Option(card.name, ", ".join(called + usual))
    options.setdefault(present, Option(present, "as it is set now"))
    question = f"Which {KIND[direction]}?"
    return questions.choose(question, [*options.values()], present, named="name")


def ask_button(questions: Questions, settings: Configuration) -> Configuration:
    """Ask where the button is."""
    present = settings.button.source
    options = {
        "gpio": Option("gpio", "a button on the header of a Raspberry Pi"),
        "none": Option("none", "no button: only `edgevoice press` and the like"),
    }
    for path in sorted(INPUTS.glob("*event*")):
        options[f"evdev:{path}"] = Option(f"evdev:{path}", f"plugged in: {path.name}")
    options.setdefault(present, Option(present, f"{present}, as it is set now"))
    source = questions.choose("Where is the button?", [*options.values()], present)
    settings = changed(settings, ("button", "source"), source)
    if source != "gpio":
        return settings
    number = "Its GPIO number (BCM, not the position on the header)"
    pin = questions.number(number, settings.button.pin, HIGHEST_PIN)
    return changed(settings, ("button", "pin"), pin)


def ask_lamp(questions: Questions, settings: Configuration) -> Configuration:
    """Ask whether there is a lamp, and where; the header alone can have one."""
    if settings.button.source != "gpio":
        questions.tell("  It needs a button on the header: left as it is.")
        return settings
    present = settings.indicator.pin
    if not questions.yes("Is there a lamp (LED)?", default=present != NO_PIN):
        return changed(settings, ("indicator", "pin"), NO_PIN)
    usual = present if present != NO_PIN else Configuration().indicator.pin
    while True:
        pin = questions.number("Its GPIO number (BCM)", usual, HIGHEST_PIN)
        if pin != settings.button.pin:
            return changed(settings, ("indicator", "pin"), pin)
        questions.tell("  That is the button's pin; the lamp needs one of its own.")


PARTS: Final = (
    Part("Microphone", (("microphone", "device"),), ask_microphone),
    Part("Speaker", (("speaker", "device"), ("speaker", "volume")), ask_speaker),
    Part("Button", (("button", "source"), ("button", "pin")), ask_button),
    Part("Lamp", (("indicator", "pin"),), ask_lamp),
)
"""In the order in which they are asked for."""
