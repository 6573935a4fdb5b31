import pytest

from edgevoice.tools.userinfo import without_userinfo


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "http://ada:geheim@cam/x.jpg: refused",
            "http://[left out]@cam/x.jpg: refused",
        ),
        ("rtsp://ada:p@ss:wort@[::1]:554/1", "rtsp://[left out]@[::1]:554/1"),
        (
            "'http://token@a' and http://b:c@d",
            "'http://[left out]@a' and http://[left out]@d",
        ),
        (
            "http://cam/x.jpg?mail=ada@example.org",
            "http://cam/x.jpg?mail=ada@example.org",
        ),
        ("ada@example.org // see there", "ada@example.org // see there"),
    ],
)
def test_what_stands_before_the_host_of_an_address_is_blotted_out(
    text: str, left: str
) -> None:
    assert without_userinfo(text) == left
