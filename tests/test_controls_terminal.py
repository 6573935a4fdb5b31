import io
from collections.abc import Callable, Iterator

import pyte
import pytest

from edgevoice.controls.control import Signal
from edgevoice.controls.terminal import StatusLine


class Screen(io.TextIOWrapper):
    """A terminal emulator that can be written to like a stream."""

    def __init__(self, columns: int, rows: int, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self.screen.set_mode(pyte.modes.LNM)
        self.emulator = pyte.Stream(self.screen)
        self.tty = True

    def write(self, text: str, /) -> int:
        text.encode(self.encoding)
        self.emulator.feed(text)
        return len(text)

    def isatty(self) -> bool:
        return self.tty

    def size(self) -> tuple[int, int]:
        return self.screen.columns, self.screen.lines

    def lines(self) -> list[str]:
        """What can be seen, without empty lines at the end."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines


Open = Callable[..., tuple[Screen, StatusLine]]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    opened: list[tuple[Screen, StatusLine]] = []

    def make(
        columns: int = 40, rows: int = 8, encoding: str = "utf-8", tty: bool = True
    ) -> tuple[Screen, StatusLine]:
        screen = Screen(columns, rows, encoding)
        screen.tty = tty
        opened.append((screen, StatusLine(screen, screen.size, clock=lambda: 0.0)))
        return opened[-1]

    yield make
    for screen, line in opened:
        line.close()
        screen.close()


def test_the_status_stays_on_one_line_while_it_changes(terminal: Open) -> None:
    screen, line = terminal()

    line.show(Signal.LISTENING)
    line.update(level=0.5, link="up")
    line.show(Signal.SPEAKING)

    assert screen.lines() == ["▶ speaking  link up  vol 80  ? help"]
    assert screen.screen.cursor.hidden


def test_captions_grow_above_the_status_as_their_pieces_come(terminal: Open) -> None:
    screen, line = terminal()
    line.update(link="up")

    line.caption("user", " What is")
    assert screen.lines()[0] == "  you: What is"
    line.caption("user", " the wea")
    line.caption("user", "ther?")
    line.caption("assistant", " It is")
    line.caption("assistant", " sunny.")

    assert screen.lines() == [
        "  you: What is the weather?",
        "voice: It is sunny.",
        "○ ready  link up  vol 80  ? help",
    ]


def test_a_long_caption_is_wrapped_at_words_and_indented(terminal: Open) -> None:
    screen, line = terminal(columns=24)
    for word in ["the", "quick", "brown", "fox", "jumps", "over"]:
        line.caption("assistant", word + " ")

    assert screen.lines()[:-1] == [
        "voice: the quick brown",
        "       fox jumps over",
    ]


def test_the_next_turn_begins_a_new_line(terminal: Open) -> None:
    screen, line = terminal()
    line.caption("assistant", "One.")
    line.end_caption()
    line.end_caption()
    line.caption("assistant", " Two.")

    assert screen.lines()[:-1] == ["voice: One.", "voice: Two."]


def test_captions_cannot_move_the_cursor_or_clear_the_screen(terminal: Open) -> None:
    screen, line = terminal()
    line.print_above("before")
    line.caption("assistant", "\x1b[2J\x1b[H\x07safe\r\nand \x9b31msound\x00")

    assert screen.lines()[:-1] == ["before", "voice: [2J[Hsafe  and 31msound"]


def test_messages_go_above_a_caption_that_goes_on_below(terminal: Open) -> None:
    screen, line = terminal()
    line.caption("assistant", "It is")
    line.print_above("link lost\nlink up again")
    line.caption("assistant", " sunny.")

    assert screen.lines()[:-1] == [
        "voice: It is",
        "link lost",
        "link up again",
        "       sunny.",
    ]


def test_a_screen_that_is_full_scrolls_and_the_status_stays_last(
    terminal: Open,
) -> None:
    screen, line = terminal(rows=4)
    for number in range(10):
        line.print_above(f"message {number}")

    assert screen.lines()[:-1] == ["message 7", "message 8", "message 9"]
    assert screen.lines()[-1].startswith("○ ready")


@pytest.mark.parametrize("columns", [60, 30, 20, 12])
def test_after_a_resize_the_line_is_drawn_to_the_new_width(
    columns: int, terminal: Open
) -> None:
    screen, line = terminal(columns=60)
    line.update(error="something long that is wrong with the network")
    screen.screen.resize(8, columns)
    screen.screen.cursor.x = min(screen.screen.cursor.x, columns - 1)

    line.show(Signal.ERROR)

    assert sum("error" in shown for shown in screen.lines()) == 1
    assert all(len(shown) < columns for shown in screen.lines())


def test_a_line_that_is_typed_takes_the_place_of_the_status(terminal: Open) -> None:
    screen, line = terminal()
    line.draft("hello")
    assert screen.lines() == ["say: hello"]
    assert not screen.screen.cursor.hidden
    assert screen.screen.cursor.x == len("say: hello")

    line.show(Signal.SPEAKING)
    assert screen.lines() == ["say: hello"]
    line.draft(None)
    assert screen.lines()[0].startswith("▶ speaking")


def test_nothing_is_drawn_again_that_has_not_changed(terminal: Open) -> None:
    screen, line = terminal()
    line.draw()
    screen.screen.reset()

    line.draw()
    line.show(Signal.IDLE)

    assert screen.lines() == []


def test_close_takes_the_status_away_and_shows_the_cursor(terminal: Open) -> None:
    screen, line = terminal()
    line.caption("assistant", "Bye.")
    line.close()
    line.close()

    assert screen.lines() == ["voice: Bye."]
    assert (screen.screen.cursor.x, screen.screen.cursor.y) == (0, 1)
    assert not screen.screen.cursor.hidden


def test_what_is_printed_after_close_is_plain(terminal: Open) -> None:
    screen, line = terminal()
    line.close()
    line.show(Signal.ERROR)
    line.print_above("stopped")

    assert screen.lines() == ["stopped"]


def test_a_terminal_without_unicode_gets_ascii(terminal: Open) -> None:
    screen, line = terminal(encoding="ascii")
    line.show(Signal.LISTENING)
    line.caption("assistant", "señor")

    assert screen.lines()[0] == "voice: se?or"
    assert screen.lines()[1].startswith("* listening  ----------")


def test_no_color_means_no_colours(
    terminal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, line = terminal()
    line.caption("user", "hello")
    line.show(Signal.ERROR)
    assert screen.screen.buffer[1][0].fg == "red"

    monkeypatch.setenv("NO_COLOR", "1")
    screen, line = terminal()
    line.caption("user", "hello")
    line.show(Signal.ERROR)
    assert {screen.screen.buffer[row][0].fg for row in range(3)} == {"default"}


@pytest.mark.parametrize(("term", "tty"), [("dumb", True), ("xterm", False)])
def test_where_lines_cannot_be_redrawn_whole_lines_are_printed(
    term: str, tty: bool, terminal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    screen, line = terminal(columns=80, tty=tty)

    line.show(Signal.LISTENING)
    line.caption("user", " Hello")
    line.caption("user", " there.")
    assert screen.lines() == []
    line.caption("assistant", "Hi.")
    line.print_above("a message")
    line.end_caption()

    assert screen.lines() == ["  you: Hello there.", "voice: Hi.", "a message"]


def test_a_terminal_that_is_gone_is_no_error(terminal: Open) -> None:
    screen, line = terminal()
    line.draw()

    def gone(_text: str) -> int:
        raise OSError(5, "Input/output error")

    screen.write = gone  # type: ignore[method-assign]
    line.show(Signal.ERROR)
    line.print_above("nobody sees this")
