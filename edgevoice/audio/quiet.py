"""Silence for libraries that chatter on file descriptor 2."""

import contextlib
import ctypes
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


def hush_alsa() -> None:
    """Keep libasound from printing, for good and in every thread.

    Its callback threads print a line for each underrun: on a machine under load that
    is some hundred lines a second in the journal. The speaker counts them instead.
    """
    try:
        alsa = ctypes.CDLL("libasound.so.2")
        # Any C function that ignores its arguments and does nothing will do.
        nothing = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p)
        alsa.snd_lib_error_set_handler(nothing)
    except (OSError, AttributeError):  # not Linux, or an ALSA of another kind
        return
