"""The last words of a conversation, for a session that replaces a lost one."""

from edgevoice.daemon.tail import LONGEST, TURNS, Tail
from edgevoice.live.outgoing import Said


def exchange(tail: Tail, question: str, answer: str) -> None:
    tail.heard("user", question)
    tail.heard("model", answer)
    tail.turn_ended()


def test_pieces_are_joined_as_they_came() -> None:
    tail = Tail()
    tail.heard("user", " who")
    tail.heard("user", " was Ada?")
    exchange(tail, "", "A mathematician.")

    assert tail.tell() == (
        Said("user", "who was Ada?"),
        Said("model", "A mathematician."),
    )


def test_a_question_without_an_answer_is_not_kept() -> None:
    """It is sent again itself."""
    tail = Tail()
    exchange(tail, "is anybody there?", "")

    assert tail.tell() == ()
    assert not tail.told


def test_only_the_last_turns_are_kept_and_of_a_long_one_the_end() -> None:
    tail = Tail()
    for number in range(10):
        exchange(tail, f"{number}?", "x" * LONGEST + str(number))

    said = tail.tell()

    assert len(said) == 2 * TURNS
    assert said[0].text == "6?"
    assert said[-1].text == "x" * (LONGEST - 1) + "9"


def test_a_forgotten_conversation_is_told_to_nobody() -> None:
    tail = Tail()
    exchange(tail, "a secret?", "yes")

    tail.forget()

    assert tail.tell() == ()


def test_after_a_refusal_one_session_goes_without() -> None:
    tail = Tail()
    exchange(tail, "one?", "two")
    assert tail.tell()
    tail.link_ended(refused=False)
    assert tail.tell()

    tail.link_ended(refused=True)

    assert tail.tell() == (), "the next session goes without"
    assert tail.tell()


def test_a_refusal_of_something_else_does_not_count() -> None:
    tail = Tail()
    exchange(tail, "one?", "two")

    tail.link_ended(refused=True)

    assert tail.tell()


def test_an_exchange_that_was_cut_is_told_too() -> None:
    tail = Tail()
    tail.heard("user", "who was Ada?")
    tail.heard("model", "A mathema")

    tail.link_ended(refused=False)

    assert [said.text for said in tail.tell()] == ["who was Ada?", "A mathema"]


def test_a_question_that_is_sent_again_is_kept_once() -> None:
    tail = Tail()
    tail.heard("user", "who was Ada?")
    tail.link_ended(refused=False)
    exchange(tail, "who was Ada?", "A mathematician.")

    assert tail.tell()[0].text == "who was Ada?"


def test_a_typed_question_is_kept_though_the_link_went() -> None:
    tail = Tail()
    tail.typed("who was Ada?")
    tail.link_ended(refused=False)
    exchange(tail, "", "A mathematician.")

    assert tail.tell()[0].text == "who was Ada?"


def test_notes_stand_between_the_turns_and_take_no_turns_place() -> None:
    tail = Tail()
    exchange(tail, "one?", "1")
    tail.noted("the lamp is lit")
    for number in range(2, TURNS + 1):
        exchange(tail, f"{number}?", str(number))

    said = [one.text for one in tail.tell()]

    assert said[:4] == ["one?", "1", "the lamp is lit", "2?"]
    assert len(said) == 2 * TURNS + 1
    tail.forget()
    assert tail.tell() == ()
