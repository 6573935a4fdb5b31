"""The utterance."""

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.utterance import CHUNK_BYTES, LONGEST_S, Utterance

BLOCK = bytes(640)
"""20 ms at 16 kHz."""


def test_chunks_are_whole_until_the_utterance_is_closed() -> None:
    utterance = Utterance()
    for _ in range(4):
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
