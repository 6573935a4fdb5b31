"""Reads a settings file: TOML to ``Configuration``, or all that is wrong with it."""

import tomllib
from pathlib import Path

import msgspec

from edgevoice.config.contradictions import contradictions
from edgevoice.config.mistakes import mistakes_in
from edgevoice.config.tables import Configuration
from edgevoice.errors import ConfigError


def load(path: Path | None) -> Configuration:
    """Read and check a settings file; None gives the defaults.

    Raises:
        ConfigError: One line for every mistake in it.
    """
    if path is None:
        return Configuration()
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    return parse(text, path)


def parse(text: str, path: Path) -> Configuration:
    """Check the text of a settings file; ``path`` is for what is said of it.

    Raises:
        ConfigError: One line for every mistake in it.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    mistakes = [*mistakes_in(Configuration, table, "")]
    if not mistakes:
        configuration = msgspec.convert(table, Configuration)
        mistakes = [*contradictions(configuration)]
        if not mistakes:
            return configuration
    raise ConfigError(*(f"{path}: {mistake}" for mistake in mistakes))
