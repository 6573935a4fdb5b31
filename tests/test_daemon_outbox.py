from edgevoice.daemon.outbox import Outbox
from edgevoice.daemon.turn import Turn


def turn(number: int = 1) -> Turn:
    turn = Turn(0.0, text=f"question {number}")
    turn.number = number
    return turn


def outbox_with(*turns: Turn) -> Outbox:
    outbox = Outbox()
    for one in turns:
        outbox.put(one)
    return outbox


def test_an_empty_outbox_has_nothing_to_send() -> None:
    outbox = Outbox()

    assert outbox.head is None
    assert outbox.pending == 0
    outbox.answered()
    outbox.link_lost()
    assert outbox.head is None


def test_turns_are_sent_in_their_order() -> None:
    first, second = turn(1), turn(2)
    outbox = outbox_with(first, second)

    assert outbox.head is first
    outbox.sent()
    assert outbox.head is second
    outbox.sent()
    assert outbox.head is None


def test_a_turn_that_was_sent_but_not_answered_is_sent_again_first() -> None:
    first, second = turn(1), turn(2)
    outbox = outbox_with(first, second)
    first.mark("last_audio_sent", 1.0)
    outbox.sent()

    outbox.link_lost()

    assert outbox.head is first
    assert outbox.pending == 2
    assert "last_audio_sent" not in first.timeline


def test_a_turn_whose_answer_has_begun_is_not_sent_again() -> None:
    outbox = outbox_with(turn())
    outbox.sent()
    outbox.answered()

    outbox.link_lost()

    assert outbox.head is None


def test_a_turn_that_was_half_sent_stays_at_the_head() -> None:
    first = turn()
    outbox = outbox_with(first)

    outbox.link_lost()

    assert outbox.head is first
    assert outbox.pending == 1


def test_a_turn_is_sent_again_once_for_each_link_that_is_lost() -> None:
    first = turn()
    outbox = outbox_with(first)
    for _ in range(3):
        outbox.sent()
        outbox.link_lost()
        outbox.link_lost()

    assert outbox.head is first
    assert outbox.pending == 1


def test_a_turn_that_nobody_wants_is_not_sent_again() -> None:
    before, after = turn(1), turn(2)
    outbox = outbox_with(before, after)
    before.outcome = "cancelled"
    outbox.sent()
    outbox.link_lost()
    assert outbox.head is after

    outbox.sent()
    after.outcome = "talked over"
    outbox.link_lost()

    assert outbox.head is None


def test_only_counted_turns_that_are_wanted_are_pending() -> None:
    wanted, cancelled, maybe_a_tap = turn(1), turn(2), turn(0)
    cancelled.outcome = "cancelled"

    assert outbox_with(wanted, cancelled, maybe_a_tap).pending == 1
