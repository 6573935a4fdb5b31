"""Who has the floor, and what must happen next.

Rule 1: every decision about the dialogue is made in this file. The rest of the
program reports events here and carries out the commands that come back; no
other file compares a ``Phase`` except to show it. Nothing here reads a clock,
touches a device or waits: time comes in as ``now`` (seconds, any monotonic
clock), a time-out goes out as ``deadline``.

The hard part is that the wire does not say which turn a message belongs to.
After a barge-in the old response's audio, ``interrupted`` and ``turnComplete``
still arrive, while the button is held or after it. The rules that sort them:

* The server owes one ``turnComplete`` for every activity that we closed. Those
  of responses that were talked over are counted in ``Response.owed``.
* Audio that arrives before our ``activityEnd`` is sent is never for the new
  turn. It is dropped.
* Audio that arrives after it, while an old ``turnComplete`` is still owed, is
  held: an ``interrupted`` or ``turnComplete`` shows that it was old and throws
  it away; if neither comes within ``HOLD_LIMIT`` it was new after all, since
  some servers never close a response that had not begun.

Two things time cannot tell apart, both after a second press before the first
answer had begun: a network that stands still for longer than ``HOLD_LIMIT`` just
then (the old answer may be heard), and a server that never closes the old response
and whose new answer is over within it (the new one is thrown away, and told lost).

Sources: Live API reference, BidiGenerateContentServerContent ("interrupted >
turn_complete", no generation_complete); langwatch/scenario issue 360 for the
pair that arrives after generationComplete.
"""

from typing import Final

from edgevoice.conversation.memory import Press, Question, Response
from edgevoice.conversation.timing import (
    ASK_HEARD,
    ASK_LIMIT,
    ASK_TAP,
    BOUNCE,
    CALL_LIMIT,
    HOLD_LIMIT,
    HOLD_LIMIT_BEGUN,
    MOST_SENDINGS,
    Timing,
)
from edgevoice.conversation.vocabulary import Command, Event, Gate, Phase

_WITHOUT_END: Final = float("inf")


class Conversation:
    """The state machine of one appliance; touched by the loop's thread only."""

    def __init__(self, timing: Timing | None = None) -> None:
        self.phase = Phase.IDLE
        self.link_up = False
        self._due: float | None = None
        """When what the phase waits for is given up."""
        self._timing = timing or Timing()
        self._press: Press | None = None
        self._question: Question | None = None
        self._response = Response()
        self._spent = False
        """The day's budget is spent."""
        self._warn = False
        """It is nearly spent, and that is to be told once nobody speaks."""

    def use(self, timing: Timing) -> None:
        """Take other durations, from the next one that begins."""
        self._timing = timing

    @property
    def deadline(self) -> float | None:
        """When ``Event.TIMEOUT`` is due, or None."""
        question = None if self._question is None else self._question.due
        times = [time for time in (self._due, question) if time is not None]
        return min(times, default=None)

    @property
    def asks(self) -> bool:
        """Whether a call waits for the person's press."""
        return self._question is not None

    @property
    def gate(self) -> Gate:
        """What becomes of response audio that arrives now."""
        if self.phase is Phase.LISTENING:
            return Gate.DROP
        if self._waits_to_be_sent:
            return Gate.DROP
        if self._response.owed:
            return Gate.HOLD if self.phase is Phase.THINKING else Gate.DROP
        return Gate.PLAY

    @property
    def may_say(self) -> bool:
        """Whether a typed turn can be taken now, rather than in a moment."""
        question = self._question
        if self._spent or (question is not None and question.pressed is not None):
            return False
        return self.phase is not Phase.LISTENING and not self._waits_to_be_sent

    @property
    def _waits_to_be_sent(self) -> bool:
        return self.phase is Phase.THINKING and not self._response.open

    @property
    def settled(self) -> bool:
        """Whether the link may be left without anybody noticing."""
        response = self._response
        owes = response.open or response.owed or response.calling
        return self.phase is Phase.IDLE and not owes and self._question is None

    def handle(self, event: Event, now: float) -> tuple[Command, ...]:
        """Take one event; return what is to be done, in order.

        Args:
            event: What happened.
            now: When, in seconds of a clock that never goes back.
        """
        commands = self._handle(event, now)
        if self.phase is Phase.IDLE:
            self._rest(now)
            if self._warn:
                self._warn = False
                return (*commands, Command.WARN_BUDGET)
        return commands

    def _rest(self, now: float) -> None:
        """Nobody waits; but a ``turnComplete`` that never comes is given up, too."""
        if not (self._response.open or self._response.owed):
            self._due = None
        elif self._due is None:
            self._due = now + self._patience

    @property
    def _patience(self) -> float:
        """How long the server may say nothing: longer while it waits for us."""
        return CALL_LIMIT if self._response.calling else self._timing.answer

    def _handle(self, event: Event, now: float) -> tuple[Command, ...]:
        match event:
            case Event.PRESSED:
                return self._pressed(now)
            case Event.RELEASED:
                return self._released(now)
            case Event.SILENCED:
                return self._silenced()
            case Event.TAPPED:
                return self._tapped(now)
            case Event.REPEATING:
                return self._repeating()
            case Event.SAID:
                return self._said(now)
            case Event.SENT | Event.ABANDONED:
                return self._sent(event, now)
            case Event.LINK_UP | Event.LINK_RESUMED:
                return self._link_came(event, now)
            case Event.LINK_DOWN:
                return self._link_went(now)
            case Event.REFUSED:
                return self._refused()
            case Event.AUDIO:
                return self._audio(now)
            case Event.PROGRESS:
                return self._progress(now)
            case Event.INTERRUPTED:
                return self._interrupted(now)
            case Event.GENERATION_COMPLETE:
                return self._generation_complete()
            case Event.TURN_COMPLETE:
                return self._turn_complete(now)
            case Event.DRAINED:
                return self._drained()
            case Event.UNHEARD:
                return self._unheard()
            case Event.SPEECHLESS:
                return self._speechless()
            case Event.BUDGET_LOW | Event.BUDGET_SPENT | Event.BUDGET_FREE:
                self._spent = event is Event.BUDGET_SPENT
                self._warn = event is Event.BUDGET_LOW
                return ()
            case Event.CALLED | Event.RESPONDED:
                return self._calling(event, now)
            case Event.ASKED:
                return self._asked(now)
            case Event.ALLOWED:
                return self._allowed()
            case Event.UNASKED:
                return self._drop_question(now)
            case Event.TIMEOUT:
                return self._timeout(now)

    # -- the person ------------------------------------------------------------

    def _pressed(self, now: float) -> tuple[Command, ...]:
        timing = self._timing
        question = self._question
        if question is not None and now >= question.heard:
            return self._press_answers(question, now)
        if question is not None:
            self._question = None
            return (Command.DECLINE, *self._pressed(now))
        if self._press is not None:  # a bounce, or a new grip: the same press
            press, press.released = self._press, False
            limit = timing.max_hold if press.confirmed else timing.tap
            self._due = press.began + limit
            return ()
        return self._begin_press(now, now)

    def _begin_press(self, began: float, now: float) -> tuple[Command, ...]:
        timing = self._timing
        idle = self.phase is Phase.IDLE
        joins = self._waits_to_be_sent and not self._response.typed
        if joins:
            begin: tuple[Command, ...] = (Command.RECORD_MORE,)
        elif self.phase is Phase.SPEAKING:
            ended = self._give_up_response()
            begin = (*ended, Command.FORGET_PRE_ROLL, Command.RECORD)
        else:
            begin = (*self._give_up_response(), Command.RECORD)
        self.phase = Phase.LISTENING
        self._press = Press(began=began, joins=joins, idle=idle)
        self._due = began + timing.tap
        return (Command.SILENCE, *begin, *self._confirm_if_due(now))

    def _confirm_if_due(self, now: float) -> tuple[Command, ...]:
        """Decide that a press is no tap once it has lasted long enough.

        With the budget spent a tap works as ever, but no question begins. A press that
        adds to a question which still waits for a link is let through: that question
        was taken while there was money, and to refuse the rest would lose it. One in
        mid answer has silenced it at its edge all the same: it also means "be quiet".
        """
        press, timing = self._press, self._timing
        if press is None or press.confirmed or now < press.began + timing.tap:
            return ()
        if self._spent and not press.joins:
            return (Command.REFUSE_PRESS, *self._discard())
        press.confirmed = True
        self._due = press.began + timing.max_hold
        return (Command.OPEN_ACTIVITY,)

    def _released(self, now: float) -> tuple[Command, ...]:
        press = self._press
        if self._question is not None:
            self._question.let_go(now)
            return ()
        if press is None or press.released:
            return ()
        opened = self._confirm_if_due(now)
        if self._press is None:
            return opened
        press.released = True
        # The tail is the debouncer: a press before it ends is the same press.
        wait = max(self._timing.tail, BOUNCE) if press.confirmed else BOUNCE
        self._due = now + wait
        return opened

    def _end_of_press(self, now: float) -> tuple[Command, ...]:
        press = self._press
        if press is None or not press.confirmed:  # a tap: silence, or "say again"
            return self._discard(repeat=press is not None and press.idle)
        self._press = None
        self._think(now)
        return (Command.CLOSE_ACTIVITY,)

    def _discard(self, *, repeat: bool = False) -> tuple[Command, ...]:
        """Forget what is being recorded, and what it was to be joined to."""
        press, self._press = self._press, None
        self.phase, self._due = Phase.IDLE, None
        if press is None or press.confirmed or press.joins:
            return (Command.DISCARD, Command.TURN_CANCELLED)
        return (Command.DISCARD, Command.REPEAT) if repeat else (Command.DISCARD,)

    def _think(self, now: float, *, typed: bool = False) -> None:
        self.phase = Phase.THINKING
        self._response.open, self._response.typed = False, typed
        self._response.sendings, self._response.keep_until = 0, now + self._timing.keep
        self._response.begin()
        self._expect_progress(now)

    def _silenced(self) -> tuple[Command, ...]:
        if self._question is not None:
            self._question = None
            return (Command.DECLINE, *self._silenced())
        if self._press is not None:
            return (Command.SILENCE, *self._discard())
        return (Command.SILENCE, *self._give_up_response())

    def _tapped(self, now: float) -> tuple[Command, ...]:
        question = self._question
        if question is not None and now >= question.heard:
            self._question = None
            return (Command.CONFIRM,)
        if self.phase is Phase.IDLE:
            return (Command.REPEAT,)
        return self._silenced()

    def _repeating(self) -> tuple[Command, ...]:
        if self.phase is Phase.IDLE:
            self.phase, self._due = Phase.SPEAKING, None
            self._response.begin()
            self._response.complete = True  # the sound card's clock runs
        return ()

    def _said(self, now: float) -> tuple[Command, ...]:
        if not self.may_say:
            return ()
        declined = (Command.DECLINE,) if self._question is not None else ()
        self._question = None
        ended = self._give_up_response()
        self._think(now, typed=True)
        return (*declined, Command.SILENCE, *ended, Command.SEND_TEXT)

    def _give_up_response(self) -> tuple[Command, ...]:
        """Nobody waits for the present response any more."""
        phase, self.phase = self.phase, Phase.IDLE
        self._due = None
        self._response.disown(begun=phase is Phase.SPEAKING)
        if phase is Phase.THINKING:
            return (Command.TURN_CANCELLED,)
        if phase is Phase.SPEAKING:
            return (Command.TURN_TALKED_OVER,)
        return ()

    # -- the link --------------------------------------------------------------

    def _sent(self, event: Event, now: float) -> tuple[Command, ...]:
        if event is Event.ABANDONED or self.phase is not Phase.THINKING:
            self._response.owed += 1
            return ()
        self._response.open = True
        self._response.sendings += 1
        self._expect_progress(now)
        return ()

    def _link_came(self, event: Event, now: float) -> tuple[Command, ...]:
        self.link_up = True
        self._response.doubted = event is Event.LINK_RESUMED
        self._response.forget_owed()
        if self.phase is Phase.THINKING:
            self._expect_progress(now)
        return ()

    def _link_went(self, now: float) -> tuple[Command, ...]:
        self.link_up = self._response.calling = False
        return (*self._without_link(now), *self._drop_question(now))

    def _without_link(self, now: float) -> tuple[Command, ...]:
        held, self._response.held = self._response.held, False
        self._response.open = False
        self._response.forget_owed()
        if self.phase is Phase.THINKING:
            silence = (Command.SILENCE,) if held else ()
            return (*silence, *self._send_again(now))
        if self.phase is Phase.SPEAKING and not self._response.complete:
            return self._finish(Command.TURN_CUT)
        return ()

    def _refused(self) -> tuple[Command, ...]:
        if not self._waits_to_be_sent:
            return ()
        self.phase, self._due = Phase.IDLE, None
        return (Command.TURN_REFUSED,)

    def _send_again(self, now: float) -> tuple[Command, ...]:
        """The link went before the answer began."""
        self._response.complete = False
        if self._response.sendings >= MOST_SENDINGS:
            self.phase, self._due = Phase.IDLE, None
            return (Command.TURN_BROKEN,)
        self._expect_progress(now)
        return ()

    # -- the server ------------------------------------------------------------

    def _audio(self, now: float) -> tuple[Command, ...]:
        match self.gate:
            case Gate.PLAY:
                return self._play(now)
            case Gate.HOLD if not self._response.held:
                self._response.held = True
                begun = self._response.owed_begun
                self._due = now + (HOLD_LIMIT_BEGUN if begun else HOLD_LIMIT)
            case Gate.DROP if self.phase is Phase.IDLE:
                # It was silenced, and the server goes on: its end is still to come.
                self._response.owed_begun = self._response.owed > 0
                self._due = now + self._timing.answer
            case _:
                pass
        return ()

    def _play(self, now: float) -> tuple[Command, ...]:
        begins = self.phase is not Phase.SPEAKING
        if self.phase is Phase.IDLE:  # unasked, or after a time-out
            self._response.begin()
        self.phase = Phase.SPEAKING
        self._response.doubted = False
        self._expect_progress(now)
        return (Command.BEGIN_ANSWER,) if begins else ()

    def _progress(self, now: float) -> tuple[Command, ...]:
        if not self._response.held:
            self._expect_progress(now)
        return ()

    def _interrupted(self, now: float) -> tuple[Command, ...]:
        if self.phase is Phase.SPEAKING:  # the server's own doing
            return (Command.SILENCE, *self._give_up_response())
        if self.phase is not Phase.IDLE and not self._response.owed:
            # The new response has not begun, so an older one was meant, and
            # its turnComplete follows.
            self._response.owed = 1
        return self._throw_away_held(now)

    def _throw_away_held(self, now: float) -> tuple[Command, ...]:
        if not self._response.held:
            return ()
        self._response.held = self._response.complete = False
        self._expect_progress(now)
        return (Command.SILENCE,)

    def _generation_complete(self) -> tuple[Command, ...]:
        if self.phase is Phase.SPEAKING:
            return self._finish()
        if self._response.held:
            self._response.complete = True
        return ()

    def _turn_complete(self, now: float) -> tuple[Command, ...]:
        response = self._response
        if response.owed:
            response.owed -= 1
            response.owed_begun = response.owed_begun and response.owed > 0
            return self._throw_away_held(now)
        was_open, response.open = response.open, False
        if self.phase is Phase.SPEAKING:
            return self._finish()
        if self.phase is Phase.THINKING and was_open:
            self.phase, self._due = Phase.IDLE, None
            return (Command.TURN_EMPTY,)
        return ()

    def _finish(self, outcome: Command = Command.TURN_ANSWERED) -> tuple[Command, ...]:
        """No more audio will come; what there is plays out."""
        if self._response.complete:
            return ()
        self._response.complete, self._response.outcome = True, outcome
        self._due = None  # the sound card's clock runs from here
        return (Command.FINISH_PLAYOUT,)

    def _drained(self) -> tuple[Command, ...]:
        if self.phase is not Phase.SPEAKING or not self._response.complete:
            return ()
        self.phase, self._due = Phase.IDLE, None
        return (self._response.outcome,)

    def _unheard(self) -> tuple[Command, ...]:
        if self.phase is not Phase.SPEAKING or not self._response.complete:
            return ()
        self.phase, self._due = Phase.IDLE, None
        return (Command.TURN_UNHEARD, Command.SILENCE)  # nor when a speaker comes

    def _speechless(self) -> tuple[Command, ...]:
        if self.phase is not Phase.THINKING:
            return ()
        self.phase, self._due = Phase.IDLE, None
        self._response.disown()
        return (Command.TURN_SPEECHLESS,)

    # -- what the model calls ----------------------------------------------------

    def _calling(self, event: Event, now: float) -> tuple[Command, ...]:
        """The server waits for us, or does not any more."""
        self._response.calling = event is Event.CALLED
        if self.phase is Phase.IDLE:
            self._due = None  # it is set again at once, see ``_rest``
        elif not self._response.held:
            self._expect_progress(now)
        return ()

    def _asked(self, now: float) -> tuple[Command, ...]:
        if self.phase is Phase.LISTENING:  # they are speaking: it is another question
            return (Command.DECLINE,)
        self._question = Question(heard=now + ASK_HEARD, due=now + ASK_LIMIT)
        return (Command.ASK,)

    def _press_answers(self, question: Question, now: float) -> tuple[Command, ...]:
        if question.pressed is None:
            question.pressed = now
        question.released = False  # at the end of a bounce
        question.due = question.pressed + max(self._timing.tap, ASK_TAP)
        return ()

    def _allowed(self) -> tuple[Command, ...]:
        if self._question is None:
            return ()
        self._question = None
        return (Command.CONFIRM,)

    def _drop_question(self, now: float) -> tuple[Command, ...]:
        """Its call has gone: a button that is held for it is held to speak."""
        question, self._question = self._question, None
        if question is None or question.pressed is None or question.released:
            return ()
        return self._begin_press(question.pressed, now)

    def _end_of_question(self, question: Question, now: float) -> tuple[Command, ...]:
        """It was pressed and let go, or is still held, or nobody came."""
        self._question = None
        if question.pressed is None:
            return (Command.DECLINE,)
        if question.released:
            return (Command.CONFIRM,)
        # It is held: they want to say something instead.
        return (Command.DECLINE, *self._begin_press(question.pressed, now))

    # -- time ------------------------------------------------------------------

    def _expect_progress(self, now: float) -> None:
        """Push the deadline of a phase in which something is awaited."""
        if self.phase is Phase.THINKING:
            self._due = (
                now + self._patience if self.link_up else self._response.keep_until
            )
        elif self.phase is Phase.SPEAKING and not self._response.complete:
            self._due = now + self._patience

    def _timeout(self, now: float) -> tuple[Command, ...]:
        question = self._question
        if question is not None and now >= question.due:
            return self._end_of_question(question, now)
        if now < (_WITHOUT_END if self._due is None else self._due):
            return ()
        if self._press is not None:
            if self._press.released or self._press.confirmed:
                return self._end_of_press(now)
            return self._confirm_if_due(now)
        if self.phase is Phase.THINKING:
            return self._play_held(now) if self._response.held else self._no_answer(now)
        if self.phase is Phase.SPEAKING:
            self._response.disown()
            return (*self._finish(Command.TURN_STALLED), Command.LEAVE_LINK)
        return self._give_up_owed()

    def _give_up_owed(self) -> tuple[Command, ...]:
        """A ``turnComplete`` never came."""
        response = self._response
        # Not a word on a turn that was cancelled: is anybody there?
        silent = response.owed > 0 and not response.owed_begun
        response.open, self._due = False, None
        response.forget_owed()
        return (Command.LEAVE_LINK,) if silent else ()

    def _play_held(self, now: float) -> tuple[Command, ...]:
        self._response.held = False
        self._response.forget_owed()
        self.phase = Phase.SPEAKING
        if not self._response.complete:
            self._expect_progress(now)
            return (Command.BEGIN_ANSWER, Command.PLAY_HELD)
        self._due = None
        return (Command.BEGIN_ANSWER, Command.PLAY_HELD, Command.FINISH_PLAYOUT)

    def _no_answer(self, now: float) -> tuple[Command, ...]:
        response = self._response
        if self.link_up and response.open and response.doubted:
            # Some resumed sessions hear, but never answer. It is sent again when
            # the link has gone; should that never be told, the next time-out ends it.
            response.doubted = False
            self._expect_progress(now)
            return (Command.LEAVE_SESSION,)
        self.phase, self._due = Phase.IDLE, None
        self._response.disown()
        if self.link_up:
            return (Command.TURN_UNANSWERED, Command.LEAVE_LINK)
        return (Command.TURN_EXPIRED,)
