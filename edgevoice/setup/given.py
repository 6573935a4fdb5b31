"""What the command line of ``edgevoice setup`` says."""

from collections.abc import Mapping
from dataclasses import dataclass

from edgevoice.setup.questions import Questions
from edgevoice.setup.settings_file import Key, Value


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

    def agrees(self, questions: Questions, question: str) -> bool:
        """Ask the person; ``yes`` agrees to all."""
        return self.yes or questions.yes(question)

    def something(self) -> bool:
        """Whether anything to change is given; then nothing else is asked for."""
        return bool(self.values) or self.key_file is not None
