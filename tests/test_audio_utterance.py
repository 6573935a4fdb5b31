"""The pre-roll and the utterance."""

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.utterance import CHUNK_BYTES, LONGEST_S, PreRoll, Utterance

BLOCK = bytes(640)
"""20 ms at 16 kHz."""


def test_the_pre_roll_holds_the_newest_sound_of_its_length() -> None:
    pre_roll = PreRoll(0.1)
    for value in range(20):
        pre_roll.add(bytes([value]) * 640)
    pcm = pre_roll.take()
    assert len(pcm) == 3200
    assert pcm[0] == 15
    assert pcm[-1] == 19


def test_the_pre_roll_is_taken_once() -> None:
    pre_roll = PreRoll(0.1)
    pre_roll.add(BLOCK)
    assert pre_roll.take() == BLOCK
    assert pre_roll.take() == b""


def test_no_pre_roll_keeps_nothing() -> None:
    pre_roll = PreRoll(0.0)
    pre_roll.add(BLOCK)
    assert pre_roll.take() == b""


def test_chunks_are_whole_until_the_utterance_is_closed() -> None:
    utterance = Utterance()
    utterance.add(BLOCK)
    assert utterance.chunk(0) == b""
    assert not utterance.ready(0)
    utterance.add(BLOCK)
    assert len(utterance.chunk(0)) == CHUNK_BYTES
    utterance.add(BLOCK)
    utterance.closed = True
    assert utterance.chunk(CHUNK_BYTES) == BLOCK
    assert utterance.sent_whole(CHUNK_BYTES + len(BLOCK))


def test_nothing_is_added_after_the_close_unless_it_is_reopened() -> None:
    utterance = Utterance(BLOCK)
    utterance.closed = True
    utterance.add(BLOCK)
    assert len(utterance) == len(BLOCK)
    utterance.reopen()
    utterance.add(BLOCK)
    assert len(utterance) == 2 * len(BLOCK)


def test_a_stuck_button_does_not_fill_the_memory() -> None:
    utterance = Utterance()
    for _ in range(400):
        utterance.add(bytes(32_000))  # a second each
    assert utterance.duration <= LONGEST_S + 1


@given(st.lists(st.binary(min_size=2, max_size=3000).map(lambda b: b[: len(b) & ~1])))
def test_the_chunks_together_are_what_was_said(blocks: list[bytes]) -> None:
    utterance = Utterance()
    sent = b""
    for block in blocks:
        utterance.add(block)
        while chunk := utterance.chunk(len(sent)):
            sent += chunk
    utterance.closed = True
    while chunk := utterance.chunk(len(sent)):
        sent += chunk
    assert sent == b"".join(blocks)
    assert utterance.sent_whole(len(sent))
