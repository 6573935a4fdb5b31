import os
import subprocess
import sys

import pytest

from edgevoice.audio.quiet import quiet


def test_what_a_library_prints_is_lost_and_what_comes_after_is_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.write(2, b"before ")
    with quiet():
        os.write(2, b"chatter ")
    os.write(2, b"after")

    assert capfd.readouterr().err == "before after"


def test_stderr_comes_back_after_an_error_too(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(OSError, match="refused"), quiet():
        raise OSError("refused")
    os.write(2, b"after")

    assert capfd.readouterr().err == "after"


def test_a_process_without_stderr_is_fine() -> None:
    code = "import os; os.close(2)\nfrom edgevoice.audio.quiet import quiet\n"
    code += "with quiet(): pass\n"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
