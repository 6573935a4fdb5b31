import random

import pytest

from edgevoice.simulator.when import Moment, When, is_when


def struck(text: str, links: list[int], seed: int = 1) -> list[bool]:
    """For each END on one of these links, whether it strikes."""
    when, chance = When(text, Moment.END), random.Random(seed)
    return [when.strikes(Moment.END, link, chance) for link in links]


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "audio",
        "audio5",
        "link2",
        "link2.3",
        "link2.audio5",
        "link12.message37",
        "answer~0.05",
        "link2~.5",
        "link2.audio5~1",
        "~0.5",
    ],
)
def test_when_is_link_moment_number_and_chance_or_any_of_them(text: str) -> None:
    assert is_when(text)


@pytest.mark.parametrize(
    "text",
    ["", "0", "link0", "link2.", "linkready", "link2audio", "audio05", "a~0.5", "~2"],
)
def test_what_is_none_of_it_is_no_when(text: str) -> None:
    assert not is_when(text)


def test_without_a_number_every_moment_strikes() -> None:
    assert struck("", [1, 1, 2]) == [True, True, True]


def test_the_nth_moment_is_counted_over_all_links() -> None:
    assert struck("end3", [1, 2, 2, 3]) == [False, False, True, False]


def test_with_a_link_the_nth_moment_is_counted_within_it() -> None:
    assert struck("link2.end2", [1, 2, 1, 2, 2]) == [False, False, False, True, False]


def test_with_a_link_alone_every_moment_of_it_strikes() -> None:
    assert struck("link2", [1, 2, 2, 3]) == [False, True, True, False]


def test_other_moments_are_not_counted() -> None:
    when = When("audio1", Moment.END)
    assert not when.strikes(Moment.END, 1, random.Random(1))
    assert when.strikes(Moment.AUDIO, 1, random.Random(1))


def test_a_chance_strikes_about_as_often_as_it_says() -> None:
    assert 200 < sum(struck("~0.25", [1] * 1000)) < 300


def test_the_seed_decides_which_chances_are_taken() -> None:
    assert struck("~0.5", [1] * 50, seed=7) == struck("~0.5", [1] * 50, seed=7)
    assert struck("~0.5", [1] * 50, seed=7) != struck("~0.5", [1] * 50, seed=8)


def test_what_strikes_for_certain_uses_up_no_chance() -> None:
    chance = random.Random(1)
    assert When("", Moment.END).strikes(Moment.END, 1, chance)
    assert chance.random() == random.Random(1).random()
