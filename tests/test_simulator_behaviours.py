import pytest

from edgevoice.errors import ConfigError
from edgevoice.simulator import BEHAVIOURS, Simulator, describe
from tests.simulator_client import (
    talking,
    tone,
    transcript_of,
)


def test_every_behaviour_has_one_line_of_help() -> None:
    told = dict(describe())
    assert told.keys() == BEHAVIOURS.keys()
    assert all(
        line.endswith((".", "(default).")) or "=" in line for line in told.values()
    )


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("ecko", "unknown behaviour 'ecko'; there is echo"),
        ("close=abc", "close code"),
        ("close=1006:local only", "close code"),
        ("refuse=200", "400 to 599"),
        ("go_away=soon", "seconds"),
        ("delay=-1", "seconds"),
        ("drop@never", "unknown behaviour 'drop@never'"),
        ("drop@0", "unknown behaviour 'drop@0'"),
        ("drop@link2audio5", "unknown behaviour"),
        ("drop@answer~1.5", "unknown behaviour"),
        ("close=money", "one of normal, .*, quota"),
        ("speed", "sound sent per second"),
        ("speed=0", "never send"),
        ("gaps=long", "seconds"),
        ("big=much", "bytes"),
        ("silent@audio", "silent cannot act at 'audio'; it can at end"),
        ("refuse@ready", "it can at connect"),
        ("drop@link2.connect", "drop cannot act at 'link2.connect'"),
        ("go_away@message", "go_away cannot act"),
        ("call=weather@audio", "it can at answer, end, generated"),
    ],
)
def test_a_behaviour_that_makes_no_sense_is_a_config_error(
    behaviour: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        Simulator(behaviours=[behaviour])


async def test_an_at_sign_may_be_part_of_the_value() -> None:
    async with (
        Simulator(pace=0, behaviours=["say=Write to me@home."]) as simulator,
        talking(simulator) as client,
    ):
        await client.speak(tone(0.1))
        assert transcript_of(await client.turn()) == "Write to me@home."
