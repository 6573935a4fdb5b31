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


def number(largest: int) -> Callable[[str], int]:
    """A converter that takes whole numbers from 0 to ``largest``."""

    def convert(text: str) -> int:
        if text.isascii() and text.isdigit() and int(text[:9]) <= largest:
            return int(text)
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 to {largest}")

    return convert
