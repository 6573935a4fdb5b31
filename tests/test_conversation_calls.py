"""What the conversation decides about function calls, and about allowing them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.conversation import (
    ASK_HEARD,
    ASK_LIMIT,
    ASK_TAP,
    BOUNCE,
    CALL_LIMIT,
    Command,
    Event,
    Phase,
    Timing,
)
from tests.test_conversation import Story, answering, asked, connected

DECIDED = {Command.CONFIRM, Command.DECLINE}


def questioned() -> Story:
    """The model waits for a call that the person is to allow."""
    story = asked()
    assert story.then(Event.CALLED, Event.ASKED) == (Command.ASK,)
    story.wait(ASK_HEARD)
    return story


# -- waiting for a result --------------------------------------------------------


def test_a_call_may_take_longer_than_a_silent_server() -> None:
    story = asked()
    story.then(Event.CALLED)

    assert story.wait(CALL_LIMIT - 1) == ()
    assert story.phase() is Phase.THINKING
    assert Command.TURN_UNANSWERED in story.wait(2)


def test_after_the_result_the_server_has_its_usual_time() -> None:
    story = asked()
    story.then(Event.CALLED)
    story.wait(100)
    story.then(Event.RESPONDED)

    assert story.wait(14.9) == ()
    assert Command.TURN_UNANSWERED in story.wait(0.2)


def test_a_call_in_mid_answer_does_not_stall_it() -> None:
    story = answering()
    story.then(Event.CALLED)

    assert story.wait(60) == ()
    story.then(Event.RESPONDED, Event.AUDIO)
    assert story.phase() is Phase.SPEAKING


def test_a_question_that_was_given_up_still_waits_for_its_call() -> None:
    """Else the link would be left, and the call be cut off in the middle."""
    story = asked()
    story.then(Event.CALLED, Event.SILENCED)

    assert story.wait(60) == ()
    assert not story.conversation.settled
    story.then(Event.RESPONDED)
    assert Command.LEAVE_LINK in story.wait(16)


def test_a_call_outlives_no_link() -> None:
    story = asked()
    story.then(Event.CALLED, Event.ASKED, Event.LINK_DOWN, Event.LINK_UP, Event.SENT)

    assert not story.conversation.asks
    assert Command.TURN_UNANSWERED in story.wait(16)


# -- allowing it -----------------------------------------------------------------


def test_a_short_press_allows_it_and_the_answer_goes_on() -> None:
    story = questioned()

    assert story.then(Event.PRESSED) == ()
    assert story.then(Event.RELEASED, after=0.15) == ()
    assert story.wait(BOUNCE) == (Command.CONFIRM,)
    assert story.phase() is Phase.THINKING
    assert not story.conversation.asks


def test_a_bouncing_press_allows_it_once_and_says_nothing() -> None:
    story = questioned()
    commands = story.then(*(Event.PRESSED, Event.RELEASED) * 4, after=0.004)
    commands += story.wait(1.0)

    assert commands == (Command.CONFIRM,)


def test_a_held_press_is_speech_and_does_not_allow_it() -> None:
    story = questioned()
    story.then(Event.PRESSED)

    assert story.wait(ASK_TAP + 0.01) == (
        Command.DECLINE,
        Command.SILENCE,
        Command.TURN_CANCELLED,
        Command.RECORD,
        Command.OPEN_ACTIVITY,
    )
    assert story.phase() is Phase.LISTENING


def test_a_long_tap_setting_lengthens_the_press_that_allows() -> None:
    story = Story(Timing(tap=0.9))
    story.then(Event.LINK_UP, Event.ASKED)
    story.wait(ASK_HEARD)
    story.then(Event.PRESSED)

    assert story.then(Event.RELEASED, after=0.8) == ()
    assert story.wait(BOUNCE) == (Command.CONFIRM,)


def test_nobody_there_is_no() -> None:
    story = questioned()

    assert story.wait(ASK_LIMIT - ASK_HEARD - 0.1) == ()
    assert story.wait(0.2) == (Command.DECLINE,)
    assert story.phase() is Phase.THINKING


def test_stop_is_no_and_silence() -> None:
    commands = questioned().then(Event.SILENCED)

    assert commands == (Command.DECLINE, Command.SILENCE, Command.TURN_CANCELLED)


def test_a_tap_from_afar_allows_it() -> None:
    assert questioned().then(Event.TAPPED) == (Command.CONFIRM,)


def test_a_key_of_its_own_allows_it_at_once() -> None:
    story = asked()
    story.then(Event.CALLED, Event.ASKED)

    assert story.then(Event.ALLOWED) == (Command.CONFIRM,)
    assert story.then(Event.ALLOWED) == ()


def test_a_typed_question_is_no() -> None:
    commands = questioned().then(Event.SAID)

    assert commands[0] is Command.DECLINE
    assert commands[-1] is Command.SEND_TEXT


def test_whoever_is_speaking_is_not_asked() -> None:
    story = connected()
    story.then(Event.PRESSED)

    assert story.then(Event.ASKED) == (Command.DECLINE,)
    assert not story.conversation.asks


def test_a_call_that_is_cancelled_asks_no_more() -> None:
    story = questioned()
    story.then(Event.UNASKED)

    assert story.then(Event.PRESSED)[0] is Command.SILENCE  # a press like any other


def test_while_the_answer_is_heard_a_press_that_allows_does_not_silence_it() -> None:
    story = answering()
    story.then(Event.ASKED)
    story.wait(ASK_HEARD)
    story.then(Event.PRESSED, Event.RELEASED)

    assert story.wait(BOUNCE) == (Command.CONFIRM,)
    assert story.phase() is Phase.SPEAKING


def test_a_question_in_a_pause_keeps_the_link() -> None:
    story = connected()
    story.then(Event.ASKED)

    assert not story.conversation.settled
    assert story.wait(ASK_LIMIT + 1) == (Command.DECLINE,)
    assert story.conversation.settled


def test_a_press_too_soon_is_meant_for_the_answer_and_allows_nothing() -> None:
    story = answering()
    story.then(Event.ASKED)

    commands = story.then(Event.PRESSED) + story.then(Event.RELEASED, after=0.1)
    commands += story.wait(1.0)
    assert commands[:3] == (
        Command.DECLINE,
        Command.SILENCE,
        Command.TURN_TALKED_OVER,
    )
    assert Command.CONFIRM not in commands
    assert answering_asked().then(Event.TAPPED)[0] is Command.DECLINE


def answering_asked() -> Story:
    story = answering()
    story.then(Event.ASKED)
    return story


@pytest.mark.parametrize("gone", [Event.UNASKED, Event.LINK_DOWN])
def test_a_button_held_for_a_question_that_goes_is_held_to_speak(gone: Event) -> None:
    story = questioned()
    story.then(Event.PRESSED)

    commands = story.then(gone, after=0.2) + story.wait(0.1)
    assert Command.RECORD in commands or Command.RECORD_MORE in commands
    assert Command.OPEN_ACTIVITY in commands
    assert story.phase() is Phase.LISTENING
    story.then(Event.RELEASED)
    assert Command.CLOSE_ACTIVITY in story.wait(1.0)


def test_nothing_is_typed_while_the_button_is_held_for_a_question() -> None:
    story = questioned()
    assert story.conversation.may_say
    story.then(Event.PRESSED)

    assert not story.conversation.may_say


PAUSES = st.sampled_from([0.0, 0.01, 0.06, 0.3, 0.5, 3.0, 16.0])


@given(st.lists(st.tuples(st.sampled_from(Event), PAUSES), max_size=30))
def test_every_question_is_decided_once(history: list[tuple[Event, float]]) -> None:
    story = Story()
    open_questions = 0
    for event, pause in history:
        if event is Event.ASKED and open_questions:
            continue  # one at a time, see daemon/permission.py
        open_questions += event is Event.ASKED
        commands = story.then(event) + story.wait(pause)
        decided = sum(command in DECIDED for command in commands)
        assert decided <= open_questions
        open_questions -= decided
        if event in {Event.UNASKED, Event.LINK_DOWN}:
            open_questions = 0
        assert story.conversation.asks is bool(open_questions)
    decided = sum(command in DECIDED for command in story.wait(ASK_LIMIT + 1))
    assert decided == open_questions
