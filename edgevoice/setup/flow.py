"""``edgevoice setup`` from the first question to the last line."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from edgevoice.config import Configuration, fetches_tokens
from edgevoice.doctor.finding import Finding, State
from edgevoice.errors import EX_FAILED, CredentialError, EdgeVoiceError
from edgevoice.setup.drafts import Wanted, drafts, summary
from edgevoice.setup.files import write
from edgevoice.setup.given import Given
from edgevoice.setup.interrupts import hangups, uninterrupted
from edgevoice.setup.place import Place, place, read_key
from edgevoice.setup.questions import Questions
from edgevoice.setup.running import Running
from edgevoice.setup.steps import PARTS, Left, Part, ask_key, changed, settle
from edgevoice.setup.trials import TRIALS, try_key

T = TypeVar("T")


def set_up(given: Given, *, root: bool) -> int:
    """Ask, try, write; returns the exit status.

    Args:
        given: The command line; with ``yes`` where there is no terminal.
        root: Whether root asks.

    Raises:
        EdgeVoiceError: What is there or what is given is wrong or does not work, or a
            file cannot be written; nothing was changed, or the text says what was.
    """
    questions = Questions()
    with hangups():
        setup = _Setup(questions, given, place(given.config, root=root))
        try:
            return setup.run()
        except (KeyboardInterrupt, EOFError, Left):
            with contextlib.suppress(OSError):  # the terminal itself may be gone
                questions.tell(_WRITTEN if setup.written else _UNTOUCHED)
                setup.service.tell_failure()
            return EX_FAILED


class _Setup:
    """One run."""

    def __init__(self, questions: Questions, given: Given, where: Place) -> None:
        self.questions, self.given, self.where = questions, given, where
        self.before = where.load()
        self.service = Running(questions, given, where)
        self.written = False

    def run(self) -> int:
        wanted = self.given_values()
        drafts(self.where, self.before, wanted)  # mistakes are told before the trials
        if not self.given.something():
            self.questions.tell(_WELCOME)
        with self.service.quiet(self.before) as quiet:
            wanted = Wanted(wanted.settings, self.key(wanted.key))
            for part in PARTS:
                settings = self.part(part, wanted.settings, tries=quiet)
                wanted = Wanted(settings, wanted.key)
            self.write(wanted)
        return self.service.end(written=self.written)

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
        if given is None and fetches_tokens(self.before.live):
            self.questions.tell("\n-- Key --\n  None is needed: tokens are fetched.")
            return None

        def trial(key: str | None) -> Sequence[Finding]:
            if key is None:
                return []
            self.questions.tell("  The server is asked ...")
            return try_key(self.before, key)

        def ask(_: str | None) -> str | None:
            return ask_key(self.questions, present)

        present = given or self.present_key()
        self.questions.tell("\n-- Key --")
        answer = given or ask(present)
        key = self.settled(ask, trial, answer, self.given.tries)
        return None if key == present and not given else key

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

    def write(self, wanted: Wanted) -> None:
        """Write what is new, if there is anything and the person agrees."""
        files = drafts(self.where, self.before, wanted)
        if not files:
            self.questions.tell("\nAll stays as it was: there is nothing to write.")
            return
        self.questions.tell("\n-- To be written --")
        for line in summary(self.where, self.before, wanted, files):
            self.questions.tell(line)
        if not self.given.agrees(self.questions, "Write this?"):
            raise Left
        with uninterrupted():  # never half of the files
            write(files)
            self.written = True
        self.questions.tell("Written.")


_WELCOME: Final = (
    "Key, microphone, speaker, button, lamp: each is asked for and tried.\n"
    "Enter takes what stands in [brackets]; Ctrl+C leaves everything as it was."
)
_UNTOUCHED: Final = "\nNothing was changed."
_WRITTEN: Final = "\nAll is written; `edgevoice status` tells how it runs."
