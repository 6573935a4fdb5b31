from typing import Any

from edgevoice.conversation import Gate
from edgevoice.daemon.captions import Captions
from edgevoice.daemon.news import News
from edgevoice.daemon.tail import Tail
from edgevoice.live.incoming import InputTranscript, OutputTranscript
from edgevoice.live.outgoing import Said


class Watched:
    """Captions with who watches them."""

    def __init__(self) -> None:
        self.tail = Tail()
        news = News(lambda: 0.0)
        self.captions = Captions(news, self.tail)
        self.told: list[tuple[str, str]] = []
        news.listen(lambda item: self.told.append((item["who"], item["text"])))


def test_what_is_heard_is_told_and_kept_for_a_later_session() -> None:
    watched = Watched()

    watched.captions.user(InputTranscript("who?"))
    watched.captions.model(OutputTranscript("Ada"), Gate.PLAY)

    assert watched.told == [("user", "who?"), ("model", "Ada")]
    assert watched.tail.tell() == (Said("user", "who?"), Said("model", "Ada"))


def test_doubtful_words_wait_for_their_sound() -> None:
    watched = Watched()
    watched.captions.model(OutputTranscript("A"), Gate.HOLD)
    watched.captions.model(OutputTranscript("da"), Gate.HOLD)
    assert watched.told == []

    watched.captions.release()
    watched.captions.release()

    assert watched.told == [("model", "A"), ("model", "da")]


def test_doubtful_words_go_with_their_sound() -> None:
    watched = Watched()
    watched.captions.model(OutputTranscript("old"), Gate.HOLD)

    watched.captions.flush()
    watched.captions.release()

    assert watched.told == []
    assert watched.tail.tell() == ()


def test_words_whose_sound_is_dropped_are_not_told() -> None:
    watched = Watched()

    watched.captions.model(OutputTranscript("old"), Gate.DROP)
    watched.captions.release()

    assert watched.told == []


def test_the_language_is_told_if_the_server_says_it() -> None:
    items: list[dict[str, Any]] = []
    news = News(lambda: 0.0)
    news.listen(items.append)

    Captions(news, Tail()).user(InputTranscript("ja", language="de-DE"))

    assert items == [
        {
            "event": "transcript",
            "time": 0.0,
            "who": "user",
            "text": "ja",
            "language": "de-DE",
        }
    ]
