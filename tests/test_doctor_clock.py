from edgevoice.doctor.clock import FAR_OFF_S, blamed, built, check_clock, words
from edgevoice.doctor.finding import State

NOW = 1_800_000_000.0
"""2027-01-15 08:00 UTC."""
DAY = 86_400


def test_a_time_before_the_program_was_made_is_wrong() -> None:
    finding = check_clock(NOW, NOW + 2 * DAY, None)

    assert finding.state is State.WRONG
    assert finding.found == "it is 2027-01-15 08:00 UTC here, but surely later"
    assert "timedatectl" in finding.cure


def test_a_program_made_in_a_zone_ahead_of_ours_blames_no_clock() -> None:
    assert check_clock(NOW, NOW + DAY / 2, None).state is State.OK


def test_the_servers_time_is_compared() -> None:
    behind = check_clock(NOW, 0, NOW + FAR_OFF_S + 1)
    assert behind.state is State.WARNING
    assert "121 s behind the server's" in behind.found
    assert "121 s ahead of" in check_clock(NOW, 0, NOW - FAR_OFF_S - 1).found
    assert check_clock(NOW, 0, NOW + FAR_OFF_S).state is State.OK


def test_only_the_times_of_a_certificate_are_the_clocks_fault() -> None:
    assert blamed(9)
    assert "login page" in blamed(10)
    assert not blamed(18)  # self-signed


def test_the_program_was_made_at_some_time() -> None:
    assert built() > 1_700_000_000
    assert words(0) == "1970-01-01 00:00 UTC"
