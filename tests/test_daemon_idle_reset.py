import asyncio

from edgevoice.daemon.bell import Bell
from edgevoice.daemon.idle_reset import IdleReset
from tests import virtual_time


def forgotten(
    pause: float, *turns: float, idle_from: float = 0.0, shorter: float | None = None
) -> list[float]:
    """When the conversation is forgotten, in a hundred seconds.

    Args:
        pause: How long a pause ends it, seconds.
        turns: When turns end.
        idle_from: Until then somebody has the floor.
        shorter: The pause from the second 1 on, if it is another one then.
    """
    times: list[float] = []

    async def life() -> None:
        loop, bell = asyncio.get_running_loop(), Bell()
        reset = IdleReset(pause, bell, loop.time)

        def change() -> None:
            reset.pause = pause if shorter is None else shorter

        for turn in turns:
            loop.call_at(turn, reset.talked, turn)
        loop.call_at(1.0, change)
        for moment in (*turns, 1.0, idle_from):
            loop.call_at(moment + 0.001, bell.ring)
        run = reset.run(
            lambda: loop.time() >= idle_from, lambda: times.append(round(loop.time()))
        )
        task = loop.create_task(run)
        await asyncio.sleep(100)
        task.cancel()

    virtual_time.run(life())
    return times


def test_a_long_pause_ends_the_conversation_once() -> None:
    assert forgotten(10, 0.0) == [10]


def test_every_turn_puts_the_end_off() -> None:
    assert forgotten(10, 0.0, 6.0, 15.0) == [25]


def test_the_next_conversation_ends_as_well() -> None:
    assert forgotten(10, 0.0, 50.0) == [10, 60]


def test_where_nothing_was_said_nothing_is_forgotten() -> None:
    assert forgotten(10) == []


def test_no_pause_is_long_enough_where_it_is_0() -> None:
    assert forgotten(0, 0.0) == []


def test_nothing_is_forgotten_while_somebody_has_the_floor() -> None:
    assert forgotten(10, 0.0, idle_from=30.0) == [30]


def test_another_pause_counts_at_once() -> None:
    assert forgotten(10, 0.0, shorter=4) == [4]
    assert forgotten(10, 0.0, shorter=0) == []
