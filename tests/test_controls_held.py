from edgevoice.controls.held import HeldSources


def test_talk_begins_with_the_first_source_and_ends_with_the_last() -> None:
    sources = HeldSources()

    assert sources.press("gpio:17")
    assert not sources.press("keyboard")
    assert not sources.release("gpio:17")
    assert sources.held == {"keyboard"}
    assert sources.release("keyboard")
    assert not sources.held


def test_pressing_the_same_source_twice_needs_one_release() -> None:
    sources = HeldSources()

    assert sources.press("socket")
    assert not sources.press("socket")

    assert sources.release("socket")


def test_releasing_what_is_not_held_means_nothing() -> None:
    sources = HeldSources()

    assert not sources.release("socket")
    sources.press("gpio:17")
    assert not sources.release("socket")
    assert sources.held == {"gpio:17"}


def test_toggling_begins_and_ends_but_not_while_another_source_is_held() -> None:
    sources = HeldSources()

    assert sources.toggle("socket")
    assert sources.held == {"socket"}
    sources.press("gpio:17")
    assert not sources.toggle("socket")
    assert sources.held == {"gpio:17"}


def test_releasing_all_ends_the_talk_once() -> None:
    sources = HeldSources()
    sources.press("gpio:17")
    sources.press("socket")

    assert sources.release_all()
    assert not sources.release_all()
    assert not sources.held
