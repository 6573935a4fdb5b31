from collections.abc import Callable

import pytest

from edgevoice.daemon.news import Item, News


def test_every_listener_hears_every_item_with_its_time() -> None:
    news = News(lambda: 1_700_000_000.12345)
    first: list[Item] = []
    second: list[Item] = []
    news.listen(first.append)
    news.listen(second.append)

    news.tell("phase", phase="idle")

    item = {"event": "phase", "time": 1_700_000_000.123, "phase": "idle"}
    assert first == second == [item]


def test_nothing_is_heard_from_before_or_after() -> None:
    news = News(lambda: 0.0)
    heard: list[Item] = []
    news.tell("before")
    stop = news.listen(heard.append)
    news.tell("during")

    stop()
    stop()
    news.tell("after")

    assert [item["event"] for item in heard] == ["during"]


def test_a_listener_may_leave_or_come_while_it_hears() -> None:
    news = News(lambda: 0.0)
    heard: list[Item] = []

    def once(item: Item) -> None:
        heard.append(item)
        stop()
        news.listen(heard.append)

    stop = news.listen(once)
    news.tell("first")
    news.tell("second")

    assert [item["event"] for item in heard] == ["first", "second"]


def test_without_listeners_news_is_lost_quietly() -> None:
    News(lambda: 0.0).tell("nobody hears")


def test_what_is_told_waits_for_what_is_urgent_and_keeps_its_order() -> None:
    soon: list[Callable[[], None]] = []
    news = News(lambda: 0.0, soon.append)
    heard: list[str] = []
    news.listen(lambda item: heard.append(item["event"]))

    news.tell("first")
    news.later(heard.append, "a log line")
    news.tell("last")

    assert (heard, len(soon)) == ([], 1)
    soon.pop()()
    assert heard == ["first", "a log line", "last"]
    news.tell("more")
    assert len(soon) == 1


def test_what_fails_keeps_nothing_else_from_being_told() -> None:
    soon: list[Callable[[], None]] = []
    news = News(lambda: 0.0, soon.append)
    heard: list[str] = []
    news.listen(lambda item: heard.append(item["event"]))

    news.later(lambda: 1 / 0)
    news.tell("after it")
    with pytest.raises(ZeroDivisionError):
        soon.pop()()
    soon.pop()()

    assert heard == ["after it"]


def test_who_looks_at_the_state_is_told_at_once() -> None:
    soon: list[Callable[[], None]] = []
    news = News(lambda: 0.0, soon.append)
    heard: list[str] = []
    stop = news.listen(lambda item: heard.append(item["event"]), at_once=True)

    news.tell("first")
    assert heard == ["first"]
    stop()
    news.tell("unheard")
    soon.pop()()
    assert heard == ["first"]
