"""What ``edgevoice talk`` shows: captions that scroll, and a status line below them.

The status line is always the last line of the screen's text; captions and messages go
above it. Nothing here decides what is shown, only where.
"""

import atexit
import contextlib
import math
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

import msgspec

from edgevoice.controls.cells import cells, clean, wrap
from edgevoice.controls.control import Signal
from edgevoice.controls.status import DIM, RESET, Look, Status, render, render_draft

LABELS: Final = {"user": "  you: ", "assistant": "voice: "}
"""Who said it; all of one width."""

INDENT: Final = " " * 7
"""Before the further lines of a caption."""

NARROWEST: Final = 12
"""Columns; a window that is narrower is drawn as if it had these."""

USUAL: Final = 80
"""Columns of a terminal that does not say."""

UNLIMITED: Final = 1_000_000
"""Columns of what is no terminal: a caption is one line."""

CLEAR_BELOW: Final = "\x1b[J"
HIDE_CURSOR: Final = "\x1b[?25l"
SHOW_CURSOR: Final = "\x1b[?25h"
ESCAPES: Final = re.compile(r"\x1b\[[0-9;]*m")
"""Colours, which take no cells."""
WRAP_OFF: Final = "\x1b[?7l"
WRAP_ON: Final = "\x1b[?7h"


def capabilities(stream: TextIO) -> tuple[bool, Look]:
    """What a stream can show: whether lines can be redrawn, and with what look.

    ``TERM=dumb`` and a stream that is no terminal get plain lines only; ``NO_COLOR``
    (https://no-color.org) turns colours off.
    """
    live = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    colour = live and not os.environ.get("NO_COLOR")
    try:
        "○●▶◌✗◐◓◑◒▮▯…".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return live, Look(colour=colour, unicode=False)
    return live, Look(colour=colour)


class StatusLine:
    """The screen of a laptop (an indicator); used from one thread.

    Where lines cannot be redrawn (a pipe, a dumb terminal) captions and messages are
    printed line by line, and there is no status line.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        size: Callable[[], tuple[int, int]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show nothing yet; ``draw`` or any change does.

        Args:
            stream: The terminal; None: standard output.
            size: Its (columns, rows), asked at each draw; None asks the terminal.
            clock: Seconds; moves the spinner.
        """
        self.status = Status()
        self._stream = stream or sys.stdout
        self._size = size or (lambda: os.get_terminal_size(self._stream.fileno()))
        self._clock = clock
        self._live, self._look = capabilities(self._stream)
        self._draft: str | None = None
        self._speaker = ""
        self._caption = ""  # the unfinished last line of the caption
        self._drawn: list[str] = []  # our lines at the bottom of the screen
        atexit.register(self.close)

    def show(self, signal: Signal) -> None:
        """Show this signal."""
        self.update(signal=signal)

    def update(self, **changes: object) -> None:
        """Change fields of ``status`` by name, and draw."""
        self.status = msgspec.structs.replace(self.status, **changes)
        self.draw()

    def draft(self, text: str | None) -> None:
        """Show the line that is being typed in place of the status, or no more."""
        self._draft = text
        self.draw()

    def caption(self, speaker: str, fragment: str) -> None:
        """Add a piece of a transcript, exactly as it came.

        Args:
            speaker: ``user`` or ``assistant``; a change of speaker begins a new line.
            fragment: The next characters; their spaces count, except at the start.
        """
        finished: list[str] = []
        if speaker != self._speaker:
            finished = self._finished()
            self._speaker, self._caption = speaker, LABELS[speaker]
        text = clean(fragment)
        if len(self._caption) <= len(INDENT):
            text = text.lstrip(" ")
        *lines, self._caption = wrap(self._caption + text, self._width(), INDENT)
        self._write([*finished, *map(self._paint, lines)])

    def end_caption(self) -> None:
        """The turn is over; what follows begins a new line."""
        self._write(self._finished())

    def print_above(self, text: str) -> None:
        """Print a message of one or more lines; a caption goes on below it."""
        lines = self._open_caption()
        self._caption = INDENT if lines else self._caption
        for line in text.split("\n"):
            lines += wrap(clean(line), self._width())
        self._write(lines)

    def draw(self) -> None:
        """Draw again: call it a few times a second while something moves."""
        self._write([])

    def close(self) -> None:
        """Take the status line away and leave the cursor below; twice is fine."""
        atexit.unregister(self.close)
        finished = self._finished()
        if self._live:
            below = "".join(line + "\n" for line in finished)
            self._put(self._erase() + below + SHOW_CURSOR)
            self._live, self._drawn = False, []
        else:
            self._write(finished)

    def _finished(self) -> list[str]:
        """Take the caption that is open, so that it can be printed for good."""
        finished = self._open_caption()
        self._caption = self._speaker = ""
        return finished

    def _open_caption(self) -> list[str]:
        """The caption's last line, if there is more in it than a label."""
        line = self._caption.rstrip(" ")
        return [self._paint(line)] if len(line) > len(INDENT) else []

    def _paint(self, line: str) -> str:
        quiet = self._look.colour and self._speaker == "user"
        return f"{DIM}{line}{RESET}" if quiet else line

    def _width(self) -> int:
        """Columns to use: one less than there are, so that nothing ever wraps."""
        return max(self._columns(), NARROWEST) - 1 if self._live else UNLIMITED

    def _columns(self) -> int:
        try:
            columns, _ = self._size()
        except OSError:  # it is gone
            columns = 0
        return columns or USUAL

    def _write(self, lines: list[str]) -> None:
        """Print lines for good, and below them what changes."""
        printed = "".join(line + "\n" for line in lines)
        if not self._live:
            self._put(printed)
            return
        if self._draft is None:
            last = render(self.status, self._width(), self._clock(), self._look)
            cursor = HIDE_CURSOR
        else:
            last = render_draft(self._draft, self._width(), self._look)
            cursor = SHOW_CURSOR
        drawn = [*self._open_caption(), last]
        if lines or drawn != self._drawn:
            erase, self._drawn = self._erase(), drawn
            body = "\n".join(drawn)
            self._put(f"{erase}{printed}{WRAP_OFF}{body}{WRAP_ON}{cursor}")

    def _erase(self) -> str:
        """Go back to the start of what was drawn and clear from there.

        Terminals break lines anew when they become narrower, so count again.
        """
        columns = self._columns()
        lengths = (cells(ESCAPES.sub("", line)) for line in self._drawn)
        rows = sum(max(math.ceil(length / columns), 1) for length in lengths)
        up = f"\x1b[{rows - 1}A" if rows > 1 else ""
        return f"\r{up}{CLEAR_BELOW}"

    def _put(self, text: str) -> None:
        if not text:
            return
        encoding = self._stream.encoding or "ascii"
        with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
