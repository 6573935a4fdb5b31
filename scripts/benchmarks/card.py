"""The virtual sound card, and edgevoice with everything on."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.bench import Bench
from benchmarks.daemon import Edgevoice
from benchmarks.programs import JOURNAL
from tests.soundcard import SoundCard

DEVICES: Final = ("usbmic", "usbspeaker")
"""At 48 kHz, so that both directions are resampled."""
GPIO: Final = 'button.source = "gpio"\n'


@contextlib.contextmanager
def virtual_card(bench: Bench) -> Iterator[SoundCard]:
    """A card of its own, for as long as the block runs."""
    folder = bench.folder / "card"
    folder.mkdir(exist_ok=True)
    card = SoundCard(folder)
    card.start()
    try:
        yield card
    finally:
        card.kill()


@contextlib.contextmanager
def everything_on(bench: Bench) -> Iterator[Callable[[], Edgevoice]]:
    """Starts edgevoice with a card, button and lamp, resampling and the journal."""
    with virtual_card(bench) as card:
        pins = {"GPIOZERO_PIN_FACTORY": "mock"}
        environ = {**card.environment, **pins, **JOURNAL}
        yield lambda: bench.edgevoice(GPIO, devices=DEVICES, environ=environ)
