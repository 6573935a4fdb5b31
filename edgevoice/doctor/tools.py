"""What other programs of this machine say: systemctl, iw, vcgencmd and their like."""

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Final, TypeAlias

LIMIT_S: Final = 5.0
"""A program that takes longer is given up, seconds."""

ADMIN: Final = "/usr/sbin:/sbin"
"""Where Debian keeps some of them; a user's PATH lacks it."""

Ask: TypeAlias = Callable[..., str | None]
"""Takes a command's words; returns what it prints, None if it cannot say."""


def ask(*words: str) -> str | None:
    """What a program prints, in English.

    Returns:
        Its output; None if it is missing, fails, or does not end.
    """
    path = f"{os.environ.get('PATH', '')}:{ADMIN}"
    program = shutil.which(words[0], path=path)
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *words[1:]],
            env={**os.environ, "LC_ALL": "C.UTF-8", "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
