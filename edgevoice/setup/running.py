"""The daemon that runs: stopped for the trials, and started with what is written."""

import contextlib
from collections.abc import Iterator
from typing import Final

from edgevoice import config
from edgevoice.config import Configuration
from edgevoice.daemon.client import Client
from edgevoice.errors import EX_FAILED, EX_OK, EdgeVoiceError, NoDaemon
from edgevoice.setup import service
from edgevoice.setup.given import Given
from edgevoice.setup.place import Place
from edgevoice.setup.questions import Questions


class Running:
    """The service of this machine, or a daemon of the person's, which is left alone.

    It holds the sound card and the pins.

    Args:
        questions: The person.
        given: The command line.
        where: Whose settings they are.
    """

    def __init__(self, questions: Questions, given: Given, where: Place) -> None:
        self._questions, self._given = questions, given
        self._is_system = where.is_system
        self._is_there = where.is_system and service.is_there()
        self._ran = self._is_there and service.runs()
        self._stopped = False

    @contextlib.contextmanager
    def quiet(self, settings: Configuration) -> Iterator[bool]:
        """Have no daemon run for as long as the block does; whether that is so."""
        given = self._given
        if not given.tries or (given.something() and not given.values):
            yield False
        elif self._ran:
            self._stopped = given.agrees(self._questions, _STOP)
            with service.stopped() if self._stopped else contextlib.nullcontext():
                yield self._stopped
        elif not self._is_system and _answers(settings):
            self._questions.tell(_HELD)
            yield False
        else:
            yield True

    def end(self, *, written: bool) -> int:
        """Have it take what was written, say what comes next; returns the status.

        What was stopped has been started again by now.
        """
        if self._stopped:
            return self._told(service.runs())
        if not written:
            return EX_OK
        if self._is_there and self._is_wanted():
            return self._told(service.restart())
        self._questions.tell(_NEXT_SYSTEM if self._is_system else _NEXT_OWN)
        return EX_OK

    def tell_failure(self) -> None:
        """Say so if it was stopped and does not run again."""
        if self._stopped and not service.runs():
            self._questions.tell(_FAILED)

    def _told(self, runs: bool) -> int:
        self._questions.tell(_RUNS if runs else _FAILED)
        return EX_OK if runs else EX_FAILED

    def _is_wanted(self) -> bool:
        """Ask; to leave here is a no, since all is written."""
        if self._given.yes:
            return self._ran
        try:
            how = "Restart" if self._ran else "Start"
            return self._questions.yes(f"{how} edgevoice with it now?")
        except (KeyboardInterrupt, EOFError):
            self._questions.tell()
            return False


def _answers(settings: Configuration) -> bool:
    """Whether a daemon of this person's runs."""
    try:
        with Client(config.socket_path(settings.control)) as client:
            client.ask("status")
    except NoDaemon:
        return False
    except EdgeVoiceError:  # it is there, if not well
        pass
    return True


_STOP: Final = (
    "edgevoice runs and holds the sound card and the pins. "
    "Stop it until the end of this, to try them?"
)
_HELD: Final = (
    "edgevoice runs and holds the sound card: devices are not tried. To try them, stop "
    "it first (`systemctl --user stop edgevoice`)."
)
_RUNS: Final = (
    "edgevoice runs: hold the button, and speak. `edgevoice status` tells more."
)
_FAILED: Final = "edgevoice did not start: `systemctl status edgevoice` says why."
_NEXT_SYSTEM: Final = "Next: sudo systemctl restart edgevoice"
_NEXT_OWN: Final = "Next: edgevoice talk"
