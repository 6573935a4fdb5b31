"""The books of the turns: what counts for which."""

from typing import Any

from edgevoice.audio.playout import Playout
from edgevoice.audio.utterance import Utterance
from edgevoice.daemon.news import News
from edgevoice.daemon.turns import Turns


def books() -> tuple[Turns, list[dict[str, Any]]]:
    """New ones, and what they tell."""
    told: list[dict[str, Any]] = []
    news = News(lambda: 1e9)
    news.listen(told.append)
    return Turns(news), told


def test_a_transcript_before_any_sound_was_sent_is_of_an_older_turn() -> None:
    turns, told = books()
    turns.transcribed(9.0)  # there is none
    turns.begin(10.0, utterance=Utterance())
    turns.count()
    turns.transcribed(11.0)
    turns.mark("first_audio_sent", 12.0)
    turns.transcribed(13.0)
    turns.transcribed(14.0)
    turns.end("cancelled", 15.0, Playout())

    assert told[-1]["first_transcript_ms"] == 3000


def test_a_sound_before_any_answer_audio_came_is_of_an_older_turn() -> None:
    turns, told = books()
    turns.heard(9.0)  # there is no turn
    turns.begin(10.0, utterance=Utterance())
    turns.count()
    turns.heard(10.0)  # the press came just as it began
    turns.mark("released", 11.0)
    turns.answer_begins(12.0)
    turns.heard(13.0)
    turns.end("answered", 14.0, Playout())

    assert told[-1]["first_sound_ms"] == 3000
    assert told[-1]["latency_ms"] == 2000


def test_underruns_of_an_older_answer_are_not_counted_again() -> None:
    turns, told = books()
    playout = Playout()
    for answered, underruns in ((True, 2), (False, 0)):
        playout.underruns = 2
        turns.begin(10.0, text="hello")
        turns.count()
        if answered:
            turns.answer_begins(11.0)
        turns.end("answered", 12.0, playout)
        assert told[-1]["underruns"] == underruns
        assert (told[-1]["gate_ms"] is not None) is answered


def test_a_question_that_the_turn_ends_with_ends_with_it() -> None:
    turns, told = books()
    turns.asks(9.0, asks=True)  # of no turn
    turns.begin(10.0, text="hello")
    turns.count()
    turns.asks(11.0, asks=True)
    turns.end("cancelled", 12.0, Playout())
    turns.asks(12.0, asks=False)

    assert told[-1]["questions_ms"] == [[1000, 2000]]
