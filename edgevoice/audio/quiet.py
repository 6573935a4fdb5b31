"""Silence for libraries that chatter on file descriptor 2."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what libraries print on file descriptor 2 to nowhere for a moment.

    Lines that other threads print on stderr meanwhile are lost too, so it is held
    no longer than the call that is to be silenced.
    """
    try:
        kept = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
