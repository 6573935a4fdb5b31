import re

import pytest

from edgevoice.tools.names import LEGAL, legal


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("HassTurnOn", "HassTurnOn"),
        ("get weather!", "get_weather_"),
        ("2nd", "tool_2nd"),
        ("_private", "tool__private"),
        ("", "tool_"),
        ("öffnen", "tool__ffnen"),
    ],
)
def test_what_the_model_cannot_say_is_replaced(name: str, said: str) -> None:
    assert legal(name) == said
    assert re.match(LEGAL, said)


def test_long_names_are_cut_and_stay_different() -> None:
    one, other = legal("a" * 70 + "b"), legal("a" * 70 + "c")

    assert one != other
    assert [len(one), len(other)] == [64, 64]
    assert legal("a" * 64) == "a" * 64
