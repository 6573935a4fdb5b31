"""The person at the terminal, who presses, speaks, and says what can be seen."""

import select
import sys
from typing import Final, Protocol, TextIO

ANSWER_S: Final = 30.0
"""How long is waited for an answer, seconds."""


class Asked(Protocol):
    """Who is asked to press, to speak, to listen and to look."""

    def tell(self, words: str) -> None:
        """Ask for something to be done."""

    def confirms(self, question: str) -> bool | None:
        """Ask something that can be answered with yes or no; None: no answer."""


class Person:
    """Somebody at a terminal.

    Args:
        source: Where the answers come from.
        screen: Where the questions go.
    """

    def __init__(self, source: TextIO = sys.stdin, screen: TextIO = sys.stdout) -> None:
        self._source, self._screen = source, screen

    def tell(self, words: str) -> None:
        """Ask for something to be done."""
        print(f"  > {words}", file=self._screen, flush=True)

    def confirms(self, question: str) -> bool | None:
        """Ask something that can be answered with yes or no; None: no answer."""
        print(f"  > {question} [y/n] ", end="", file=self._screen, flush=True)
        if not select.select([self._source], [], [], ANSWER_S)[0]:
            print(file=self._screen)
            return None
        answer = self._source.readline().strip().lower()
        return answer.startswith("y") if answer[:1] in {"y", "n"} else None


def somebody() -> Person | None:
    """Whoever is at the terminal; None if there is no terminal."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return Person() if terminal else None
