"""A device is kept open, whatever happens to it."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable

import pytest

from edgevoice.daemon import keeper
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.keeper import Keeper
from edgevoice.errors import DeviceError


class Card:
    """A device by hand."""

    def __init__(self, number: int) -> None:
        self.name = f"card {number}"
        self.lives = True
        self.closed = 0
        self.may_close = threading.Event()
        self.may_close.set()

    def alive(self, now: float) -> bool:
        return self.lives

    def close(self) -> None:
        self.may_close.wait(10)
        self.closed += 1


class Machine:
    """Where cards are plugged in and pulled out; opening runs in worker threads."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.cards: list[Card] = []
        self.asked: list[str] = []
        self.fault = ""
        self.wanted = True
        self.may_open = threading.Event()
        self.may_open.set()
        self.states: list[str] = []
        self.keeper: Keeper[Card] = Keeper(
            "microphone",
            "usb",
            self._open,
            wanted=lambda: self.wanted,
            changed=self._changed,
            bell=self.bell,
            clock=time.monotonic,
        )

    def _open(self, name: str) -> Card:
        self.asked.append(name)
        if self.fault:
            raise DeviceError(self.fault)
        self.cards.append(Card(len(self.cards)))
        self.may_open.wait(10)
        return self.cards[-1]

    def _changed(self) -> None:
        self.states.append(self.keeper.state)
        self.bell.ring()

    async def until(self, true: Callable[[], object]) -> None:
        assert await self.bell.until(true, 5.0), (self.states, self.keeper.error)

    async def closed(self, card: Card) -> None:
        """Closing is done in another thread, which rings nothing."""
        deadline = time.monotonic() + 5
        while not card.closed:
            assert time.monotonic() < deadline, "it was not closed"
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "RETRY_S", 0.02)
    monkeypatch.setattr(keeper, "CHECK_S", 0.01)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@contextlib.asynccontextmanager
async def kept(machine: Machine) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(machine.keeper.keep())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        machine.may_open.set()
        for card in machine.cards:
            card.may_close.set()


async def test_a_device_is_opened_and_closed_at_the_end(machine: Machine) -> None:
    assert machine.keeper.state == "closed"
    async with kept(machine):
        await machine.until(lambda: machine.keeper.device)
        assert machine.keeper.state == "open"
        assert machine.keeper.name == "card 0"
        assert machine.keeper.error is None

    assert machine.cards[0].closed == 1
    assert machine.keeper.device is None


async def test_a_missing_device_is_told_once_and_opened_when_it_comes(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    machine.fault = "there is no 'usb'; `edgevoice devices` lists what there is"
    async with kept(machine):
        await machine.until(lambda: machine.states.count("missing") == 3)
        assert machine.keeper.error == machine.fault
        assert machine.keeper.name == "usb"
        assert [r.getMessage() for r in caplog.records] == [machine.fault]

        machine.fault = ""
        await machine.until(lambda: machine.keeper.device)

    assert machine.keeper.error is None


async def test_a_device_that_dies_is_closed_and_opened_again(machine: Machine) -> None:
    async with kept(machine):
        await machine.until(lambda: machine.keeper.device)
        machine.cards[0].lives = False
        await machine.until(lambda: machine.keeper.error)
        assert str(machine.keeper.error).startswith("microphone card 0 stopped: is it")
        await machine.until(lambda: len(machine.cards) == 2)
        await machine.until(lambda: machine.keeper.error is None)

        assert machine.cards[0].closed == 1
        assert machine.keeper.name == "card 1"


async def test_a_device_is_open_only_while_it_is_wanted(machine: Machine) -> None:
    machine.wanted = False
    async with kept(machine):
        await asyncio.sleep(0)
        assert machine.cards == []
        machine.wanted = True
        machine.bell.ring()
        await machine.until(lambda: machine.keeper.device)
        machine.wanted = False
        machine.bell.ring()
        await machine.until(lambda: machine.keeper.state == "closed")

        assert machine.cards[0].closed == 1
        assert machine.keeper.error is None


async def test_a_close_that_hangs_blocks_nothing_and_is_left_behind(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(keeper, "CLOSE_S", 0.1)
    async with kept(machine):
        await machine.until(lambda: machine.keeper.device)
        machine.cards[0].may_close.clear()
        machine.cards[0].lives = False

        await machine.until(lambda: machine.keeper.name == "card 1")

        assert machine.keeper.device is machine.cards[1]
        assert machine.cards[0].closed == 0
        assert "microphone card 0 does not close; it is left behind" in caplog.text


async def test_the_end_waits_only_a_moment_for_a_close_that_hangs(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "CLOSE_S", 0.1)
    async with kept(machine) as task:
        await machine.until(lambda: machine.keeper.device)
        machine.cards[0].may_close.clear()

        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=5.0)

    assert done
    assert machine.cards[0].closed == 0


async def test_an_open_that_hangs_is_told_and_taken_when_it_comes(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "OPEN_S", 0.05)
    machine.may_open.clear()
    async with kept(machine):
        await machine.until(lambda: machine.keeper.error)
        assert machine.keeper.error == "microphone usb does not open: unplug it once"
        assert machine.keeper.stuck

        machine.may_open.set()
        await machine.until(lambda: machine.keeper.device)

        assert machine.keeper.error is None
        assert not machine.keeper.stuck
    assert len(machine.cards) == 1


async def test_a_device_that_comes_up_after_the_end_is_closed(machine: Machine) -> None:
    machine.may_open.clear()
    async with kept(machine) as task:
        deadline = time.monotonic() + 5
        while not machine.cards:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)

        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=5.0)
        assert done

        machine.may_open.set()
        await machine.closed(machine.cards[0])
    assert machine.keeper.device is None


