"""What follows from ``[live]``."""

from pathlib import Path

import pytest

from edgevoice import config
from edgevoice.config import Live
from edgevoice.errors import ConfigError


def test_models_come_alone_or_as_a_list() -> None:
    assert config.model_names(Live(model="a")) == ("a",)
    assert config.model_names(Live(model=["a", "b"])) == ("a", "b")


def test_instructions_come_from_their_file_if_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("Sprich wie ein Möbel.\n", "utf-8")

    assert config.instructions(Live(instructions_file=str(path))) == (
        "Sprich wie ein Möbel."
    )
    assert config.instructions(Live(instructions="Hello")) == "Hello"


def test_instructions_that_are_no_text_are_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"\xff")

    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        config.instructions(Live(instructions_file=str(path)))
