import itertools

import pytest

from edgevoice.controls.keyevents import Key, Method
from edgevoice.controls.keystrokes import ENTER, SPACE, Kind, Stroke
from edgevoice.controls.talkkey import (
    ARM,
    LONGEST_WINDOW,
    SHORTEST_WINDOW,
    AutoRepeat,
    Events,
    TalkKey,
)

MS = 0.001
TAP = Stroke(SPACE, " ")
MAX_HOLD = 120.0


def hold(start: float, seconds: float, delay: float, gap: float) -> list[float]:
    """When the bytes of a held key come: delay, then one each gap."""
    count = int((seconds - delay) / gap) + 1 if seconds >= delay else 0
    return [start, *(start + delay + gap * n for n in range(count))]


def play(key: TalkKey, times: list[float], until: float) -> list[tuple[float, object]]:
    """Strokes at these times; deadlines are met to the millisecond."""
    happened: list[tuple[float, object]] = []

    def note(now: float, events: Events) -> None:
        happened.extend((round(now, 3), event) for event in events)

    for now in [*times, until]:
        while key.deadline is not None and key.deadline < now:
            due = key.deadline
            note(due, key.expire(due))
        if now != until:
            note(now, key.stroke(TAP, now))
    return happened


def talk_key(toggle: bool = False) -> TalkKey:
    return TalkKey(toggle, MAX_HOLD)


def test_a_key_is_held_from_its_first_byte_until_repeats_stop() -> None:
    for delay, gap in itertools.product((0.25, 0.5, 0.66), (0.03, 0.05, 0.1, 0.2)):
        times = hold(10.0, 4.0, delay, gap)

        pressed, released = play(talk_key(), times, until=20.0)

        assert pressed == (10.0, Key.PRESS)
        assert released[1] is Key.RELEASE
        late = released[0] - times[-1]
        assert 1.5 * gap <= late <= LONGEST_WINDOW, (delay, gap)


def test_the_release_comes_sooner_once_the_interval_is_learned() -> None:
    repeat = AutoRepeat()
    for now in hold(0.0, 2.0, 0.5, 33 * MS):
        repeat.stroke(now)

    assert repeat.deadline == pytest.approx(now + SHORTEST_WINDOW)


