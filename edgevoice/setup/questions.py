"""Asks a person at a terminal; Enter takes what stands in brackets.

Ctrl+C and the end of the input are ``KeyboardInterrupt`` and ``EOFError``, for whoever
asked. What is typed in answer to ``hidden`` is never shown.
"""

import contextlib
import os
import select
import signal
import sys
import termios
from collections.abc import Iterator, Sequence
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

    def text(self, prompt: str) -> str:
        """Ask for a line, without the space around it.

        Not ``input``: a signal that comes between its prompt and its reading is not
        seen before the next line is.

        Raises:
            EOFError: There will be no more.
        """
        sys.stdout.write(prompt)
        sys.stdout.flush()
        with _wakened() as signals:
            select.select([sys.stdin, signals], [], [])
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.strip()

    def confirms(self, question: str) -> bool:
        """Ask something that can be answered with yes or no; Enter: yes."""
        return self.yes(question)

    def yes(self, question: str, *, default: bool = True) -> bool:
        """Ask something that can be answered with yes or no."""
        while True:
            answer = self.text(f"{question} [{'Y/n' if default else 'y/N'}] ")
            if not answer:
                return default
            if answer.lower() in _YES_NO:
                return _YES_NO[answer.lower()]
            self.tell("  Answer y or n.")

    def number(self, question: str, default: int, largest: int) -> int:
        """Ask for a whole number, 0 to ``largest``."""
        while True:
            answer = self.text(f"{question} [{default}]: ")
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
            answer = self.text(f"Number{also} [{usual}]: ")
            if not answer:
                return default
            if _is_number(answer) and 1 <= int(answer) <= len(options):
                return values[int(answer) - 1]
            if named and not _is_number(answer):
                return answer
            self.tell(f"  A number from 1 to {len(options)}{also and ',' + also}.")

    def hidden(self, question: str) -> str:
        """Ask for something that is not shown while it is typed."""
        with _no_echo():
            answer = self.text(f"{question}: ")
        self.tell()
        return answer

    def show(self, findings: Sequence[Finding]) -> None:
        """Show what is wrong, each with its cure; if nothing is, the last good news."""
        bad = troubles(findings)
        for finding in bad:
            cure = f"; {finding.cure}" if finding.cure else ""
            self.tell(f"  {finding.state.value}: {finding.found}{cure}")
        good = [one for one in findings if one.state is State.OK]
        if good and not bad:
            self.tell(f"  ok: {good[-1].found}")


@contextlib.contextmanager
def _wakened() -> Iterator[int]:
    """A descriptor that can be read once a signal has come; its handler runs then."""
    ours, its = os.pipe()
    os.set_blocking(its, False)
    before = signal.set_wakeup_fd(its)
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(before)
        os.close(ours)
        os.close(its)


@contextlib.contextmanager
def _no_echo() -> Iterator[None]:
    """Show nothing of what is typed; what was typed before is thrown away."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    hidden = [*before]
    hidden[3] = before[3] & ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def troubles(findings: Sequence[Finding]) -> list[Finding]:
    """Those that ask for something to be done."""
    return [one for one in findings if one.state in {State.WRONG, State.WARNING}]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < _DIGITS


_DIGITS: Final = 10
_YES_NO: Final = {"y": True, "yes": True, "n": False, "no": False}
