"""Fixtures that more than one file needs."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network import Network, missing, network
from tests.soundcard import FOLDER, SoundCard

collect_ignore = ["vm"]  # for the virtual machine's own Python: scripts/vm test


@pytest.fixture(scope="session")
def virtual_card() -> Iterator[SoundCard]:
    """The card that scripts/virtual-sound-card has started, else one of our own.

    The environment is set before PortAudio is loaded for the first time.
    """
    if folder := os.environ.get(FOLDER):
        card = SoundCard(Path(folder))
        yield card
        card.start()  # a test may have killed it; its owner stops it
        return
    with (
        tempfile.TemporaryDirectory(prefix="card") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        card = SoundCard(Path(folder))
        for name, value in card.environment.items():
            patch.setitem(os.environ, name, value)
        yield card
        card.kill()


@pytest.fixture
def sound_card(virtual_card: SoundCard) -> SoundCard:
    """A virtual sound card that runs, whatever the test before did to it."""
    virtual_card.start()
    return virtual_card


@pytest.fixture
def net() -> Iterator[Network]:
    """Two hosts and a line to hurt; the test is skipped where none can be made."""
    if reason := missing():
        pytest.skip(reason)
    with network() as made:
        yield made