def test_repeats_that_a_network_delivers_in_bursts_do_not_cut_the_press() -> None:
    smooth = hold(0.0, 5.0, 0.5, 30 * MS)
    bursts = sorted(-(-now // 0.2) * 0.2 for now in smooth)  # held up to 200 ms

    happened = play(talk_key(), bursts, until=10.0)

    assert [event for _, event in happened] == [Key.PRESS, Key.RELEASE]


def test_a_tap_ends_when_no_repeat_can_come_any_more() -> None:
    assert play(talk_key(), [1.0], until=9.0) == [
        (1.0, Key.PRESS),
        (1.0 + ARM, Key.RELEASE),
    ]


def test_where_nothing_ever_repeats_the_third_press_changes_to_toggling() -> None:
    key = talk_key()

    happened = play(key, [0.0, 2.0, 4.0], until=6.0)
    assert [event for _, event in happened[-2:]] == [Key.RELEASE, Method.TOGGLE]
    assert key.method is Method.TOGGLE

    assert play(key, [10.0, 20.0], until=30.0) == [
        (10.0, Key.PRESS),
        (20.0, Key.RELEASE),
    ]


def test_the_first_key_that_repeats_ends_toggling_and_is_a_hold() -> None:
    key = talk_key()
    play(key, [0.0, 2.0, 4.0], until=6.0)

    happened = play(key, hold(10.0, 3.0, 0.5, 33 * MS), until=20.0)

    assert [event for _, event in happened] == [
        Key.PRESS,
        Method.REPEAT,
        Key.RELEASE,
    ]
    assert happened[-1][0] > 13.0
    assert key.method is Method.REPEAT


def test_holding_the_key_that_ends_a_toggled_talk_goes_on_talking() -> None:
    key = talk_key()
    play(key, [0.0, 2.0, 4.0], until=6.0)
    play(key, [10.0], until=12.0)

    happened = play(key, hold(12.0, 3.0, 0.5, 33 * MS), until=20.0)

    assert [event for _, event in happened] == [
        Key.RELEASE,
        Method.REPEAT,
        Key.PRESS,
        Key.RELEASE,
    ]


def test_where_keys_repeat_taps_never_change_to_toggling() -> None:
    key = talk_key()
    play(key, hold(0.0, 3.0, 0.5, 33 * MS), until=5.0)

    play(key, [10.0, 12.0, 14.0, 16.0, 18.0], until=20.0)

    assert key.method is Method.REPEAT


def test_a_held_key_toggles_once_by_wish() -> None:
    key = talk_key(toggle=True)

    happened = play(key, hold(0.0, 3.0, 0.5, 33 * MS), until=5.0)
    assert [event for _, event in happened] == [Key.PRESS]
    happened = play(key, hold(6.0, 3.0, 0.5, 33 * MS), until=10.0)

    assert [event for _, event in happened] == [Key.RELEASE]
    assert key.method is Method.TOGGLE


def test_toggled_talk_ends_by_itself_after_the_longest_hold() -> None:
    happened = play(talk_key(toggle=True), [1.0], until=1000.0)

    assert happened == [(1.0, Key.PRESS), (1.0 + MAX_HOLD, Key.RELEASE)]


def kitty_key() -> TalkKey:
    key = talk_key()
    assert key.use_kitty(True) == [Method.KITTY]
    assert key.use_kitty(True) == []
    return key


def test_real_key_events_need_no_time_and_repeats_are_filtered() -> None:
    key = kitty_key()

    assert key.stroke(Stroke(SPACE, " ", Kind.PRESS), 1.0) == [Key.PRESS]
    assert key.stroke(Stroke(SPACE, " ", Kind.REPEAT), 1.5) == []
    assert key.expire(1.6) == []
    assert key.stroke(Stroke(SPACE, "", Kind.RELEASE), 9.0) == [Key.RELEASE]
    assert key.deadline is None


def test_with_space_and_enter_down_the_last_one_up_is_the_release() -> None:
    key = kitty_key()

    assert key.stroke(Stroke(SPACE, " ", Kind.PRESS), 1.0) == [Key.PRESS]
    assert key.stroke(Stroke(ENTER, "", Kind.PRESS), 2.0) == []
    assert key.stroke(Stroke(SPACE, "", Kind.RELEASE), 3.0) == []
    assert key.stroke(Stroke(ENTER, "", Kind.RELEASE), 4.0) == [Key.RELEASE]


def test_a_release_that_never_comes_does_not_hold_for_ever() -> None:
    key = kitty_key()
    key.stroke(Stroke(SPACE, " ", Kind.PRESS), 1.0)
    assert key.deadline == 1.0 + MAX_HOLD

    assert key.expire(1.0 + MAX_HOLD) == [Key.RELEASE]
    assert key.stroke(Stroke(SPACE, " ", Kind.REPEAT), 200.0) == []
    assert key.stroke(Stroke(SPACE, " ", Kind.PRESS), 201.0) == [Key.PRESS]


def test_losing_the_focus_lets_go_of_a_held_key_but_not_of_a_toggled_one() -> None:
    held, toggled = kitty_key(), TalkKey(True, MAX_HOLD)
    toggled.use_kitty(True)
    press = Stroke(SPACE, " ", Kind.PRESS)
    held.stroke(press, 1.0)
    toggled.stroke(press, 1.0)

    assert held.focus_lost() == [Key.RELEASE]
    assert toggled.focus_lost() == []


def test_switching_there_and_back_ends_a_talk_that_is_on() -> None:
    key = talk_key()
    key.stroke(TAP, 1.0)

    assert key.switch() == [Key.RELEASE, Method.TOGGLE]
    assert key.switch() == [Method.REPEAT]
