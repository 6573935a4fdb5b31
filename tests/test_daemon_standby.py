"""When the speaker's card may be closed."""

from edgevoice.daemon.standby import REST_S, Standby


def test_it_runs_at_the_start_and_rests_when_nobody_needs_it() -> None:
    standby = Standby(100.0)

    assert standby.awake(needed=False, now=100.0 + REST_S - 0.1)
    assert not standby.awake(needed=False, now=100.0 + REST_S)


def test_it_rests_only_a_while_after_it_was_needed_last() -> None:
    standby = Standby(0.0)
    assert standby.awake(needed=True, now=1000.0)

    assert standby.awake(needed=False, now=1000.0 + REST_S - 0.1)
    assert not standby.awake(needed=False, now=1000.0 + REST_S)
    assert standby.awake(needed=True, now=1000.0 + REST_S)
