"""Calls of the model: each id answered once, or cancelled by the server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK

from edgevoice.conversation import ASK_LIMIT, CALL_LIMIT, Event
from edgevoice.daemon import runs
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.calls import CROSSING_S, Calls
from edgevoice.daemon.news import Item, News
from edgevoice.daemon.runs import MOST_AT_ONCE
from edgevoice.live.incoming import ToolCall
from edgevoice.live.outgoing import FunctionResponse
from edgevoice.tools.tool import LONGEST_WAIT_S, Arguments
from tests.door import Door


class House:
    """Calls, the tools that they may reach, and a server that notes the results."""

    def __init__(self, *tools: Door) -> None:
        self.bell = Bell()
        self.events: list[Event] = []
        self.items: list[Item] = []
        self.sent: list[FunctionResponse] = []
        self.said: list[str] = []
        self.lost = False
        self.waits = False
        """The model waits for every result."""
        news = News(lambda: 0.0)
        news.listen(self._told)
        known = {tool.name: tool for tool in tools}
        clock = asyncio.get_running_loop().time
        self.calls = Calls(
            lambda: known,
            self._say,
            lambda: self.waits,
            self._happened,
            news,
            clock,
        )

    def _told(self, item: Item) -> None:
        self.items.append(item)
        self.bell.ring()

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        self.bell.ring()

    async def _say(self, text: str) -> None:
        self.said.append(text)
        self.bell.ring()

    async def _respond(self, response: FunctionResponse) -> None:
        if self.lost:
            raise ConnectionClosedOK(None, None)
        self.sent.append(response)
        self.bell.ring()

    def asked(self, name: str = "door", call: str = "1", **args: Any) -> None:
        self.calls.take(ToolCall(call, name, args), self._respond, crossing=False)

    def crosses(self, name: str = "door", call: str = "1") -> None:
        self.calls.take(ToolCall(call, name, {}), self._respond, crossing=True)

    async def until(self, true: Callable[[], object]) -> None:
        assert await self.bell.until(true, 5.0), (self.events, self.sent)

    async def idle(self) -> None:
        await self.until(lambda: not self.calls.under_way)

    @property
    def states(self) -> list[str]:
        return [item["state"] for item in self.items if item["event"] == "tool_call"]


@contextlib.asynccontextmanager
async def house(*tools: Door) -> AsyncIterator[House]:
    here = House(*tools)
    keeping = asyncio.create_task(here.calls.keep())
    await asyncio.sleep(0)
    try:
        yield here
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


async def test_the_result_goes_out_under_the_calls_id() -> None:
    door = Door()
    async with house(door) as here:
        here.asked(level=3)
        assert here.calls.blocking
        door.done({"angle": 90})
        await here.idle()

        assert door.began == [{"level": 3}]
        assert here.sent == [
            FunctionResponse(id="1", name="door", response={"output": {"angle": 90}})
        ]
        assert here.events == [Event.CALLED, Event.RESPONDED]
        assert here.states == ["called", "done"]


async def test_an_unknown_function_is_an_error_for_the_model() -> None:
    async with house(Door()) as here:
        here.asked("window")
        await here.idle()

        [answer] = here.sent
        assert answer.response == {
            "error": "there is no function 'window'; known: door"
        }


async def test_a_call_without_an_id_of_its_own_is_not_carried_out_twice() -> None:
    door = Door()
    async with house(door) as here:
        here.asked(call="7")
        here.asked(call="7")
        here.asked(call="")
        await door.until(lambda: len(door.began) == 1)
        door.done()
        await here.idle()

        assert len(door.began) == len(here.sent) == 1


async def test_a_cancelled_call_is_ended_and_not_answered() -> None:
    door = Door()
    async with house(door) as here:
        here.asked()
        await door.until(lambda: len(door.began) == 1)
        here.calls.cancel(("1", "unknown"))
        await here.idle()
        await door.until(lambda: door.ended)

        assert here.sent == []
        assert here.events == [Event.CALLED, Event.RESPONDED]
        assert here.states == ["called", "cancelled"]


async def test_a_tool_that_takes_too_long_is_ended_and_the_model_told() -> None:
    door = Door()
    door.timeout_s = 0.05
    async with house(door) as here:
        here.asked()
        await here.idle()

        assert door.ended == 1
        [answer] = here.sent
        assert answer.response == {"error": "no result within 0.05 s; it was ended"}


async def test_a_tool_without_a_result_is_an_error() -> None:
    door = Door()
    async with house(door) as here:
        here.asked()
        door.results.put_nowait(None)
        await here.idle()

        [answer] = here.sent
        assert answer.response == {"error": "the function gave no result"}


@pytest.mark.parametrize("output", [object(), {1: object()}, "\ud800"])
async def test_a_result_that_is_no_json_is_an_error(output: object) -> None:
    door = Door()
    async with house(door) as here:
        here.asked()
        door.done(output)
        await here.idle()

        [answer] = here.sent
        assert answer.response == {"error": "the function's result is not plain JSON"}


# -- in the background -----------------------------------------------------------


async def test_the_model_does_not_wait_for_a_background_call() -> None:
    door = Door(background=True)
    async with house(door) as here:
        here.asked()
        await door.until(lambda: len(door.began) == 1)
        assert here.calls.under_way
        assert not here.calls.blocking
        door.done(1, more=True)
        door.done(2)
        await here.idle()

        assert [(one.will_continue, one.scheduling) for one in here.sent] == [
            (True, "WHEN_IDLE"),
            (None, "WHEN_IDLE"),
        ]
        assert here.events == []


async def test_a_stream_that_breaks_off_is_ended_without_a_word() -> None:
    door = Door(background=True)
    async with house(door) as here:
        here.asked()
        door.done(1, more=True)
        door.results.put_nowait(None)
        await here.idle()

        last = here.sent[-1]
        assert (last.response, last.scheduling, last.will_continue) == (
            {},
            "SILENT",
            None,
        )


async def test_a_tool_that_is_waited_for_has_no_scheduling() -> None:
    door = Door()
    async with house(door) as here:
        here.asked()
        door.done()
        await here.idle()

        assert here.sent[0].scheduling is None


# -- a lost link -----------------------------------------------------------------


async def test_the_same_call_after_a_lost_link_is_not_done_twice() -> None:
    door = Door()
    async with house(door) as here:
        here.asked(call="1", level=3)
        await door.until(lambda: len(door.began) == 1)
        here.calls.link_lost()
        assert not here.calls.under_way
        here.asked(call="2", level=3)
        door.done()
        await here.idle()

        assert door.began == [{"level": 3}]
        assert [answer.id for answer in here.sent] == ["2"]


async def test_a_result_that_was_lost_on_the_way_is_sent_again() -> None:
    door = Door()
    async with house(door) as here:
        here.lost = True
        here.asked(call="1")
        door.done()
        await door.until(lambda: door.ended)
        here.calls.link_lost()
        here.lost = False
        here.asked(call="2")
        await here.idle()

        assert len(door.began) == 1
        assert [answer.response for answer in here.sent] == [{"output": "open"}]


async def test_another_call_after_a_lost_link_is_carried_out() -> None:
    door = Door()
    async with house(door) as here:
        here.asked(call="1", level=3)
        await door.until(lambda: len(door.began) == 1)
        here.calls.link_lost()
        here.asked(call="2", level=4)
        await door.until(lambda: len(door.began) == 2)

        assert door.began == [{"level": 3}, {"level": 4}]


async def test_the_same_call_twice_on_one_link_is_done_twice() -> None:
    door = Door()
    async with house(door) as here:
        here.asked(call="1")
        door.done()
        await here.idle()
        here.asked(call="2")
        door.done()
        await here.idle()

        assert len(door.began) == 2


async def test_the_next_question_begins_without_memory() -> None:
    door = Door()
    async with house(door) as here:
        here.asked(call="1")
        door.done()
        await here.idle()
        here.calls.link_lost()
        here.calls.turn_ended()
        here.asked(call="2")
        await door.until(lambda: len(door.began) == 2)

        assert len(door.began) == 2


async def test_the_end_ends_what_runs() -> None:
    door = Door()
    async with house(door) as here:
        here.asked()
        await door.until(lambda: len(door.began) == 1)
        here.calls.link_lost()

    assert door.ended == 1


# -- the person ------------------------------------------------------------------


async def test_a_call_that_is_to_be_allowed_waits_for_the_person() -> None:
    door = Door(confirm=True)
    async with house(door) as here:
        here.asked()
        await here.until(lambda: Event.ASKED in here.events)
        assert door.began == []
        here.calls.permission.decide(allowed=True)
        door.done()
        await here.idle()

        assert len(door.began) == 1
        assert Event.UNASKED not in here.events


async def test_what_the_person_does_not_allow_is_not_done() -> None:
    door = Door(confirm=True)
    async with house(door) as here:
        here.asked()
        await here.until(lambda: Event.ASKED in here.events)
        here.calls.permission.decide(allowed=False)
        await here.idle()

        assert door.began == []
        assert here.sent[0].response == {"error": "the person did not allow it"}


async def test_what_its_tool_refuses_is_not_asked_of_the_person() -> None:
    door = Door(confirm=True)
    door.refuses = lambda given: f"takes no {', '.join(given)}"
    async with house(door) as here:
        here.asked(level=3)
        await here.idle()

        assert Event.ASKED not in here.events
        assert door.began == []
        assert here.sent[0].response == {"error": "takes no level"}


async def test_a_tool_that_cannot_judge_is_asked_for_and_tells_itself() -> None:
    def broken(given: Arguments) -> str:
        raise RecursionError

    door = Door(confirm=True)
    door.refuses = broken
    async with house(door) as here:
        here.asked()
        await here.until(lambda: Event.ASKED in here.events)
        here.calls.permission.decide(allowed=True)
        door.done()
        await here.idle()

        assert here.states[-1] == "done"


async def test_one_question_after_the_other() -> None:
    door = Door(confirm=True)
    async with house(door) as here:
        here.asked(call="1")
        here.asked(call="2")
        await here.until(lambda: here.events.count(Event.ASKED) == 1)
        here.calls.permission.decide(allowed=False)
        await here.until(lambda: here.events.count(Event.ASKED) == 2)
        here.calls.permission.decide(allowed=True)
        door.done()
        await here.idle()

        assert len(door.began) == 1
        assert len(here.sent) == 2


async def test_a_question_whose_call_is_cancelled_is_taken_back() -> None:
    door = Door(confirm=True)
    async with house(door) as here:
        here.asked()
        await here.until(lambda: Event.ASKED in here.events)
        here.calls.cancel(("1",))
        await here.until(lambda: Event.UNASKED in here.events)

        assert here.sent == []


async def test_a_call_that_crosses_the_persons_speech_waits_to_be_cancelled() -> None:
    door = Door()
    async with house(door) as here:
        began = asyncio.get_running_loop().time()
        here.crosses(call="1")
        here.crosses(call="2")
        here.calls.cancel(("1",))
        await door.until(lambda: len(door.began) == 1)

        assert asyncio.get_running_loop().time() - began >= CROSSING_S
        door.done()
        await here.idle()
        assert [answer.id for answer in here.sent] == ["2"]


# -- models that wait for every result ---------------------------------------------


async def test_a_model_that_waits_is_answered_once_with_all_that_came() -> None:
    door = Door(background=True)
    async with house(door) as here:
        here.waits = True
        here.asked()
        assert here.calls.blocking, "though the tool could do without"
        door.done("opening", more=True)
        door.done("open")
        await here.idle()

        earlier = [{"output": "opening"}]
        response = {"output": "open", "earlier": earlier}
        assert here.sent == [FunctionResponse(id="1", name="door", response=response)]
        assert here.events == [Event.CALLED, Event.RESPONDED]


@pytest.mark.parametrize(
    ("background", "waits", "limit"),
    [(False, False, 0.1), (True, True, 0.1), (True, False, 0.3)],
)
async def test_what_the_model_waits_for_takes_no_longer_than_a_person_waits(
    background: bool, waits: bool, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LONGEST_WAIT_S", 0.1)
    door = Door(background=background)
    door.timeout_s = 0.3
    async with house(door) as here:
        here.waits = waits
        here.asked()
        await here.idle()

        [answer] = here.sent
        error = f"no result within {limit:g} s; it was ended"
        assert answer.response == {"error": error}


def test_the_conversation_waits_longer_than_a_call_may_take() -> None:
    assert LONGEST_WAIT_S + ASK_LIMIT + CROSSING_S < CALL_LIMIT


# -- what is somebody else's fault -----------------------------------------------


@pytest.mark.parametrize("error", [ValueError("secret"), RecursionError(), KeyError(1)])
async def test_a_tool_that_breaks_is_an_error_and_ends_nothing_else(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    door, window = Door(), Door("window")
    door.breaks = error
    async with house(door, window) as here:
        here.asked()
        here.asked("window", call="2")
        window.done()
        await here.idle()

        answers = {one.name: one.response for one in here.sent}
        kind = type(error).__name__
        assert answers["door"] == {"error": f"the function is broken: {kind}"}
        assert answers["window"] == {"output": "open"}
        assert "secret" not in caplog.text


async def test_the_name_of_an_unknown_function_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with house(Door()) as here:
        here.asked("x\nmy pin is 1234" + "y" * 100_000)
        await here.idle()

        assert "1234" not in caplog.text
        assert len(here.sent[0].response["error"]) < 400


async def test_a_cancelled_call_answers_no_later_one() -> None:
    door = Door()
    async with house(door) as here:
        here.asked(call="1")
        await door.until(lambda: len(door.began) == 1)
        here.calls.cancel(("1",))
        await door.until(lambda: door.ended)
        here.calls.link_lost()
        here.asked(call="2")
        door.done()
        await here.idle()

        assert [answer.response for answer in here.sent] == [{"output": "open"}]
        assert len(door.began) == 2


async def test_many_in_the_background_hold_up_no_other() -> None:
    timer, door = Door("timer", background=True), Door()
    async with house(timer, door) as here:
        for number in range(MOST_AT_ONCE + 1):
            here.asked("timer", call=f"t{number}")
        here.asked(call="1")
        door.done()
        await here.until(lambda: here.sent)

        assert here.sent[0].id == "1"


async def test_waiting_for_a_place_is_part_of_the_time() -> None:
    doors = [Door(f"door{number}") for number in range(MOST_AT_ONCE + 1)]
    doors[-1].timeout_s = 0.05
    async with house(*doors) as here:
        for number, door in enumerate(doors):
            here.asked(door.name, call=str(number))
        await here.until(lambda: here.sent)

        assert here.sent[0].name == doors[-1].name
        assert "no result" in here.sent[0].response["error"]


# -- late ------------------------------------------------------------------------


async def test_what_comes_after_its_link_has_gone_is_said_anew() -> None:
    timer = Door("timer", background=True)
    async with house(timer) as here:
        here.asked("timer")
        await timer.until(lambda: timer.began)
        timer.done("begun", more=True)
        await here.until(lambda: here.sent)
        here.calls.turn_ended()
        here.calls.link_lost()
        timer.done("time is up")
        await here.until(lambda: here.said)

        assert here.said == ['timer, called earlier, answers: {"output":"time is up"}']


async def test_what_is_to_be_silent_is_not_said_late() -> None:
    timer = Door("timer", background=True, scheduling="SILENT")
    async with house(timer) as here:
        here.asked("timer")
        await timer.until(lambda: timer.began)
        here.calls.turn_ended()
        here.calls.link_lost()
        timer.done()
        await timer.until(lambda: timer.ended)
        await asyncio.sleep(0)

        assert here.said == []


async def test_what_its_question_will_ask_for_again_is_not_said_late() -> None:
    timer = Door("timer", background=True)
    async with house(timer) as here:
        here.asked("timer")
        await timer.until(lambda: timer.began)
        here.calls.link_lost()
        here.asked("timer", call="2")
        timer.done()
        await here.idle()

        assert here.said == []
        assert [answer.id for answer in here.sent] == ["2"]
