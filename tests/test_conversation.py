"""What the conversation decides, event by event."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.conversation import (
    BOUNCE,
    HOLD_LIMIT,
    MOST_SENDINGS,
    Command,
    Conversation,
    Event,
    Gate,
    Phase,
    Timing,
)

TIMING = Timing(tap=0.2, tail=0.2, max_hold=120.0, answer=15.0, keep=300.0)


class Story:
    """A conversation with a clock that the test moves."""

    def __init__(self, timing: Timing = TIMING) -> None:
        self.conversation = Conversation(timing)
        self.now = 100.0

    def then(self, *events: Event, after: float = 0.01) -> tuple[Command, ...]:
        """Report events, each ``after`` seconds later; returns all commands."""
        commands: list[Command] = []
        for event in events:
            commands += self.wait(after)
            commands += self.conversation.handle(event, self.now)
        return tuple(commands)

    def wait(self, seconds: float) -> tuple[Command, ...]:
        """Let time pass, with the time-outs that fall due."""
        commands: list[Command] = []
        end = self.now + seconds
        deadline = self.conversation.deadline
        while deadline is not None and deadline <= end:
            self.now = max(self.now, deadline)
            commands += self.conversation.handle(Event.TIMEOUT, self.now)
            deadline = self.conversation.deadline
        self.now = end
        return tuple(commands)

    def phase(self) -> Phase:
        return self.conversation.phase

    def gate(self) -> Gate:
        return self.conversation.gate


def connected() -> Story:
    story = Story()
    story.then(Event.LINK_UP)
    return story


def asked() -> Story:
    """A question was spoken and sent; the answer is awaited."""
    story = connected()
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.RELEASED)
    story.wait(0.3)
    story.then(Event.SENT)
    return story


def answering() -> Story:
    story = asked()
    story.then(Event.AUDIO)
    return story


def asks_again(story: Story) -> None:
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.RELEASED)
    story.wait(0.3)
    story.then(Event.SENT)


# -- the turn --------------------------------------------------------------------


def test_a_press_records_at_once_and_opens_the_activity_when_it_is_no_tap() -> None:
    story = connected()
    assert story.then(Event.PRESSED) == (Command.SILENCE, Command.RECORD)
    assert story.phase() is Phase.LISTENING
    assert story.wait(0.19) == ()
    assert story.wait(0.02) == (Command.OPEN_ACTIVITY,)


def test_without_a_tap_limit_the_activity_opens_at_the_edge() -> None:
    story = Story(Timing(tap=0.0))
    commands = story.then(Event.PRESSED)
    assert commands == (Command.SILENCE, Command.RECORD, Command.OPEN_ACTIVITY)


def test_the_tail_is_recorded_before_the_activity_closes() -> None:
    story = connected()
    story.then(Event.PRESSED)
    story.wait(1.0)
    assert story.then(Event.RELEASED) == ()
    assert story.wait(0.19) == ()
    assert story.wait(0.02) == (Command.CLOSE_ACTIVITY,)
    assert story.phase() is Phase.THINKING


def test_a_bouncing_contact_makes_one_turn() -> None:
    story = connected()
    bounce = (Event.PRESSED, Event.RELEASED) * 3
    commands = story.then(*bounce, Event.PRESSED, after=0.003)
    commands += story.wait(1.0)
    commands += story.then(*bounce, after=0.003) + story.wait(1.0)
    assert commands.count(Command.RECORD) == 1
    assert commands.count(Command.OPEN_ACTIVITY) == 1
    assert commands.count(Command.CLOSE_ACTIVITY) == 1


def test_a_release_that_is_handled_before_a_late_timer_is_still_no_tap() -> None:
    story = connected()
    story.then(Event.PRESSED)
    story.now += 0.25  # the loop was busy: no time-out was delivered
    assert story.conversation.handle(Event.RELEASED, story.now) == (
        Command.OPEN_ACTIVITY,
    )


def test_an_answer_is_heard_to_its_end_and_then_the_turn_is_over() -> None:
    story = asked()
    assert story.then(Event.AUDIO) == (Command.BEGIN_ANSWER,)
    assert story.phase() is Phase.SPEAKING
    assert story.then(Event.AUDIO, Event.GENERATION_COMPLETE) == (
        Command.FINISH_PLAYOUT,
    )
    assert story.then(Event.TURN_COMPLETE) == ()
    assert story.phase() is Phase.SPEAKING
    assert story.then(Event.DRAINED) == (Command.TURN_ANSWERED,)
    assert story.phase() is Phase.IDLE


def test_an_answer_without_generation_complete_ends_with_turn_complete() -> None:
    story = answering()
    assert story.then(Event.TURN_COMPLETE) == (Command.FINISH_PLAYOUT,)
    assert story.then(Event.DRAINED) == (Command.TURN_ANSWERED,)


def test_an_underrun_is_not_the_end() -> None:
    story = answering()
    assert story.then(Event.DRAINED) == ()
    assert story.phase() is Phase.SPEAKING


# -- taps and stuck buttons -------------------------------------------------------


def test_a_tap_silences_a_playing_answer_and_is_never_sent() -> None:
    story = answering()
    commands = story.then(Event.PRESSED)
    commands += story.then(Event.RELEASED, after=0.1) + story.wait(1.0)
    assert commands == (
        Command.SILENCE,
        Command.TURN_TALKED_OVER,
        Command.FORGET_PRE_ROLL,
        Command.RECORD,
        Command.DISCARD,
    )
    assert story.phase() is Phase.IDLE


def test_what_still_arrives_after_a_tap_is_dropped_until_the_turn_completes() -> None:
    story = answering()
    story.then(Event.PRESSED)
    story.then(Event.RELEASED, after=0.1)
    story.wait(1.0)
    assert story.then(Event.AUDIO) == ()
    assert story.gate() is Gate.DROP
    story.then(Event.GENERATION_COMPLETE, Event.TURN_COMPLETE)
    assert story.gate() is Gate.PLAY


def test_two_quick_taps_are_two_taps() -> None:
    story = connected()
    commands: tuple[Command, ...] = ()
    for _ in range(2):
        commands += story.then(Event.PRESSED, after=0.1)
        commands += story.then(Event.RELEASED, after=0.1)
    commands += story.wait(1.0)
    assert commands.count(Command.DISCARD) == 2
    assert Command.OPEN_ACTIVITY not in commands


def test_a_button_that_is_held_too_long_is_cut_off() -> None:
    story = connected()
    story.then(Event.PRESSED)
    assert story.wait(TIMING.max_hold + 1)[-1] is Command.CLOSE_ACTIVITY
    assert story.then(Event.RELEASED) == ()
    assert story.phase() is Phase.THINKING


def test_stop_while_speaking_is_silence_now() -> None:
    story = answering()
    assert story.then(Event.SILENCED) == (Command.SILENCE, Command.TURN_TALKED_OVER)
    assert story.phase() is Phase.IDLE


def test_stop_while_recording_forgets_the_utterance() -> None:
    story = connected()
    story.then(Event.PRESSED)
    story.wait(1.0)
    commands = story.then(Event.SILENCED)
    assert commands == (Command.SILENCE, Command.DISCARD, Command.TURN_CANCELLED)


def test_an_abandoned_activity_is_answered_to_nobody() -> None:
    story = connected()
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.SILENCED, Event.ABANDONED)
    story.then(Event.AUDIO)
    assert story.gate() is Gate.DROP


# -- barge-in ---------------------------------------------------------------------


def test_pressing_while_the_assistant_speaks_silences_it_before_listening() -> None:
    story = answering()
    assert story.then(Event.PRESSED) == (
        Command.SILENCE,
        Command.TURN_TALKED_OVER,
        Command.FORGET_PRE_ROLL,
        Command.RECORD,
    )


def test_the_old_turns_end_while_the_button_is_held_changes_nothing() -> None:
    story = answering()
    story.then(Event.PRESSED)
    story.wait(0.5)
    assert story.then(Event.AUDIO, Event.INTERRUPTED, Event.TURN_COMPLETE) == ()
    assert story.phase() is Phase.LISTENING
    story.then(Event.RELEASED)
    story.wait(0.3)
    story.then(Event.SENT)
    assert story.then(Event.AUDIO) == (Command.BEGIN_ANSWER,)


def test_old_audio_after_the_release_is_held_and_then_thrown_away() -> None:
    story = answering()
    asks_again(story)
    story.then(Event.AUDIO)
    assert story.gate() is Gate.HOLD
    assert story.wait(HOLD_LIMIT * 2) == ()  # it had begun: the server will close it
    assert story.then(Event.INTERRUPTED) == (Command.SILENCE,)
    assert story.then(Event.TURN_COMPLETE) == ()
    assert story.phase() is Phase.THINKING
    assert story.gate() is Gate.PLAY


def test_a_server_that_never_closes_the_old_turn_costs_a_second_not_the_answer() -> (
    None
):
    story = asked()
    asks_again(story)  # pressed again before the first answer began
    story.then(Event.AUDIO)
    assert story.gate() is Gate.HOLD
    assert story.wait(HOLD_LIMIT) == (Command.BEGIN_ANSWER, Command.PLAY_HELD)
    assert story.phase() is Phase.SPEAKING


def test_a_short_answer_that_was_held_is_played_to_its_end() -> None:
    story = asked()
    asks_again(story)
    story.then(Event.AUDIO, Event.GENERATION_COMPLETE)
    assert story.wait(HOLD_LIMIT)[-1] is Command.FINISH_PLAYOUT
    assert story.then(Event.DRAINED) == (Command.TURN_ANSWERED,)


def test_a_spurious_pair_at_the_start_of_a_turn_does_not_end_it() -> None:
    story = answering()  # langwatch/scenario issue 360
    story.then(Event.GENERATION_COMPLETE, Event.DRAINED)
    asks_again(story)
    story.then(Event.INTERRUPTED, Event.TURN_COMPLETE)
    assert story.phase() is Phase.THINKING
    assert story.then(Event.AUDIO) == (Command.BEGIN_ANSWER,)


def test_a_pair_that_nobody_is_owed_does_not_end_the_new_turn_either() -> None:
    story = answering()
    story.then(Event.GENERATION_COMPLETE, Event.TURN_COMPLETE, Event.DRAINED)
    story.then(Event.PRESSED)
    story.wait(0.5)
    story.then(Event.INTERRUPTED, Event.RELEASED)
    story.wait(0.3)
    story.then(Event.SENT)
    assert story.then(Event.TURN_COMPLETE) == ()
    assert story.phase() is Phase.THINKING


def test_an_interruption_that_nobody_asked_for_silences_the_answer() -> None:
    story = answering()
    assert story.then(Event.INTERRUPTED) == (
        Command.SILENCE,
        Command.TURN_TALKED_OVER,
    )
    story.then(Event.TURN_COMPLETE)
    assert story.conversation.settled


def test_each_old_turn_that_was_talked_over_is_awaited_to_its_end() -> None:
    story = asked()
    asks_again(story)
    asks_again(story)  # two are owed now
    story.then(Event.TURN_COMPLETE, Event.AUDIO)
    assert story.gate() is Gate.HOLD
    story.then(Event.TURN_COMPLETE)
    assert story.gate() is Gate.PLAY


def test_nothing_is_played_into_the_microphone_of_who_is_speaking() -> None:
    story = connected()  # nothing is owed, and audio comes all the same
    story.then(Event.PRESSED)
    story.wait(0.5)
    story.then(Event.AUDIO)
    assert story.gate() is Gate.DROP
    assert story.phase() is Phase.LISTENING


# -- typed turns ------------------------------------------------------------------


def test_a_typed_turn_silences_the_answer_and_awaits_its_own() -> None:
    story = answering()
    commands = story.then(Event.SAID)
    assert commands == (
        Command.SILENCE,
        Command.TURN_TALKED_OVER,
        Command.SEND_TEXT,
    )
    assert story.phase() is Phase.THINKING


def test_nothing_can_be_typed_while_somebody_speaks() -> None:
    story = connected()
    story.then(Event.PRESSED)
    assert not story.conversation.may_say
    assert story.then(Event.SAID) == ()
    assert story.phase() is Phase.LISTENING


# -- the link ---------------------------------------------------------------------


def test_a_question_asked_offline_waits_for_the_link() -> None:
    story = Story()
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.RELEASED)
    story.wait(60.0)
    assert story.phase() is Phase.THINKING
    story.then(Event.LINK_UP, Event.SENT)
    assert story.then(Event.AUDIO) == (Command.BEGIN_ANSWER,)


def test_speaking_again_offline_goes_on_with_the_same_question() -> None:
    story = Story()
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.RELEASED)
    story.wait(1.0)
    assert story.then(Event.PRESSED) == (Command.SILENCE, Command.RECORD_MORE)


def test_speaking_while_a_typed_question_waits_takes_its_place() -> None:
    story = Story()
    story.then(Event.SAID)
    assert story.then(Event.PRESSED) == (
        Command.SILENCE,
        Command.TURN_CANCELLED,
        Command.RECORD,
    )


def test_a_question_is_given_up_when_no_link_comes() -> None:
    story = Story()
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.RELEASED)
    assert story.wait(TIMING.keep + 1)[-1] is Command.TURN_EXPIRED
    assert story.phase() is Phase.IDLE


def test_a_link_lost_before_the_answer_keeps_the_question_waiting() -> None:
    story = asked()
    assert story.then(Event.LINK_DOWN) == ()
    assert story.phase() is Phase.THINKING


def test_a_link_lost_in_mid_answer_lets_what_arrived_play_out() -> None:
    story = answering()
    assert story.then(Event.LINK_DOWN) == (Command.FINISH_PLAYOUT,)
    assert story.then(Event.DRAINED) == (Command.TURN_CUT,)


def test_a_link_lost_after_the_answer_was_complete_is_not_noticed() -> None:
    story = answering()
    story.then(Event.GENERATION_COMPLETE, Event.LINK_DOWN)
    assert story.then(Event.DRAINED) == (Command.TURN_ANSWERED,)


def test_a_turn_that_breaks_every_link_is_given_up() -> None:
    story = asked()
    outcomes: list[Command] = []
    for _ in range(MOST_SENDINGS):
        outcomes += story.then(Event.LINK_DOWN, Event.LINK_UP, Event.SENT)
    assert outcomes == [Command.TURN_BROKEN]
    assert story.phase() is Phase.IDLE


def test_links_that_come_and_go_do_not_keep_a_question_for_ever() -> None:
    story = asked()
    outcomes: list[Command] = []
    for _ in range(200):
        outcomes += story.then(Event.LINK_DOWN, Event.LINK_UP, after=1.0)
    assert outcomes == [Command.TURN_EXPIRED]


def test_a_long_question_on_a_slow_link_is_not_given_up_while_it_moves() -> None:
    story = connected()
    story.then(Event.PRESSED)
    story.wait(60.0)
    story.then(Event.RELEASED)
    for _ in range(8):
        assert Command.TURN_UNANSWERED not in story.wait(TIMING.answer - 1)
        story.then(Event.PROGRESS)  # a chunk went out
    assert story.phase() is Phase.THINKING


def test_audio_before_the_question_is_sent_is_never_its_answer() -> None:
    story = asked()
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.RELEASED)
    story.wait(0.3)
    story.then(Event.AUDIO)
    assert story.gate() is Gate.DROP


def test_without_a_microphone_the_person_is_told_so() -> None:
    story = connected()
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.RELEASED)
    story.wait(0.3)
    assert story.then(Event.SPEECHLESS) == (Command.TURN_SPEECHLESS,)
    assert story.phase() is Phase.IDLE


def test_an_answer_that_no_speaker_plays_is_not_called_answered() -> None:
    story = answering()
    assert story.then(Event.UNHEARD) == ()  # it may come back in time
    story.then(Event.GENERATION_COMPLETE)
    # What is left must not be heard when a speaker comes, perhaps hours later.
    ended = (Command.TURN_UNHEARD, Command.SILENCE)
    assert story.then(Event.UNHEARD) == ended


# -- a server that fails ----------------------------------------------------------


def test_a_silent_server_is_not_waited_for_for_ever() -> None:
    story = asked()
    assert story.wait(TIMING.answer + 0.1) == (
        Command.TURN_UNANSWERED,
        Command.LEAVE_LINK,
    )
    assert story.phase() is Phase.IDLE


def test_signs_of_work_extend_the_wait() -> None:
    story = asked()
    story.wait(TIMING.answer - 1)
    story.then(Event.PROGRESS)
    story.wait(TIMING.answer - 1)
    assert story.phase() is Phase.THINKING


def test_an_empty_turn_is_told() -> None:
    story = asked()
    assert story.then(Event.TURN_COMPLETE) == (Command.TURN_EMPTY,)


def test_a_server_that_stops_in_mid_answer_does_not_hold_the_floor() -> None:
    story = answering()
    assert story.wait(TIMING.answer + 0.1) == (
        Command.FINISH_PLAYOUT,
        Command.LEAVE_LINK,
    )
    assert story.then(Event.DRAINED) == (Command.TURN_STALLED,)


def test_the_answer_to_a_question_that_timed_out_is_not_heard_later() -> None:
    story = asked()
    story.wait(TIMING.answer + 1)
    story.then(Event.AUDIO)
    assert story.gate() is Gate.DROP


def test_the_link_may_be_left_only_between_turns() -> None:
    story = connected()
    assert story.conversation.settled
    story = answering()
    assert not story.conversation.settled
    story.then(Event.GENERATION_COMPLETE, Event.DRAINED)
    assert not story.conversation.settled  # the server is not done
    story.then(Event.TURN_COMPLETE)
    assert story.conversation.settled


# -- properties -------------------------------------------------------------------

PAUSES = st.sampled_from((0.0, BOUNCE / 2, 0.1, 0.3, 1.5, 20.0, 400.0))


@given(st.lists(st.tuples(st.sampled_from(Event), PAUSES), max_size=40))
def test_no_history_can_wedge_the_button(history: list[tuple[Event, float]]) -> None:
    story = Story()
    for event, pause in history:
        story.then(event)
        story.wait(pause)
    story.then(Event.RELEASED)
    story.wait(1.0)
    story.then(Event.LINK_UP, Event.BUDGET_FREE)
    commands = story.then(Event.PRESSED) + story.wait(0.5)
    assert Command.SILENCE in commands
    assert Command.OPEN_ACTIVITY in commands
    assert story.phase() is Phase.LISTENING
    story.then(Event.RELEASED)
    assert Command.CLOSE_ACTIVITY in story.wait(1.0)
    story.then(Event.SENT)
    story.wait(1000.0)
    assert story.phase() is not Phase.THINKING


@given(st.lists(st.tuples(st.sampled_from(Event), PAUSES), max_size=40))
def test_whatever_is_awaited_has_a_deadline(
    history: list[tuple[Event, float]],
) -> None:
    story = Story()
    for event, pause in history:
        story.then(event)
        story.wait(pause)
        waiting = story.phase() in {Phase.LISTENING, Phase.THINKING}
        assert (story.conversation.deadline is not None) or not waiting


@given(st.lists(st.tuples(st.sampled_from(Event), PAUSES), max_size=40))
def test_whatever_happens_nothing_is_asked_without_money(
    history: list[tuple[Event, float]],
) -> None:
    """But what is added to a question that was taken while there was some."""
    spent = {Event.BUDGET_LOW: False, Event.BUDGET_FREE: False}
    story, is_spent, adds = Story(), False, False
    for event, pause in history:
        is_spent = spent.get(event, is_spent or event is Event.BUDGET_SPENT)
        for command in story.then(event) + story.wait(pause):
            if command in {Command.RECORD, Command.RECORD_MORE}:
                adds = command is Command.RECORD_MORE
            if is_spent:
                assert command is not Command.SEND_TEXT
                assert command is not Command.OPEN_ACTIVITY or adds
        assert not (is_spent and story.conversation.may_say)


@given(st.lists(st.tuples(st.sampled_from(Event), PAUSES), max_size=40))
def test_whatever_happens_a_refused_press_costs_no_question(
    history: list[tuple[Event, float]],
) -> None:
    """A press in mid answer silences it at its edge, before it is known to be none."""
    story = Story()
    for event, pause in history:
        commands = story.then(event) + story.wait(pause)
        for before, after in itertools.pairwise(commands):
            if before is Command.REFUSE_PRESS:
                assert after is Command.DISCARD
        if Command.REFUSE_PRESS in commands:
            refused = commands.index(Command.REFUSE_PRESS)
            assert Command.TURN_CANCELLED not in commands[refused : refused + 3]


# -- the day's budget --------------------------------------------------------------


def without_money(story: Story) -> Story:
    story.then(Event.BUDGET_SPENT)
    return story


def test_without_money_a_press_is_refused_and_a_tap_works() -> None:
    story = without_money(connected())

    commands = story.then(Event.PRESSED) + story.wait(TIMING.tap)
    assert commands[-2:] == (Command.REFUSE_PRESS, Command.DISCARD)
    assert story.phase() is Phase.IDLE
    assert story.then(Event.RELEASED) + story.wait(1.0) == ()

    story.then(Event.PRESSED, Event.RELEASED)
    assert story.wait(0.1) == (Command.DISCARD, Command.REPEAT)


def test_without_money_and_tap_limit_a_press_is_refused_at_the_edge() -> None:
    story = Story(Timing(tap=0.0))
    story.then(Event.LINK_UP, Event.BUDGET_SPENT)

    assert Command.REFUSE_PRESS in story.then(Event.PRESSED)
    assert story.phase() is Phase.IDLE
    assert story.then(Event.RELEASED) + story.wait(9.0) == ()


def test_a_release_that_is_handled_before_a_late_timer_is_refused_too() -> None:
    story = without_money(answering())
    story.then(Event.TAPPED)  # the old response is still owed its end
    story.then(Event.PRESSED)
    story.now += 1.0
    commands = story.conversation.handle(Event.RELEASED, story.now)

    assert Command.REFUSE_PRESS in commands
    assert story.conversation.deadline is not None
    assert story.conversation.deadline > story.now + 1.0  # of what is owed


def test_an_answer_is_heard_to_its_end_though_the_money_goes_in_it() -> None:
    story = without_money(answering())

    assert story.gate() is Gate.PLAY
    story.then(Event.AUDIO, Event.GENERATION_COMPLETE, Event.TURN_COMPLETE)
    assert story.then(Event.DRAINED) == (Command.TURN_ANSWERED,)


def test_a_question_that_is_being_asked_is_still_answered() -> None:
    story = connected()
    story.then(Event.PRESSED)
    story.wait(1.0)
    without_money(story).then(Event.RELEASED)

    assert Command.CLOSE_ACTIVITY in story.wait(1.0)
    story.then(Event.SENT, Event.AUDIO)
    assert story.phase() is Phase.SPEAKING


def waiting() -> Story:
    """A question was spoken and waits for a link; then the money goes."""
    story = Story()
    story.then(Event.PRESSED)
    story.wait(1.0)
    story.then(Event.RELEASED)
    story.wait(0.3)
    return without_money(story)


def test_a_question_that_waits_for_a_link_is_kept_though_more_is_said() -> None:
    story = waiting()

    assert story.then(Event.PRESSED) == (Command.SILENCE, Command.RECORD_MORE)
    assert story.wait(1.0) == (Command.OPEN_ACTIVITY,)
    story.then(Event.RELEASED)
    assert story.wait(0.3) == (Command.CLOSE_ACTIVITY,)
    story.then(Event.LINK_UP, Event.SENT, Event.AUDIO)
    assert story.phase() is Phase.SPEAKING
    assert Command.REFUSE_PRESS in story.then(Event.PRESSED) + story.wait(1.0)


def test_a_tap_still_takes_back_a_question_that_waits_for_a_link() -> None:
    story = waiting()
    story.then(Event.PRESSED, Event.RELEASED)

    assert story.wait(0.1) == (Command.DISCARD, Command.TURN_CANCELLED)


def test_a_typed_question_that_waits_for_a_link_gives_way_to_a_press() -> None:
    story = Story()
    story.then(Event.SAID, Event.BUDGET_SPENT)

    assert story.then(Event.PRESSED)[:2] == (Command.SILENCE, Command.TURN_CANCELLED)
    assert story.wait(1.0) == (Command.REFUSE_PRESS, Command.DISCARD)


def test_without_money_a_press_in_mid_answer_means_silence() -> None:
    story = without_money(answering())

    edge = story.then(Event.PRESSED)
    assert edge[:2] == (Command.SILENCE, Command.TURN_TALKED_OVER)
    assert story.wait(1.0) == (Command.REFUSE_PRESS, Command.DISCARD)
    story.then(Event.RELEASED)
    story.wait(1.0)
    assert story.then(Event.AUDIO) == (), "it stays silent"


def test_without_money_nothing_can_be_typed() -> None:
    story = without_money(connected())

    assert not story.conversation.may_say
    assert story.then(Event.SAID) == ()
    story.then(Event.BUDGET_FREE)
    assert Command.SEND_TEXT in story.then(Event.SAID)


def test_the_warning_waits_for_the_end_of_the_turn_and_comes_once() -> None:
    story = answering()

    assert story.then(Event.BUDGET_LOW, Event.AUDIO, Event.GENERATION_COMPLETE) == (
        Command.FINISH_PLAYOUT,
    )
    ends = story.then(Event.DRAINED)
    assert ends == (Command.TURN_ANSWERED, Command.WARN_BUDGET)
    assert story.then(Event.TURN_COMPLETE) + story.wait(60.0) == ()


def test_a_warning_while_nothing_goes_on_comes_at_once() -> None:
    assert connected().then(Event.BUDGET_LOW) == (Command.WARN_BUDGET,)


# -- the last answer again -------------------------------------------------------


def test_a_tap_while_nothing_goes_on_asks_for_the_last_answer_again() -> None:
    story = connected()
    story.then(Event.PRESSED)

    assert story.then(Event.RELEASED, after=0.1) == ()
    assert story.wait(BOUNCE) == (Command.DISCARD, Command.REPEAT)
    assert connected().then(Event.TAPPED) == (Command.REPEAT,)


def test_a_tap_while_it_speaks_or_thinks_means_silence_only() -> None:
    speaking = connected()
    speaking.then(Event.SAID, Event.SENT, Event.AUDIO)
    speaking.then(Event.PRESSED)

    speaking.then(Event.RELEASED, after=0.1)

    assert speaking.wait(BOUNCE) == (Command.DISCARD,)
    thinking = connected()
    thinking.then(Event.SAID)
    assert thinking.then(Event.TAPPED) == (Command.SILENCE, Command.TURN_CANCELLED)


def test_a_repeated_answer_can_be_talked_over_or_ends_by_itself() -> None:
    story = connected()
    story.then(Event.TAPPED, Event.REPEATING)
    assert story.phase() is Phase.SPEAKING
    assert story.conversation.deadline is None

    story.then(Event.DRAINED)

    assert story.phase() is Phase.IDLE
    story.then(Event.TAPPED, Event.REPEATING)
    commands = story.then(Event.PRESSED)
    assert commands[0] is Command.SILENCE
    assert story.phase() is Phase.LISTENING
    assert story.conversation.gate is Gate.DROP


def test_a_repeat_that_comes_too_late_changes_nothing() -> None:
    story = connected()
    story.then(Event.TAPPED, Event.PRESSED, Event.REPEATING)

    assert story.phase() is Phase.LISTENING


# -- sessions that do not answer ---------------------------------------------------


def test_a_resumed_session_that_never_answered_is_left_and_asked_anew() -> None:
    story = Story()
    story.then(Event.LINK_RESUMED, Event.SAID, Event.SENT, Event.PROGRESS)

    assert story.wait(TIMING.answer + 0.1) == (Command.LEAVE_SESSION,)
    assert story.phase() is Phase.THINKING
    story.then(Event.LINK_DOWN, Event.LINK_UP, Event.SENT)
    assert story.wait(TIMING.answer + 0.1) == (
        Command.TURN_UNANSWERED,
        Command.LEAVE_LINK,
    )


def test_a_resumed_session_that_has_answered_is_trusted() -> None:
    story = Story()
    story.then(Event.LINK_RESUMED, Event.SAID, Event.SENT, Event.AUDIO)
    story.then(Event.TURN_COMPLETE, Event.DRAINED, Event.SAID, Event.SENT)

    assert story.wait(TIMING.answer + 0.1) == (
        Command.TURN_UNANSWERED,
        Command.LEAVE_LINK,
    )


def test_a_turn_complete_that_never_comes_is_given_up() -> None:
    story = connected()
    story.then(Event.SAID, Event.SENT, Event.AUDIO)
    story.then(Event.GENERATION_COMPLETE, Event.DRAINED)
    assert not story.conversation.settled

    story.wait(TIMING.answer + 0.1)

    assert story.conversation.settled
    assert story.conversation.deadline is None


def test_a_link_that_says_nothing_of_a_cancelled_turn_is_left() -> None:
    story = connected()
    story.then(Event.SAID, Event.SENT, Event.SILENCED)

    assert story.wait(TIMING.answer + 0.1) == (Command.LEAVE_LINK,)
    assert story.conversation.settled


def test_a_link_that_had_begun_to_answer_is_not_left_for_its_end() -> None:
    story = connected()
    story.then(Event.SAID, Event.SENT, Event.AUDIO, Event.SILENCED)

    assert story.wait(TIMING.answer + 0.1) == ()
    assert story.conversation.settled
