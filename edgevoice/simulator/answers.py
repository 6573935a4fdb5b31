# ruff: noqa: D102 - the hooks are told in behaviour.Behaviour
"""What the simulated model says, and how: behaviours of the answer.

WHEN names the turns that they are for; without it they are for every turn.
"""

from typing import ClassVar, Final

from msgspec import structs

from edgevoice.errors import ConfigError
from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.pictures import describe
from edgevoice.simulator.sound import echo, murmur
from edgevoice.simulator.turn import MESSAGE_BYTES, Answer, Prompt
from edgevoice.simulator.when import Moment


def saying(text: str) -> Answer:
    """An answer that reads a text out as a murmur."""
    return Answer(pcm=murmur(text), text=text)


class Answering(Behaviour):
    """Base of those that choose or change the answer, once the turn is asked for."""

    moments: ClassVar[frozenset[Moment]] = frozenset({Moment.END})


class Echo(Answering):
    """Says back what it heard; reads out what was typed as a murmur (default)."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        seen = describe(prompt.pictures)
        if prompt.pcm:
            text = f"You spoke for {prompt.spoken:.1f} seconds. {seen}".rstrip()
            return Answer(pcm=echo(prompt.pcm, prompt.hz), text=text)
        text = f"You said: {prompt.text}"
        return saying(f"{text} {seen}" if seen else text)


class Say(Answering):
    """Answers with this text as a murmur: say=TEXT."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        said = saying(self.value)
        return structs.replace(answer, pcm=said.pcm, text=said.text)


class Silent(Answering):
    """Never answers; the turn stays open."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return Answer(ends=False)


class Stall(Answering):
    """Stops in the answer after its first message of sound; the turn stays open."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return structs.replace(answer, pcm=answer.pcm[:MESSAGE_BYTES], ends=False)


class Empty(Answering):
    """Completes the turn without a sound: the model chose not to answer."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return Answer()


class Poisoned(Answering):
    """Hears but never answers on a resumed session; a fresh one works."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return Answer(ends=False) if line.resumed else answer


class Speed(Answering):
    """Sends the sound so many times as fast as it is played (1.25): speed=FACTOR."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value, when)
        self._speed = self._number("seconds of sound sent per second")
        if not self._speed:
            raise ConfigError("behaviour value '0' would never send a second message")

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return structs.replace(answer, speed=self._speed)


class Gaps(Answering):
    """Lets the sound stand still for so long, every 2 s of it: gaps=SECONDS (1.3)."""

    def __init__(self, value: str = "", when: str = "") -> None:
        super().__init__(value or _LONGEST_GAP, when)
        self._gap = self._number()

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        return structs.replace(answer, gap=self._gap)


_LONGEST_GAP: Final = "1.3"
"""Seconds; gaps of 0.81 to 1.34 s were measured, with a burst after each."""
