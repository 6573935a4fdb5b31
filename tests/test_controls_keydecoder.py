import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.controls.keydecoder import (
    POP,
    PUSH,
    QUERY,
    REPORTS_OFF,
    REPORTS_ON,
    KeyDecoder,
)
from edgevoice.controls.keyevents import (
    HELP,
    HOW,
    Draft,
    Key,
    KeyEvent,
    Method,
    Say,
    help_lines,
)

MAX_HOLD = 120.0


def kitty_decoder() -> KeyDecoder:
    """A decoder whose terminal has agreed to report press and release."""
    decoder = KeyDecoder(max_hold=MAX_HOLD)
    decoder.start()
    decoder.receive(b"\x1b[?0u", now=0.0)
    assert decoder.receive(b"\x1b[?31u", now=0.0) == [Method.KITTY]
    decoder.data_to_send()
    return decoder


def typed(decoder: KeyDecoder, *pieces: bytes) -> list[KeyEvent]:
    return [event for piece in pieces for event in decoder.receive(piece, now=1.0)]


def test_the_protocol_is_pushed_only_where_the_terminal_knows_it() -> None:
    decoder = KeyDecoder()
    decoder.start()
    assert decoder.data_to_send() == REPORTS_ON + QUERY
    assert decoder.goodbye() == REPORTS_OFF

    decoder.receive(b"\x1b[?0u", now=0.0)
    assert decoder.data_to_send() == PUSH + QUERY
    assert decoder.method is Method.REPEAT

    assert decoder.receive(b"\x1b[?31u", now=0.0) == [Method.KITTY]
    assert decoder.data_to_send() == b""
    assert decoder.goodbye() == POP + REPORTS_OFF


def test_a_terminal_that_does_not_report_releases_stays_with_auto_repeat() -> None:
    decoder = KeyDecoder()
    decoder.receive(b"\x1b[?0u\x1b[?5u", now=0.0)

    assert decoder.method is Method.REPEAT
    assert decoder.goodbye() == POP + REPORTS_OFF


def test_press_and_release_of_space_with_numlock_on_and_split_in_two() -> None:
    decoder = kitty_decoder()

    assert typed(decoder, b"\x1b[32;129", b":1u") == [Key.PRESS]
    assert typed(decoder, b"\x1b[32;129:2u", b"\x1b[32;129:2u") == []
    assert typed(decoder, b"\x1b[32;1", b"29:3u") == [Key.RELEASE]


def test_space_that_is_let_go_with_control_down_is_let_go() -> None:
    decoder = kitty_decoder()

    assert typed(decoder, b"\x1b[32u", b"\x1b[32;5:3u") == [Key.PRESS, Key.RELEASE]
    assert typed(decoder, b"\x1b[32;5u") == []


@pytest.mark.parametrize(
    ("plain", "kitty", "event"),
    [
        (b"s", b"\x1b[115;;115u", Key.SILENCE),
        (b"n", b"\x1b[110;;110u", Key.NEW),
        (b"N", b"\x1b[110:78;2;78u", Key.NEW),
        (b"+", b"\x1b[61:43;2;43u", Key.LOUDER),
        (b"-", b"\x1b[45;;45u", Key.QUIETER),
        (b"m", b"\x1b[109;;109u", Key.MUTE),
        (b"?", b"\x1b[47:63;2;63u", Key.HELP),
        (b"q", b"\x1b[113;;113u", Key.QUIT),
        (b"\x03", b"\x1b[99;5u", Key.QUIT),
        (b"\x04", b"\x1b[100;5u", Key.QUIT),
        (b"\x03", b"\x1b[1089::99;133u", Key.QUIT),  # Cyrillic layout, NumLock
        (b"q", b"\x1b[1081::113;;1081u", Key.QUIT),
        (b"t", b"\x1b[116;;116u", Method.TOGGLE),
    ],
)
def test_each_command_has_its_key(plain: bytes, kitty: bytes, event: KeyEvent) -> None:
    assert typed(KeyDecoder(), plain) == [event]
    assert typed(kitty_decoder(), kitty) == [event]


def test_letting_go_of_a_command_key_does_nothing() -> None:
    assert typed(kitty_decoder(), b"\x1b[113;1:3u", b"\x1b[99;5:3u") == []


def test_a_held_command_key_acts_once_but_volume_goes_on() -> None:
    decoder = kitty_decoder()

    assert typed(decoder, b"\x1b[109;1:2;109u") == []
    assert typed(decoder, b"\x1b[45;1:2;45u") == [Key.QUIETER]


@pytest.mark.parametrize("key", [b"x", b"\x1bq", b"\x11", b"\xc3\xa9", b"\t", b"\x7f"])
def test_other_keys_do_nothing(key: bytes) -> None:
    assert typed(KeyDecoder(), key) == []


