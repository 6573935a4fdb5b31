import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.controls.keystrokes import (
    BACKSPACE,
    ENTER,
    ESC,
    LONE_ESC,
    LONGEST_PASTE,
    SPACE,
    STALLED,
    Flags,
    Focus,
    KeyParser,
    Kind,
    Modifier,
    Paste,
    Stroke,
    Token,
)

CTRL = Modifier.CTRL


def parse(*pieces: bytes) -> list[Token]:
    parser = KeyParser()
    return [token for piece in pieces for token in parser.feed(piece, now=0.0)]


@pytest.mark.parametrize(
    ("data", "token"),
    [
        (b" ", Stroke(SPACE, " ")),
        (b"q", Stroke(ord("q"), "q")),
        (b"Q", Stroke(ord("q"), "Q")),
        ("ß".encode(), Stroke(ord("ß"), "ß")),
        (b"\r", Stroke(ENTER)),
        (b"\n", Stroke(ENTER)),
        (b"\x7f", Stroke(BACKSPACE)),
        (b"\x03", Stroke(ord("c"), modifiers=CTRL)),
        (b"\x1b[32u", Stroke(SPACE, " ", Kind.PRESS)),
        (b"\x1b[32;1:1u", Stroke(SPACE, " ", Kind.PRESS)),
        (b"\x1b[32;1:2;32u", Stroke(SPACE, " ", Kind.REPEAT)),
        (b"\x1b[32;1:3u", Stroke(SPACE, "", Kind.RELEASE)),
        (b"\x1b[32;129:3u", Stroke(SPACE, "", Kind.RELEASE)),  # NumLock is on
        (b"\x1b[32;193u", Stroke(SPACE, " ", Kind.PRESS)),  # and CapsLock
        (b"\x1b[32;5:3u", Stroke(SPACE, "", Kind.RELEASE, CTRL)),
        (b"\x1b[47:63;2;63u", Stroke(47, "?", Kind.PRESS, Modifier.SHIFT)),
        (b"\x1b[55:47;2u", Stroke(55, "/", Kind.PRESS, Modifier.SHIFT)),
        (b"\x1b[97;2u", Stroke(97, "A", Kind.PRESS, Modifier.SHIFT)),
        (b"\x1b[1089::99;5u", Stroke(99, "", Kind.PRESS, CTRL)),  # Ctrl, Cyrillic
        (b"\x1b[0;;229u", Stroke(0, "å", Kind.PRESS)),
        (b"\x1b[57441;2u", Stroke(57441, "", Kind.PRESS, Modifier.SHIFT)),
        (b"\x1b[27u", Stroke(ESC, "", Kind.PRESS)),
        (b"\x1b[?31u", Flags(31)),
        (b"\x1b[?0u", Flags(0)),
        (b"\x1b[I", Focus(True)),
        (b"\x1b[O", Focus(False)),
    ],
)
def test_each_encoding_is_one_token(data: bytes, token: Token) -> None:
    assert parse(data) == [token]
    assert parse(*(data[at : at + 1] for at in range(len(data)))) == [token]


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[A",  # an arrow
        b"\x1b[1;1:3A",  # its release
        b"\x1bOP",  # F1
        b"\x1b[15~",
        b"\x1b[?62;22c",  # what kind of terminal it is
        b"\x1bx",  # Alt and x
        b"\x80\xff",
        b"\x1b[?u",
        b"\x1b[32;1:9u",
        b"\x1b[<32u",
        b"\x1b[" + b"1" * 5000 + b"u",
        b"\x1b[?" + b"1" * 5000 + b"u",
    ],
)
def test_what_is_no_key_of_ours_is_swallowed(data: bytes) -> None:
    assert parse(data + b"q") == [Stroke(ord("q"), "q")]


def test_the_esc_key_is_told_from_a_sequence_by_time() -> None:
    parser = KeyParser()
    assert parser.feed(b"\x1b", now=5.0) == []
    assert parser.deadline == 5.0 + LONE_ESC
    assert parser.expire(5.0 + LONE_ESC / 2) == []

    assert parser.expire(5.0 + LONE_ESC) == [Stroke(ESC)]
    assert parser.deadline is None
    assert parser.feed(b"[32u", now=6.0)[0] == Stroke(ord("["), "[")


def test_esc_before_another_key_swallows_nothing() -> None:
    assert parse(b"\x1b\x03") == [Stroke(ESC), Stroke(ord("c"), modifiers=CTRL)]
    assert parse(b"\x1b\x1b[32u") == [Stroke(ESC), Stroke(SPACE, " ", Kind.PRESS)]


def test_a_broken_sequence_does_not_swallow_control_c() -> None:
    assert parse(b"\x1b[32;\x03")[-1] == Stroke(ord("c"), modifiers=CTRL)


def test_the_rest_of_a_stalled_sequence_is_given_up() -> None:
    parser = KeyParser()
    parser.feed(b"\x1b[32;1", now=1.0)

    assert parser.deadline == 1.0 + STALLED
    assert parser.expire(1.0 + STALLED) == []
    assert parser.feed(b" ", now=3.0) == [Stroke(SPACE, " ")]


def test_a_paste_is_one_token_without_control_characters() -> None:
    pasted = b"\x1b[200~quit now\r\nor \x1b[31mred\x1b[201~ "

    assert parse(pasted) == [Paste("quit now  or red"), Stroke(SPACE, " ")]
    assert parse(b"\x1b[200~\x1b[201~") == []


def test_a_paste_is_cut_and_ends_even_if_its_end_never_comes() -> None:
    parser = KeyParser()
    parser.feed(b"\x1b[200~" + b"x" * (2 * LONGEST_PASTE), now=0.0)

    assert parser.expire(STALLED) == [Paste("x" * LONGEST_PASTE)]
    assert parser.feed(b"q", now=2.0) == [Stroke(ord("q"), "q")]


@given(st.lists(st.binary(max_size=12)))
def test_how_the_bytes_are_split_makes_no_difference(pieces: list[bytes]) -> None:
    assert parse(*pieces) == parse(b"".join(pieces))
