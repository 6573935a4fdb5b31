"""Where the log goes: the journal with fields, or the terminal in plain text."""

import contextlib
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
        environ: ``$JOURNAL_STREAM`` names the stream behind which systemd listens.
    """
    logger = logging.getLogger("edgevoice")
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False
    for handler in tuple(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(_handler(environ))


def keep_stderr() -> None:
    """Give stderr a descriptor of its own: 2 is silenced while a card is opened."""
    with contextlib.suppress(OSError):  # there is none
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")


def set_up_quiet(*, verbose: bool = False) -> None:
    """Keep the terminal free: only what a handler of its own shows is shown."""
    logger = logging.getLogger("edgevoice")
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False
    logger.addHandler(logging.NullHandler())


def _leads_to_the_journal(environ: Mapping[str, str]) -> bool:
    """Whether stderr is the stream that the variable names; see systemd.exec(5).

    A terminal inherits the variable from the desktop's own service: what is started
    there has its log read there.
    """
    try:
        stderr = os.fstat(2)
    except OSError:  # closed
        return False
    return environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"


def _handler(environ: Mapping[str, str]) -> logging.Handler:
    if _journal is not None and _leads_to_the_journal(environ):
        journal: logging.Handler = _journal.JournalHandler(
            SYSLOG_IDENTIFIER="edgevoice"
        )
        return journal
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler
