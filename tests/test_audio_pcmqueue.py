from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.pcmqueue import PcmQueue


@given(chunks=st.lists(st.binary(max_size=50)), sizes=st.lists(st.integers(0, 120)))
def test_what_is_read_is_what_was_pushed_however_it_is_cut(
    chunks: list[bytes], sizes: list[int]
) -> None:
    queue, whole = PcmQueue(), b"".join(chunks)
    for chunk in chunks:
        queue.push(chunk)

    for size in sizes:
        block = queue.read(size)
        assert block == whole[:size]
        whole = whole[size:]
        assert len(queue) == len(whole)


def test_a_block_that_is_a_chunk_is_not_copied() -> None:
    chunk = bytes(1920)
    assert PcmQueue(chunk).read(1920) is chunk
