from edgevoice.conversation import Command
from edgevoice.daemon.outcomes import EARCONS


def test_every_end_of_a_turn_is_an_outcome() -> None:
    assert set(EARCONS) == {one for one in Command if one.name.startswith("TURN_")}


def test_what_is_lost_is_heard_where_there_is_a_loudspeaker() -> None:
    silent = {one.value for one, earcon in EARCONS.items() if earcon is None}

    assert {value for value in silent if value.startswith("lost")} == {
        Command.TURN_UNHEARD.value
    }
