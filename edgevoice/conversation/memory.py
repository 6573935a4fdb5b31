"""What the conversation remembers from one event to the next; it decides nothing."""

from msgspec import Struct

from edgevoice.conversation.timing import BOUNCE
from edgevoice.conversation.vocabulary import Command


class Press(Struct):
    """One press, from its first edge to the end of its tail."""

    began: float
    joins: bool
    """It goes on with an utterance that could not be sent yet."""
    idle: bool
    """Nothing went on when it began."""
    confirmed: bool = False
    """It lasted longer than a tap."""
    released: bool = False


class Question(Struct):
    """A call that the person is asked to allow."""

    heard: float
    """From when on a press can be meant for it."""
    due: float
    """When there is an answer: nobody came, they let go, or they hold it too long."""
    pressed: float | None = None
    released: bool = False

    def let_go(self, now: float) -> None:
        """The button was let go; a bounce may still follow."""
        if self.pressed is not None and not self.released:
            self.released, self.due = True, now + BOUNCE


class Response(Struct):
    """What the server still owes us."""

    open: bool = False
    """The present turn was sent and its ``turnComplete`` is to come."""
    owed: int = 0
    """``turnComplete`` messages still to come for responses nobody awaits."""
    owed_begun: bool = False
    """One of them is for a response that had begun."""
    sendings: int = 0
    """How often the present turn was sent whole."""
    keep_until: float = 0.0
    """When it is given up if no link comes."""
    held: bool = False
    """Doubtful audio waits in the playout."""
    complete: bool = False
    """The present response has no more audio."""
    typed: bool = False
    """The question was typed, so nothing can be said in addition."""
    outcome: Command = Command.TURN_ANSWERED
    """How it will have ended once it is played to its end."""
    calling: bool = False
    """The server waits for the result of a function call."""
    doubted: bool = False
    """This link resumed a session, and nothing was answered on it yet."""

    def begin(self) -> None:
        """Another response is awaited, or is being played."""
        self.held = self.complete = False
        self.outcome = Command.TURN_ANSWERED

    def forget_owed(self) -> None:
        """Nothing of an older turn can come any more."""
        self.owed, self.owed_begun = 0, False

    def disown(self, *, begun: bool = False) -> None:
        """The present response is not awaited any more."""
        self.owed += self.open
        self.owed_begun = self.owed_begun or (self.open and begun)
        self.open = self.held = False
