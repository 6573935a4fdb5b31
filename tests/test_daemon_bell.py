import asyncio

import pytest

from edgevoice.daemon.bell import Bell

LONG = 10.0
"""Far longer than anything here takes, seconds."""


async def test_what_holds_already_is_not_waited_for() -> None:
    assert await Bell().until(lambda: True)
    assert await Bell().until(lambda: "anything that is true", timeout=0)


async def test_a_ring_makes_a_waiter_look_again() -> None:
    bell, state, looks = Bell(), [""], 0

    def is_open() -> bool:
        nonlocal looks
        looks += 1
        return state[0] == "open"

    waiter = asyncio.create_task(bell.until(is_open, LONG))
    await asyncio.sleep(0)
    bell.ring()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiter.done()

    state[0] = "open"
    bell.ring()

    assert await waiter
    assert looks == 4  # at the wait, twice when it rang, before going on


async def test_a_ring_before_the_wait_is_not_lost_since_the_state_is_looked_at() -> (
    None
):
    bell, state = Bell(), [False]

    state[0] = True
    bell.ring()

    assert await bell.until(lambda: state[0], LONG)


async def test_a_ring_during_another_waiters_turn_is_not_lost() -> None:
    bell, state = Bell(), [0]

    async def follow(step: int) -> None:
        await bell.until(lambda: state[0] >= step, LONG)
        state[0] = max(state[0], step + 1)
        bell.ring()

    async with asyncio.timeout(LONG), asyncio.TaskGroup() as tasks:
        for step in reversed(range(1, 50)):
            tasks.create_task(follow(step))
        await asyncio.sleep(0)
        state[0] = 1
        bell.ring()

    assert state[0] == 50


async def test_one_ring_wakes_everybody() -> None:
    bell, state = Bell(), [False]
    waiters = [
        asyncio.create_task(bell.until(lambda: state[0], LONG)) for _ in range(3)
    ]
    await asyncio.sleep(0)

    state[0] = True
    bell.ring()

    assert await asyncio.gather(*waiters) == [True, True, True]


async def test_a_timeout_says_that_it_does_not_hold() -> None:
    assert not await Bell().until(lambda: False, timeout=0.001)
    assert not await Bell().until(lambda: False, timeout=-1.0)


async def test_a_change_without_a_ring_is_seen_at_the_timeout() -> None:
    state = [False]
    asyncio.get_running_loop().call_soon(state.__setitem__, 0, True)

    assert await Bell().until(lambda: state[0], timeout=0.001)


async def test_a_cancelled_waiter_is_gone() -> None:
    bell = Bell()
    waiter = asyncio.create_task(bell.until(lambda: False))
    await asyncio.sleep(0)

    waiter.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiter
    bell.ring()


async def test_rings_in_a_row_ask_once() -> None:
    bell, looks = Bell(), 0

    def never() -> bool:
        nonlocal looks
        looks += 1
        return False

    waiter = asyncio.create_task(bell.until(never))
    await asyncio.sleep(0)
    for _ in range(10):
        bell.ring()
    await asyncio.sleep(0)

    assert looks == 2
    waiter.cancel()


async def test_what_holds_at_the_ring_and_not_any_more_is_waited_for() -> None:
    bell, bread = Bell(), [0]

    async def eat() -> None:
        await bell.until(lambda: bread[0])
        bread[0] -= 1

    eaters = {asyncio.create_task(eat()) for _ in range(2)}
    await asyncio.sleep(0)
    bread[0] = 1
    bell.ring()

    done, hungry = await asyncio.wait(eaters, return_when="FIRST_COMPLETED")
    assert (len(done), bread[0]) == (1, 0)
    bread[0] = 1
    bell.ring()
    await asyncio.wait(hungry)
    assert bread[0] == 0


async def test_a_condition_that_fails_fails_where_it_is_waited_for() -> None:
    bell, state = Bell(), dict[str, bool]()
    state["open"] = False
    waiter = asyncio.create_task(bell.until(lambda: state["open"]))
    await asyncio.sleep(0)

    del state["open"]
    bell.ring()

    with pytest.raises(KeyError):
        await waiter
