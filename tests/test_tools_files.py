from pathlib import Path

import pytest

from edgevoice.errors import CredentialError
from edgevoice.tools.files import secret, secrets


def put(path: Path, text: str = " hunter2\n", mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def refusal(place: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(CredentialError) as caught:
        secret(place, environ or {})
    return str(caught.value)


def test_a_secret_is_the_line_in_its_file(tmp_path: Path) -> None:
    assert secret(str(put(tmp_path / "a")), {}) == "hunter2"


def test_a_bare_name_is_a_credential_that_systemd_gives(tmp_path: Path) -> None:
    put(tmp_path / "ha-token", mode=0o440)

    assert secret("ha-token", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "hunter2"
    assert "add LoadCredential=" in refusal("ha-token")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610])
def test_a_file_that_others_can_open_is_refused(mode: int, tmp_path: Path) -> None:
    path = put(tmp_path / "a", mode=mode)

    assert refusal(str(path)) == f"{path} can be read by others: chmod 600 {path}"


def test_what_holds_no_secret_is_refused_without_saying_where(tmp_path: Path) -> None:
    nowhere = refusal("/hunter2/secret")

    assert nowhere == "the file cannot be read: No such file or directory"
    assert refusal("/hunter2").startswith("the file cannot be read")
    gone = tmp_path / "gone"
    assert refusal(str(gone)) == f"{gone} cannot be read: No such file or directory"
    for text in ("", "\n", "a\nb", "a\0"):
        words = refusal(str(put(tmp_path / "a", text)))
        assert words == "the file must hold one line of text"


def test_of_several_the_wrong_one_is_named(tmp_path: Path) -> None:
    good = str(put(tmp_path / "a"))

    assert secrets({"A": good}, {}) == {"A": "hunter2"}
    with pytest.raises(CredentialError, match=r"^B: the file cannot be read"):
        secrets({"A": good, "B": "/nowhere/b"}, {})
