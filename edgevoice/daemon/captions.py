"""Transcripts on their way to who watches, and into the tail of the conversation.

What the model says is told when it is heard: a transcript of doubtful sound waits,
and is thrown away, with that sound. Never logged.
"""

from edgevoice.conversation import Gate
from edgevoice.daemon.news import News
from edgevoice.daemon.tail import Tail
from edgevoice.live.incoming import InputTranscript, OutputTranscript


class Captions:
    """Both sides' words as they come; loop's thread only."""

    def __init__(self, news: News, tail: Tail) -> None:
        self._news = news
        self._tail = tail
        self._held: list[OutputTranscript] = []

    def user(self, said: InputTranscript) -> None:
        """A piece of what the person said."""
        self._tell("user", said)

    def model(self, said: OutputTranscript, gate: Gate) -> None:
        """A piece of what the model says, treated as its sound is."""
        if gate is Gate.PLAY:
            self._tell("model", said)
        elif gate is Gate.HOLD:
            self._held.append(said)

    def release(self) -> None:
        """The doubtful sound is the new response."""
        for said in self._held:
            self._tell("model", said)
        self._held.clear()

    def flush(self) -> None:
        """The doubtful sound is thrown away."""
        self._held.clear()

    def _tell(self, who: str, said: InputTranscript | OutputTranscript) -> None:
        self._tail.heard(who, said.text)
        language = {"language": said.language} if said.language else {}
        self._news.tell("transcript", who=who, text=said.text, **language)
