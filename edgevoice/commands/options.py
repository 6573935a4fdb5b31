"""What several commands take, and how it is read."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

Add: TypeAlias = Callable[..., argparse.ArgumentParser]
"""Adds a command: its name, its function, and what else argparse takes."""


def add_config(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``--config FILE``."""
    parser.add_argument("--config", metavar="FILE", help="settings (TOML)")


def add_socket(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``--socket PATH``."""
    parser.add_argument("--socket", metavar="PATH", help="the daemon's control socket")


def number(largest: int, least: int = 0) -> Callable[[str], int]:
    """A converter that takes whole numbers from ``least`` to ``largest``."""

    def convert(text: str) -> int:
        if text.isascii() and text.isdigit() and least <= int(text[:9]) <= largest:
            return int(text)
        words = f"must be a whole number, {least} to {largest}"
        raise argparse.ArgumentTypeError(words)

    return convert
