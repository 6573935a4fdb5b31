"""``edgevoice setup`` from the first question to the last line."""

import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Final, TypeVar

from edgevoice import config
from edgevoice.config import Configuration
from edgevoice.daemon.client import Client, NoDaemon
from edgevoice.doctor.finding import Finding, State
from edgevoice.errors import EX_FAILED, EX_OK, CredentialError, EdgeVoiceError
from edgevoice.setup import service
from edgevoice.setup.drafts import Wanted, drafts, summary
from edgevoice.setup.files import Draft, write
from edgevoice.setup.place import Place, place, read_key
from edgevoice.setup.questions import Questions
from edgevoice.setup.settings_file import Key, Value
from edgevoice.setup.steps import PARTS, Left, Part, ask_key, changed, settle
from edgevoice.setup.trials import TRIALS, try_key

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says.

    Attributes:
        config: The settings file; None: the one for whoever asks.
        key_file: Where to read the key; ``-`` is standard input; None: not given.
        values: Settings that are given.
        yes: Ask nothing.
        tries: Try each part.
    """

    config: str | None
    key_file: str | None
    values: Mapping[Key, Value]
    yes: bool
    tries: bool

    def something(self) -> bool:
        """Whether anything to change is given; then nothing else is asked for."""
        return bool(self.values) or self.key_file is not None


def set_up(given: Given, *, root: bool) -> int:
    """Ask, try, write; returns the exit status.

    Args:
        given: The command line; with ``yes`` where there is no terminal.
        root: Whether root asks.

    Raises:
        EdgeVoiceError: What is there or what is given is wrong or does not work, or a
            file cannot be written; nothing was changed.
    """
    questions = Questions()
    try:
        with _hangups():
            return _Setup(questions, given, place(given.config, root=root)).run()
    except (KeyboardInterrupt, EOFError, Left):
        with contextlib.suppress(OSError):  # the terminal itself may be gone
            questions.tell("\nNothing was changed.")
        return EX_FAILED


class _Setup:
    """One run."""

    def __init__(self, questions: Questions, given: Given, where: Place) -> None:
        self.questions, self.given, self.where = questions, given, where
        self.before = where.load()
        self.has_service = where.is_system and service.is_there()
        self.ran = self.has_service and service.runs()

    def run(self) -> int:
        wanted = self.given_values()
        drafts(self.where, self.before, wanted)  # mistakes are told before the trials
        if not self.given.something():
            self.questions.tell(_WELCOME)
        with self.quiet_machine() as quiet:
            wanted = Wanted(wanted.settings, self.key(wanted.key))
            for part in PARTS:
                settings = self.part(part, wanted.settings, tries=quiet)
                wanted = Wanted(settings, wanted.key)
            if self.write(wanted):
                self.start()
        return EX_OK

    def given_values(self) -> Wanted:
        settings = self.before
        for key, value in self.given.values.items():
            settings = changed(settings, key, value)
        key_file = self.given.key_file
        return Wanted(settings, None if key_file is None else read_key(key_file))

    # -- asking and trying -------------------------------------------------------

    def key(self, given: str | None) -> str | None:
        """The key that is to be written; None: none."""
        if given is None and self.given.something():
            return None

        def trial(key: str | None) -> Sequence[Finding]:
            if key is None:
                return []
            self.questions.tell("  The server is asked ...")
            return try_key(self.before, key)

        if given is not None:
            return self.settled(lambda key: key, trial, given, self.given.tries)
        present = self.present_key()

        def ask(_: str | None) -> str | None:
            return ask_key(self.questions, present)

        self.questions.tell("\n-- Key --")
        key = self.settled(ask, trial, ask(present), self.given.tries)
        return None if key == present else key

    def present_key(self) -> str | None:
        try:
            return self.where.present_key(self.before)
        except CredentialError as error:
            self.questions.tell(f"  {error}")
            return None

    def part(
        self, part: Part, settings: Configuration, *, tries: bool
    ) -> Configuration:
        """Ask for a part of the settings, or take what is given, and try it."""
        given = any(key in self.given.values for key in part.keys)
        if self.given.something() and not given:
            return settings

        def ask(settings: Configuration) -> Configuration:
            return part.ask(self.questions, settings)

        def trial(settings: Configuration) -> Sequence[Finding]:
            return TRIALS[part.title](settings, person)

        person = None if self.given.yes else self.questions
        self.questions.tell(f"\n-- {part.title} --")
        answer = settings if given else ask(settings)
        return self.settled(ask, trial, answer, tries)

    def settled(
        self,
        ask: Callable[[T], T],
        trial: Callable[[T], Sequence[Finding]],
        answer: T,
        tries: bool,
    ) -> T:
        """An answer that works, or that is wanted all the same."""
        if not tries:
            return answer
        if not self.given.yes:
            return settle(self.questions, ask, trial, answer)
        found = trial(answer)
        self.questions.show(found)
        if any(one.state is State.WRONG for one in found):
            raise EdgeVoiceError(
                "nothing was changed, since that does not work; "
                "--no-try writes it all the same"
            )
        return answer

    # -- the daemon, which holds the card and the pins ----------------------------

    @contextlib.contextmanager
    def quiet_machine(self) -> Iterator[bool]:
        """Have no daemon run for as long as the block does; whether that is so."""
        if not self.given.tries or (self.given.something() and not self.given.values):
            yield False
        elif self.ran:
            if not self.agrees(_STOP):
                yield False
                return
            with service.stopped():
                yield True
        elif not self.where.is_system and _answers(self.before):
            self.questions.tell(_HELD)
            yield False
        else:
            yield True

    def agrees(self, question: str) -> bool:
        """Ask; ``--yes`` says yes."""
        return self.given.yes or self.questions.yes(question)

    # -- the end -------------------------------------------------------------------

    def write(self, wanted: Wanted) -> bool:
        """Write what is new, if the person agrees; whether there was anything."""
        files = drafts(self.where, self.before, wanted)
        if not files:
            self.questions.tell("\nAll stays as it was: there is nothing to write.")
            return False
        self.questions.tell("\n-- To be written --")
        for line in summary(self.where, self.before, wanted, files):
            self.questions.tell(line)
        if not self.agrees("Write this?"):
            raise Left
        _write_whole(files)
        self.questions.tell("Written.")
        return True

    def start(self) -> None:
        """Have the service take the new settings, and say what comes next."""
        if not self.has_service:
            self.questions.tell(_NEXT_SYSTEM if self.where.is_system else _NEXT_OWN)
            return
        if self.given.yes:
            starts = self.ran
        else:
            starts = self.questions.yes("Start edgevoice with it now?")
        if not starts:
            self.questions.tell(_NEXT_SYSTEM)
        elif service.restart():
            self.questions.tell(_RUNS)
        else:
            self.questions.tell(_FAILED)


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


def _write_whole(files: Sequence[Draft]) -> None:
    """Write, and take Ctrl+C only after: never half of the files."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        write(files)
    finally:
        # What came meanwhile came too late: all is written.
        while pending := signal.sigpending() & _INTERRUPTS:
            signal.sigwait(pending)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _hangups() -> Iterator[None]:
    """Take a lost terminal or a SIGTERM as Ctrl+C: the daemon is to start again."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _HANGUPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_HANGUPS: Final = (signal.SIGTERM, signal.SIGHUP)
_INTERRUPTS: Final = {signal.SIGINT, *_HANGUPS}

_WELCOME: Final = (
    "Key, microphone, speaker, button, lamp: each is asked for and tried.\n"
    "Enter takes what stands in [brackets]; Ctrl+C leaves everything as it was."
)
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
