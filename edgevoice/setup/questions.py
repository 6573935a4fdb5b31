"""Asks a person at a terminal; Enter takes what stands in brackets.

Ctrl+C and the end of the input are ``KeyboardInterrupt`` and ``EOFError``, for whoever
asked. What is typed in answer to ``hidden`` is never shown.
"""

import getpass
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edgevoice.doctor.finding import Finding, State


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers to a question.

    Attributes:
        value: What is answered.
        words: What it means, for the person; may be empty.
    """

    value: str
    words: str = ""


class Questions:
    """A person at the terminal; also whom the probes of ``doctor`` ask."""

    def tell(self, words: str = "") -> None:
        """Show a line."""
        sys.stdout.write(f"{words}\n")
        sys.stdout.flush()

    def confirms(self, question: str) -> bool:
        """Ask something that can be answered with yes or no; Enter: yes."""
        return self.yes(question)

    def yes(self, question: str, *, default: bool = True) -> bool:
        """Ask something that can be answered with yes or no."""
        while True:
            answer = input(f"{question} [{'Y/n' if default else 'y/N'}] ").strip()
            if not answer:
                return default
            if answer.lower() in _YES_NO:
                return _YES_NO[answer.lower()]
            self.tell("  Answer y or n.")

    def number(self, question: str, default: int, largest: int) -> int:
        """Ask for a whole number, 0 to ``largest``."""
        while True:
            answer = input(f"{question} [{default}]: ").strip()
            if not answer:
                return default
            if _is_number(answer) and int(answer) <= largest:
                return int(answer)
            self.tell(f"  A whole number, 0 to {largest}.")

    def choose(
        self, question: str, options: Sequence[Option], default: str, *, named: str = ""
    ) -> str:
        """Ask for one of some options by its number.

        Args:
            question: What is asked.
            options: What may be answered; shown with numbers from 1.
            default: Its value; one of the options'.
            named: What else may be typed, such as "name"; empty: nothing.

        Returns:
            The value.
        """
        self.tell(question)
        width = max(len(option.value) for option in options) if named else 0
        for number, option in enumerate(options, 1):
            name = f"{option.value:<{width}}  " if named else ""
            self.tell(f"  {number:>2}  {name}{option.words}".rstrip())
        values = [option.value for option in options]
        usual = values.index(default) + 1
        also = f" or {named}" if named else ""
        while True:
            answer = input(f"Number{also} [{usual}]: ").strip()
            if not answer:
                return default
            if _is_number(answer) and 1 <= int(answer) <= len(options):
                return values[int(answer) - 1]
            if named and not _is_number(answer):
                return answer
            self.tell(f"  A number from 1 to {len(options)}{also and ',' + also}.")

    def hidden(self, question: str) -> str:
        """Ask for something that is not shown while it is typed."""
        return getpass.getpass(f"{question}: ")

    def show(self, findings: Sequence[Finding]) -> None:
        """Show what is wrong, each with its cure; if nothing is, the last good news."""
        bad = troubles(findings)
        for finding in bad:
            cure = f"; {finding.cure}" if finding.cure else ""
            self.tell(f"  {finding.state.value}: {finding.found}{cure}")
        good = [one for one in findings if one.state is State.OK]
        if good and not bad:
            self.tell(f"  ok: {good[-1].found}")


def troubles(findings: Sequence[Finding]) -> list[Finding]:
    """Those that ask for something to be done."""
    return [one for one in findings if one.state in {State.WRONG, State.WARNING}]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < _DIGITS


_DIGITS: Final = 10
_YES_NO: Final = {"y": True, "yes": True, "n": False, "no": False}
