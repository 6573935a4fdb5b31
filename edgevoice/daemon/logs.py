"""Where the log goes: the journal with fields, or the terminal in plain text."""

import logging
import os
import sys
from collections.abc import Mapping

try:
    from systemd import journal as _journal
except ImportError:  # a laptop
    _journal = None


def set_up(*, verbose: bool = False, environ: Mapping[str, str] = os.environ) -> None:
    """Send the log of ``edgevoice`` to the journal under systemd, else to stderr.

    Args:
        verbose: Also what is only of use to developers.
        environ: ``$JOURNAL_STREAM`` tells whether systemd listens on stderr.
    """
    logger = logging.getLogger("edgevoice")
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False
    for handler in tuple(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(_handler(environ))


def set_up_quiet(*, verbose: bool = False) -> None:
    """Keep the terminal free: only what a handler of its own shows is shown."""
    logger = logging.getLogger("edgevoice")
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False
    logger.addHandler(logging.NullHandler())


def _handler(environ: Mapping[str, str]) -> logging.Handler:
    if _journal is not None and environ.get("JOURNAL_STREAM"):
        journal: logging.Handler = _journal.JournalHandler(
            SYSLOG_IDENTIFIER="edgevoice"
        )
        return journal
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler
