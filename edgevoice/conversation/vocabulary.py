"""The words in which the conversation is reported to and answers."""

from enum import Enum, auto


class Phase(Enum):
    """What the person perceives."""

    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class Gate(Enum):
    """What becomes of response audio that arrives now."""

    PLAY = auto()
    HOLD = auto()
    """Into the playout, but not to be heard yet."""
    DROP = auto()


class Event(Enum):
    """What can happen. Each is reported on the event loop's thread."""

    PRESSED = auto()
    """The first source is held."""
    RELEASED = auto()
    """The last source let go."""
    SILENCED = auto()
    """``edgevoice stop``: be quiet."""
    TAPPED = auto()
    """A tap from afar: be quiet, or say again."""
    REPEATING = auto()
    """The last answer is being played again, to its end."""
    SAID = auto()
    """A typed turn is to be sent."""
    SENT = auto()
    """The turn's ``activityEnd`` or text is on its way."""
    ABANDONED = auto()
    """The ``activityEnd`` of a cancelled turn is on its way."""
    LINK_UP = auto()
    """Setup is complete on a new connection: a new session."""
    LINK_RESUMED = auto()
    """Setup is complete on a new connection: it goes on with the session."""
    LINK_DOWN = auto()
    """The connection is gone."""
    REFUSED = auto()
    """No connection will come before a person has mended something."""
    AUDIO = auto()
    """A chunk of response audio arrived; ask ``gate`` first."""
    PROGRESS = auto()
    """Something moves: a chunk was sent, a transcript or a tool call came."""
    INTERRUPTED = auto()
    GENERATION_COMPLETE = auto()
    TURN_COMPLETE = auto()
    DRAINED = auto()
    """The last frame of the response has been played."""
    UNHEARD = auto()
    """There is no speaker to play the response."""
    SPEECHLESS = auto()
    """The utterance that was closed holds no sound: no microphone."""
    BUDGET_LOW = auto()
    """The day's budget is nearly spent; reported once a day."""
    BUDGET_SPENT = auto()
    """It is spent: nothing new is to be asked."""
    BUDGET_FREE = auto()
    """There is money again: midnight, or a higher budget."""
    CALLED = auto()
    """The model waits for the result of a function call."""
    RESPONDED = auto()
    """It does not wait for one any more."""
    ASKED = auto()
    """A call is to be allowed by the person, with a press."""
    ALLOWED = auto()
    """The person says in words or with a key of its own that it may be done."""
    UNASKED = auto()
    """The call is not wanted any more."""
    TIMEOUT = auto()
    """``deadline`` has passed."""


class Command(Enum):
    """What is to be done. Commands are idempotent and cannot fail."""

    SILENCE = "throw away all sound that is still to be heard"
    FORGET_PRE_ROLL = "what was heard before the press was our own loudspeaker"
    RECORD = "begin an utterance"
    RECORD_MORE = "go on with the utterance that still waits to be sent"
    OPEN_ACTIVITY = "it is no tap: the utterance may be sent"
    CLOSE_ACTIVITY = "the utterance is complete"
    DISCARD = "it was a tap: forget the utterance"
    REPEAT = "play the last answer again, if there is one"
    SEND_TEXT = "send the typed turn"
    BEGIN_ANSWER = "the response has begun: what was said need not be kept"
    PLAY_HELD = "what was held is the new response: let it be heard"
    FINISH_PLAYOUT = "the response has no more audio: play what is left"
    LEAVE_LINK = "the server has fallen silent: go on with another connection"
    LEAVE_SESSION = "it hears but does not answer: send the turn in a new session"
    WARN_BUDGET = "tell that the day's budget is nearly spent"
    REFUSE_PRESS = "tell that nothing can be asked: the day's budget is spent"
    ASK = "signal that a press would allow the call"
    CONFIRM = "the person allows the call"
    DECLINE = "the person does not allow the call"
    TURN_ANSWERED = "answered"
    TURN_TALKED_OVER = "talked over"
    TURN_CANCELLED = "cancelled"
    TURN_CUT = "lost: the link broke in mid answer"
    TURN_STALLED = "lost: the server stopped in mid answer"
    TURN_REFUSED = "lost: the server refuses us"
    TURN_EMPTY = "lost: the server had nothing to say"
    TURN_UNANSWERED = "lost: the server did not answer in time"
    TURN_BROKEN = "lost: the link broke each time that it was sent"
    TURN_UNHEARD = "lost: there is no loudspeaker"
    TURN_SPEECHLESS = "lost: the microphone gave no sound"
    TURN_EXPIRED = "lost: no link came up in time"
