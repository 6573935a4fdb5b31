"""A person at a terminal, who answers or does not."""

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from edgevoice.doctor import person
from edgevoice.doctor.person import Person, somebody


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, TextIO]]:
    read, write = os.pipe()
    with open(read) as source, open(write, "w", buffering=1) as sink:
        yield source, sink


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y\n", True), ("Yes\n", True), ("n\n", False), ("\n", None), ("what\n", None)],
)
def test_yes_is_yes_and_no_is_no(
    typed: str, answer: bool | None, pipe: tuple[TextIO, TextIO]
) -> None:
    source, sink = pipe
    sink.write(typed)
    screen = io.StringIO()

    assert Person(source, screen).confirms("Is it?") is answer
    assert screen.getvalue() == "  > Is it? [y/n] "


def test_an_answer_is_not_waited_for_for_ever(
    pipe: tuple[TextIO, TextIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "ANSWER_S", 0.01)

    assert Person(pipe[0], io.StringIO()).confirms("Is it?") is None


def test_who_is_gone_gives_no_answer(pipe: tuple[TextIO, TextIO]) -> None:
    pipe[1].close()

    assert Person(pipe[0], io.StringIO()).confirms("Is it?") is None


def test_without_a_terminal_there_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())

    assert somebody() is None