def test_esc_alone_is_silence_after_a_moment() -> None:
    decoder = KeyDecoder()
    assert decoder.receive(b"\x1b", now=1.0) == []
    assert decoder.deadline == pytest.approx(1.1)

    assert decoder.tick(now=1.1) == [Key.SILENCE]


def test_a_slash_opens_a_line_and_enter_says_it() -> None:
    decoder = KeyDecoder()

    assert typed(decoder, b"/h", "é".encode(), b" q", b"x\x7f") == [
        Draft(""),
        Draft("h"),
        Draft("hé"),
        Draft("hé "),
        Draft("hé q"),
        Draft("hé qx"),
        Draft("hé q"),
    ]
    assert typed(decoder, b"\r") == [Draft(None), Say("hé q")]
    assert typed(decoder, b"q") == [Key.QUIT]


def test_a_line_is_edited_with_the_usual_keys() -> None:
    decoder = KeyDecoder()
    typed(decoder, b"/one two")

    assert typed(decoder, b"\x17")[-1] == Draft("one")
    assert typed(decoder, b"\x15")[-1] == Draft("")
    assert typed(decoder, b"\x7f") == []
    assert typed(decoder, b"\x0b") == []
    assert typed(decoder, b" \r") == [Draft(" "), Draft(None)]


def test_esc_drops_the_line_and_control_c_quits_even_there() -> None:
    decoder = kitty_decoder()

    assert typed(decoder, b"\x1b[47;;47u", b"\x1b[27u") == [Draft(""), Draft(None)]
    assert typed(decoder, b"\x1b[47;;47u", b"\x1b[99;5u") == [Draft(""), Key.QUIT]


def test_opening_a_line_while_talking_ends_the_talk_and_space_is_text() -> None:
    decoder = kitty_decoder()

    assert typed(decoder, b"\x1b[32;;32u", b"\x1b[47;;47u") == [
        Key.PRESS,
        Key.RELEASE,
        Draft(""),
    ]
    assert typed(decoder, b"\x1b[32;1:2;32u", b"\x1b[32;1:3u") == [Draft(" ")]


def test_pasted_text_is_a_line_and_no_commands() -> None:
    decoder = KeyDecoder()

    assert typed(decoder, b"\x1b[200~quit now\x1b[201~") == [Draft("quit now")]
    assert typed(decoder, b"\x1b[200~!\x1b[201~", b"\r") == [
        Draft("quit now!"),
        Draft(None),
        Say("quit now!"),
    ]


def test_going_to_another_window_with_space_down_ends_the_talk() -> None:
    decoder = kitty_decoder()

    assert typed(decoder, b"\x1b[32u", b"\x1b[O", b"\x1b[I") == [
        Key.PRESS,
        Key.RELEASE,
    ]


def test_in_toggle_mode_one_press_begins_and_the_next_ends() -> None:
    decoder = KeyDecoder(mode="toggle")

    assert decoder.receive(b" ", now=0.0) == [Key.PRESS]
    assert decoder.tick(now=3.0) == []
    assert decoder.receive(b" ", now=5.0) == [Key.RELEASE]


def test_the_help_names_every_command_and_every_method() -> None:
    keys = " ".join(key for key, _ in HELP)
    for key in ("SPACE", "Enter", "s", "Esc", "/", "n", "+", "-", "m", "t", "?", "q"):
        assert key in keys
    assert set(HOW) == set(Method)
    assert len(help_lines()) == len(HELP)


PIECES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [
            b" ",
            b"\r",
            b"/",
            b"t",
            b"\x1b",
            b"\x1b[32u",
            b"\x1b[32;1:2u",
            b"\x1b[32;1:3u",
            b"\x1b[13u",
            b"\x1b[?31u",
            b"\x1b[?0u",
            b"\x1b[O",
            b"\x1b[200~",
            b"\x1b[201~",
            b"\x1b[99999999999;3;99999999999:1114112:55296u",
        ]
    ),
)


@given(
    st.sampled_from(["hold", "toggle"]),
    st.lists(st.tuples(PIECES, st.floats(0, 2), st.booleans())),
)
def test_no_input_raises_or_leaves_the_key_held_for_ever(
    mode: str, history: list[tuple[bytes, float, bool]]
) -> None:
    decoder = KeyDecoder("toggle" if mode == "toggle" else "hold", MAX_HOLD)
    now, events = 0.0, list[KeyEvent]()
    for piece, pause, tick in history:
        now += pause
        events += decoder.receive(piece, now)
        events += decoder.tick(now) if tick else []
    for _ in range(10):
        if decoder.deadline is not None:
            now = max(now, decoder.deadline)
            events += decoder.tick(now)

    assert decoder.deadline is None
    edges = [event for event in events if event in {Key.PRESS, Key.RELEASE}]
    assert edges == [Key.PRESS, Key.RELEASE] * (len(edges) // 2)
    for event in events:
        if isinstance(event, Say):
            assert event.text.isprintable()
            assert event.text.strip()
