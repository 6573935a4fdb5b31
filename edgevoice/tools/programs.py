"""Whether a program that the settings name can be run."""

import os
import shutil


def refusal(program: str) -> str | None:
    """Why it cannot be run, one line; None if it can.

    Args:
        program: A path, or a name that is looked for in ``PATH``.
    """
    if shutil.which(program) is not None:
        return None
    if os.path.isfile(program):
        return f"{program!r} is not executable: chmod +x {program}"
    return f"there is no program {program!r}"
