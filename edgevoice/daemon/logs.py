"""Where the log goes: the journal with fields, or the terminal in plain text.

Beside the message, a line in the journal has fields, so that ``journalctl -u edgevoice
-o json`` is telemetry. They are given as ``extra`` of a log call, in capital letters;
FIELDS says what each is. No field and no message holds what was said, the key, or a
resumption handle.
"""

import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

FIELDS: Final = {
    "TURN": "number of the turn since the start",
    "OUTCOME": "how the turn (answered, talked over, cancelled, lost) or call ended",
    "REASON": "why a turn was lost",
    "SPOKEN_MS": "length of what was said in the turn, ms",
    "SENT_MS": "from the release to the end of what was sent, ms",
    "LATENCY_MS": "from the release (or the text) to the first sound, less ASKED_MS",
    "FIRST_AUDIO_SENT_MS": "from the press to the first sound on its way, ms",
    "RELEASED_MS": "from the press to the release, ms",
    "LAST_AUDIO_SENT_MS": "from the press to the end of what was sent, ms",
    "FIRST_TRANSCRIPT_MS": "from the press to the first words of the transcript, ms",
    "FIRST_ANSWER_AUDIO_MS": "from the press to the first sound from the server, ms",
    "FIRST_SOUND_MS": "from the press to the first sound heard, ms",
    "ENDED_MS": "from the press to the end of the turn, ms",
    "GATE_MS": "sound that the answer had to gather before it was heard, ms",
    "ASKED_MS": "how long the person was asked to allow something before it, ms",
    "SENDINGS": "how often the turn was sent: again after a lost link",
    "UNDERRUNS": "how often the answer's sound ran dry",
    "TOOL": "name of the function that the model called",
    "TOOK_MS": "from its call to its end, ms",
    "TOKENS": "what a turn of the model was billed for, in and out",
    "MONEY": "what it came to, in the currency of [prices]",
    "MONEY_TODAY": "the same of all since midnight",
    "BUDGET": "low, spent or free: how the day's budget is, from now on",
    "PHASE": "idle, listening, thinking or speaking, from now on",
    "LINK": "up, connecting, down or refused, from now on",
    "LINK_NUMBER": "which connection since the start",
    "RESUMED": "1: the link goes on with the session of before; 0: a new session",
    "CLOSE_CODE": "WebSocket close code, or HTTP status; 0: the connection broke",
    "LIVED_S": "how long a connection that ended was up, s",
    "RETRY_S": "pause before the next connection, s",
    "DEVICE": "microphone, speaker, button or lamp",
    "DEVICE_NAME": "its name, as `edgevoice devices` shows it",
    "DEVICE_STATE": "open or missing, from now on",
    "REQUEST": "what came over the control socket",
    "PEER_PID": "process that sent it",
    "PEER_UID": "user that it runs as",
}
"""Every field of ours in the journal; systemd.journal-fields(7) has the others."""

WAITING: Final = 1000
"""Log lines kept while journald does not read; what comes then is dropped."""

LAST_WORDS_S: Final = 2.0
"""How long the end of the program waits for journald to take the last lines."""


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
        handler.close()
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


def leads_to_the_journal(environ: Mapping[str, str] = os.environ) -> bool:
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
    if leads_to_the_journal(environ):
        with contextlib.suppress(ImportError):  # the library is an extra
            from systemd import journal

            return JournalHandler(journal.send)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


class JournalHandler(logging.Handler):
    """Hands each line to a thread that writes it to the journal.

    Writing waits while journald does not read (a slow card, its restart), and the
    caller is the loop. The library's own handler would wait there, and sends along
    thirty attributes of each record, the unformatted arguments among them.

    Args:
        send: ``systemd.journal.send``, or what takes its place.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        super().__init__()
        self._send = send
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue(WAITING)
        self._writer = threading.Thread(target=self._write, name="journal", daemon=True)
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line; never waits. Any thread."""
        fields = {
            name: value
            for name in FIELDS
            if (value := getattr(record, name, None)) is not None
        }
        line = {
            "MESSAGE": self.format(record),
            "PRIORITY": _priority(record.levelno),
            "SYSLOG_IDENTIFIER": "edgevoice",
            "LOGGER": record.name,
            **fields,
        }
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(line)

    def close(self) -> None:
        """Let the thread write what is queued, but not for ever; at exit, too."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._writer.join(LAST_WORDS_S)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            with contextlib.suppress(OSError):  # no journald
                self._send(**line)


def _priority(level: int) -> int:
    """A level of logging as one of syslog(3)."""
    steps = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return next((priority for at, priority in steps if level >= at), 7)
