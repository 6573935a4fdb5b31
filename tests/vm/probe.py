"""What the service may do, tried in its own cage: the unit runs this before it starts.

As ``ExecStartPre=`` it has the same user and the same limits. What it says goes to the
journal as one line of JSON: for each attempt null (it worked) or the error's name.
"""

import errno
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path


def attempt(what: Callable[[], object]) -> str | None:
    try:
        what()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return None


def write(path: str) -> str | None:
    return attempt(lambda: Path(path, "probe").write_text("x"))


def look(path: str) -> str | None:
    return attempt(lambda: os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK)))


if __name__ == "__main__":
    kind, names = sys.argv[1], sys.argv[2:]
    tries = {"write": write, "open": look}
    print("probe:" + json.dumps({name: tries[kind](name) for name in names}))  # noqa: T201
