"""What the model is told in silence, and when it is told again."""

from edgevoice.daemon.notes import MOST, Notes


def told(*texts: str) -> Notes:
    """Notes that a new session was told."""
    notes = Notes()
    notes.session_is_up(resumed=False)
    for text in texts:
        notes.add(text)
    notes.sent()
    return notes


def test_notes_wait_in_their_order() -> None:
    notes = Notes()
    notes.add("one")
    notes.add("two")

    assert notes.waiting == ("one", "two")
    notes.sent()
    assert notes.waiting == ()


def test_a_resumed_session_is_told_what_its_handle_does_not_know() -> None:
    notes = told("one", "two")
    notes.handle_came()
    notes.add("three")
    notes.sent()
    notes.add("four")

    notes.link_ended(refused=False)
    notes.session_is_up(resumed=True)

    assert notes.waiting == ("three", "four")


def test_a_new_session_is_told_everything_again() -> None:
    notes = told("one")
    notes.handle_came()
    notes.add("two")
    notes.sent()

    notes.link_ended(refused=False)
    notes.session_is_up(resumed=False)

    assert notes.waiting == ("one", "two")


def test_once_something_is_answered_they_belong_to_what_was_said() -> None:
    notes = told("one")
    notes.add("two")

    assert notes.answered() == ("one",)
    notes.session_is_up(resumed=False)
    assert notes.waiting == ("two",)


def test_of_too_many_the_oldest_are_forgotten() -> None:
    notes = told("told")
    for number in range(MOST + 2):
        notes.add(str(number))

    assert notes.waiting == tuple(map(str, range(2, MOST + 2)))
    assert notes.answered() == ()


def test_what_a_server_refuses_is_not_told_again() -> None:
    notes = told("one")
    notes.handle_came()
    assert not notes.told
    notes.add("two")
    notes.sent()
    assert notes.told

    notes.link_ended(refused=True)
    notes.session_is_up(resumed=True)

    assert notes.waiting == ()
    notes.session_is_up(resumed=False)
    assert notes.waiting == ("one",)


def test_a_link_that_was_told_nothing_was_refused_for_another_reason() -> None:
    notes = told("one")
    notes.link_ended(refused=False)
    notes.session_is_up(resumed=True)

    notes.link_ended(refused=True)

    assert notes.waiting == ("one",)


def test_a_new_conversation_knows_nothing() -> None:
    notes = told("one")
    notes.add("two")

    notes.forget()

    notes.session_is_up(resumed=False)
    assert notes.waiting == ()
