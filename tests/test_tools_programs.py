import sys
from pathlib import Path

from edgevoice.tools.programs import refusal


def test_what_can_be_run_is_not_refused() -> None:
    assert refusal(sys.executable) is None
    assert refusal("sh") is None


def test_what_is_not_there_is_told_from_what_is_not_executable(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    assert refusal(str(plain)) == f"there is no program '{plain}'"
    plain.write_text("#!/bin/sh\n")
    plain.chmod(0o644)

    assert refusal(str(plain)) == f"'{plain}' is not executable: chmod +x {plain}"
    assert refusal(str(tmp_path)) == f"there is no program '{tmp_path}'"
