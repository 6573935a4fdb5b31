"""How the command line says that something is wrong."""

import sys

from edgevoice.errors import EdgeVoiceError


class UsageError(EdgeVoiceError):
    """The command line asks for what cannot be done; exit 2, as argparse has it."""


def complain(error: Exception, status: int) -> int:
    """Say what is wrong, a line each, on stderr; returns the status."""
    from edgevoice.daemon.logs import leads_to_the_journal

    # The level, for `journalctl -p err`; see sd-daemon(3).
    level = "<3>" if leads_to_the_journal() else ""
    for line in str(error).splitlines():
        print(f"{level}edgevoice: {line}", file=sys.stderr)
    return status
