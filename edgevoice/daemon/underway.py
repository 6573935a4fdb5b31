"""A mark that a turn is under way, so that a daemon which ends in it can tell later.

It lies beside the control socket, in memory (``/run``), so that no SD card wears. A
power cut takes it away with everything else.
"""

import contextlib
import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class Underway:
    """The mark: a file that is there while somebody waits for an answer.

    Args:
        path: Where; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def left_behind(self) -> bool:
        """Whether the last run ended in the middle of a turn; removes the mark.

        It may have been killed, or stopped while somebody waited.
        """
        left = self._path.exists()
        self.remove()
        return left

    def hear(self, item: dict[str, Any]) -> None:
        """Follow the news of the appliance."""
        if item["event"] != "turn":
            return
        if item["outcome"] == "begun":
            with contextlib.suppress(OSError):  # it costs a signal, nothing else
                self._path.touch()
        else:
            self.remove()

    def remove(self) -> None:
        """Nobody waits."""
        with contextlib.suppress(OSError):
            self._path.unlink()
