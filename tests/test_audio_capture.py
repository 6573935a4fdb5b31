"""From the microphone's thread to the loop: who is woken, and that nothing is lost."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.capture import Capture
from edgevoice.audio.utterance import CHUNK_BYTES

BLOCK = bytes(640)
"""20 ms at 16 kHz."""


class World:
    """A capture, and how often it woke the loop."""

    def __init__(self, pre_roll: float = 0.1) -> None:
        self.deaf = False
        self.woken = 0
        self.capture = Capture(pre_roll, lambda: self.deaf, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def hear(self, *values: int) -> None:
        """A block of 20 ms for each value."""
        for value in values:
            self.capture.add(bytes([value]) * len(BLOCK))


def test_the_pre_roll_holds_the_newest_sound_of_its_length() -> None:
    world = World(0.1)
    world.hear(*range(20))
    pcm = world.capture.record()
    assert len(pcm) == 3200
    assert (pcm[0], pcm[-1]) == (15, 19)


def test_the_pre_roll_is_cut_to_its_length_whatever_the_blocks() -> None:
    world = World(0.03)
    world.hear(1, 2, 3)
    pcm = world.capture.record()
    assert len(pcm) == 960
    assert (pcm[0], pcm[-1]) == (2, 3)


def test_the_pre_roll_is_had_once() -> None:
    world = World()
    world.hear(1)
    world.capture.record()
    world.capture.end()
    assert world.capture.record() == b""


def test_no_pre_roll_keeps_nothing() -> None:
    world = World(0.0)
    world.hear(1, 2)
    assert world.capture.record() == b""


def test_what_is_our_own_loudspeaker_is_no_pre_roll() -> None:
    world = World()
    world.hear(1)
    world.deaf = True
    world.hear(2)
    world.deaf = False
    world.hear(3)
    assert world.capture.record() == bytes([3]) * 640


def test_while_we_speak_over_it_what_is_said_is_kept() -> None:
    world = World()
    world.capture.record()
    world.deaf = True
    world.hear(1)
    assert world.capture.take() == bytes([1]) * 640


def test_nobody_is_woken_while_nobody_speaks() -> None:
    world = World()
    world.hear(*range(100))
    assert world.woken == 0


def test_the_loop_is_woken_by_the_first_block_and_then_for_a_message() -> None:
    world = World()
    world.capture.record()
    world.hear(1)
    assert world.woken == 1
    world.hear(*range(20))  # the loop is slow
    assert world.woken == 1
    assert len(world.capture.take()) == 21 * len(BLOCK)
    blocks = CHUNK_BYTES // len(BLOCK)
    world.hear(*range(blocks - 1))
    assert world.woken == 1
    world.hear(1)
    assert world.woken == 2
    assert len(world.capture.take()) == CHUNK_BYTES


def test_the_rest_is_had_at_the_end_though_it_woke_nobody() -> None:
    world = World()
    world.capture.record()
    world.hear(1)
    world.capture.take()
    world.hear(2, 3)
    assert world.capture.take() == bytes([2]) * 640 + bytes([3]) * 640
    assert world.woken == 1


def test_after_the_end_it_is_the_pre_roll_of_the_next() -> None:
    world = World()
    world.capture.record()
    world.hear(1)
    world.capture.end()
    assert world.capture.take() == b""
    world.hear(2)
    assert world.woken == 1
    assert world.capture.record() == bytes([2]) * 640


def test_forgetting_what_was_before_leaves_what_is_being_said() -> None:
    world = World()
    world.hear(1)
    world.capture.forget()
    assert world.capture.record() == b""
    world.hear(2)
    world.capture.forget()
    assert world.capture.take() == bytes([2]) * 640


@given(st.lists(st.binary(min_size=2, max_size=2000), max_size=60), st.integers(1, 9))
def test_an_utterance_is_whole_however_it_is_taken(
    blocks: list[bytes], every: int
) -> None:
    world = World()
    world.capture.record()
    got = b""
    for number, block in enumerate(blocks):
        world.capture.add(block)
        if number % every == 0:
            got += world.capture.take()
    got += world.capture.take()
    assert got == b"".join(blocks)


def test_two_threads_lose_nothing() -> None:
    woken = threading.Event()
    capture = Capture(0.1, lambda: False, woken.set)
    capture.record()
    said = [number.to_bytes(4, "big") * 160 for number in range(2000)]

    def speak() -> None:
        for block in said:
            capture.add(block)

    speaker = threading.Thread(target=speak)
    speaker.start()
    got = b""
    while speaker.is_alive():
        if woken.wait(0.01):
            woken.clear()
            got += capture.take()
    got += capture.take()
    assert got == b"".join(said)