async def test_another_one_is_opened_after_the_first_was_closed(
    machine: Machine,
) -> None:
    async with kept(machine):
        await machine.until(lambda: machine.keeper.device)
        machine.keeper.use("usb")  # the same
        machine.keeper.use("jack")
        await machine.until(lambda: len(machine.cards) == 2 and machine.keeper.device)

        assert machine.asked == ["usb", "jack"]
        assert machine.cards[0].closed == 1


async def test_another_one_that_is_missing_is_told_by_its_own_name(
    machine: Machine,
) -> None:
    async with kept(machine):
        await machine.until(lambda: machine.keeper.device)
        machine.fault = "cannot open jack"
        machine.keeper.use("jack")
        await machine.until(lambda: machine.keeper.state == "missing")

        assert (machine.keeper.name, machine.keeper.error) == ("jack", machine.fault)


async def test_nothing_is_logged_of_an_open_that_fails_after_the_end(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    opened = threading.Event()

    def fail(name: str) -> Card:
        opened.wait(10)
        raise DeviceError("too late")

    machine.keeper._open_device = fail
    async with kept(machine) as task:
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=5.0)
        opened.set()
        await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0)

    assert caplog.record_tuples == [
        one for one in caplog.record_tuples if one[1] < logging.WARNING
    ]


async def test_a_renewed_device_is_another_and_nobody_is_told(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with kept(machine):
        await machine.until(lambda: machine.keeper.device)
        told, logged = list(machine.states), len(caplog.records)
        machine.may_open.clear()
        machine.keeper.renew()
        await machine.closed(machine.cards[0])
        machine.keeper.renew()  # once more is no more

        assert machine.keeper.state == "open"
        machine.may_open.set()
        await machine.until(lambda: machine.keeper.device in machine.cards[1:])

        assert len(machine.cards) == 2
        assert (machine.states, len(caplog.records)) == (told, logged)


async def test_a_renewed_device_that_does_not_open_is_told(machine: Machine) -> None:
    async with kept(machine):
        await machine.until(lambda: machine.keeper.device)
        machine.fault = "in use by another program"
        machine.keeper.renew()
        await machine.until(lambda: machine.keeper.state == "missing")

        assert machine.keeper.error == machine.fault
        machine.fault = ""
        await machine.until(lambda: machine.keeper.device)
        assert machine.states[-1] == "open"


async def test_a_device_that_is_not_wanted_is_not_renewed(machine: Machine) -> None:
    async with kept(machine):
        await machine.until(lambda: machine.keeper.device)
        machine.wanted = False
        machine.keeper.renew()
        await machine.until(lambda: machine.keeper.state == "closed")

        assert len(machine.cards) == 1
        assert machine.states[-1] == "closed"
