"""What the model calls: each id is answered once, or cancelled by the server.

A call that the model waits for (of a tool that is not ``background``) holds up the
next ``activityStart`` for a while, see ``uplink``; the conversation is told, so that it
waits longer than for a server that is silent. When the link is lost the server has
forgotten the ids, but what has begun goes on, see ``runs``.
"""

import asyncio
import collections
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from websockets.exceptions import ConnectionClosed

from edgevoice.conversation import Event
from edgevoice.daemon.downlink import Respond
from edgevoice.daemon.news import News
from edgevoice.daemon.permission import Permission
from edgevoice.daemon.runs import Run, Runs
from edgevoice.live.incoming import ToolCall
from edgevoice.live.outgoing import FunctionResponse
from edgevoice.tools.tool import Result, Tool, failed

log = logging.getLogger(__name__)

CROSSING_S: Final = 1.0
"""A call that comes while the person speaks is about to be cancelled by the server; it
begins only if that does not happen within so many seconds."""

EARLIER: Final = 20
"""Results of one call before the last that a model which waits is told."""


class Calls:
    """Carries out what the model calls; loop's thread only.

    Args:
        tools: What can be called now, by name.
        say: Sends text for the model to answer, once nobody else speaks.
        waits: Whether the model waits for every result, see ``live.models``.
        happened: Told of ``CALLED``, ``RESPONDED``, ``ASKED`` and ``UNASKED``.
        news: Told of every call and how it ended.
        clock: Seconds of the loop's clock.
    """

    def __init__(
        self,
        tools: Callable[[], Mapping[str, Tool]],
        say: Callable[[str], Awaitable[object]],
        waits: Callable[[], bool],
        happened: Callable[[Event], None],
        news: News,
        clock: Callable[[], float],
    ) -> None:
        self.permission = Permission(happened, news)
        self._tools = tools
        self._say = say
        self._waits = waits
        self._happened = happened
        self._news = news
        self._clock = clock
        self._calls: dict[str, _Call] = {}
        self._runs = Runs()
        self._told = False

    async def keep(self) -> None:
        """Own what runs, until cancelled; then all of it is ended."""
        await self._runs.keep()

    def take(self, asked: ToolCall, respond: Respond, *, crossing: bool) -> None:
        """The model calls a function.

        Args:
            asked: Which, and with what.
            respond: See ``downlink.Respond``.
            crossing: The person speaks: see ``CROSSING_S``.
        """
        if not asked.id or asked.id in self._calls:
            log.warning("a function call without an id of its own; ignored")
            return
        tool = self._tools().get(asked.name)
        background = tool is not None and tool.background and not self._waits()
        call = _Call(asked, tool, respond, self._clock(), background=background)
        self._calls[asked.id] = call
        self._news.tell("tool_call", name=asked.name, state="called", args=asked.args)
        self._tell_conversation()
        pause = CROSSING_S if crossing else 0.0
        call.task = self._runs.begin(self._serve(call, pause), f"call {asked.name}")

    def cancel(self, ids: tuple[str, ...]) -> None:
        """The server does not want these any more; they are not answered."""
        for name in ids:
            call = self._calls.get(name)
            if call is not None:
                if call.run is not None:
                    self._runs.cancel(call.run)
                self._end(call, "cancelled")

    def link_lost(self) -> None:
        """Nothing can be answered any more; what has begun goes on, see above."""
        for call in tuple(self._calls.values()):
            self._end(call, _UNSENT)
            if call.run is not None and not self._runs.is_of_this_turn(call.run):
                self._runs.begin(self._tell_late(call, call.run), "late result")
        self._runs.link_lost()

    async def _tell_late(self, call: "_Call", run: Run) -> None:
        """The question was answered long ago, and its link has gone: say it anew."""
        async for result in run.results(call.sent):
            if call.tool is not None and call.tool.scheduling != "SILENT":
                words = msgspec.json.encode(_plain(result.response)).decode()
                await self._say(f"{call.tool.name}, called earlier, answers: {words}")

    def turn_ended(self) -> None:
        """The question will not be sent again, so its calls do not come again."""
        self._runs.turn_ended()

    @property
    def blocking(self) -> bool:
        """Whether the model waits for a result."""
        return any(not call.background for call in self._calls.values())

    @property
    def under_way(self) -> bool:
        """Whether a result is still to be sent, awaited or not."""
        return bool(self._calls)

    def _tell_conversation(self) -> None:
        if self.blocking is not self._told:
            self._told = self.blocking
            self._happened(Event.CALLED if self.blocking else Event.RESPONDED)

    # -- one call --------------------------------------------------------------------

    async def _serve(self, call: "_Call", pause: float) -> None:
        await asyncio.sleep(pause)
        outcome, failure = "done", None
        try:
            results = self._results(call)
            if not call.background:
                results = _in_one(results)
            async with contextlib.aclosing(results):
                async for result in results:
                    await call.answer(result)
                    if "error" in result.response:
                        outcome, failure = "failed", str(result.response["error"])
            if call.unfinished:
                await call.finish()
        except ConnectionClosed:
            return  # ``link_lost`` follows
        self._end(call, outcome, failure)

    async def _results(self, call: "_Call") -> AsyncGenerator[Result, None]:
        tool, asked = call.tool, call.asked
        if tool is None:
            known = ", ".join(self._tools()) or "none"
            name = asked.name[:_LONGEST_NAME]
            yield failed(f"there is no function {name!r}; known: {known}")
            return
        call.run = self._runs.again(asked)
        if call.run is None:
            if tool.confirm and (why := await self._objection(tool, asked)):
                yield failed(why)
                return
            call.run = self._runs.start(tool, asked, background=call.background)
        async for result in call.run.results():
            yield result

    async def _objection(self, tool: Tool, asked: ToolCall) -> str | None:
        """Why it is not to run; the person is not asked what cannot be done anyway."""
        with contextlib.suppress(Exception):  # one that is broken tells it as it runs
            if (refusal := tool.refusal(asked.args)) is not None:
                return refusal
        if await self.permission.ask(asked):
            return None
        return "the person did not allow it"

    def _end(self, call: "_Call", outcome: str, error: str | None = None) -> None:
        if self._calls.get(call.asked.id) is not call:
            return
        del self._calls[call.asked.id]
        if call.task is not asyncio.current_task() and call.task is not None:
            call.task.cancel()
        name, took = call.asked.name, round((self._clock() - call.began) * 1000)
        # One that is not known may hold what was said.
        known = name if call.tool is not None else "an unknown function"
        log.info(
            "call of %s: %s after %d ms",
            known,
            outcome,
            took,
            extra={"TOOL": known, "OUTCOME": outcome, "TOOK_MS": took},
        )
        # What went wrong may hold what was said: it is told, but not logged.
        error = error[:_LONGEST] if error else None
        self._news.tell(
            "tool_call", name=name, state=outcome, took_ms=took, error=error
        )
        self._tell_conversation()


class _Call:
    """One id, to be answered on the link on which it came.

    Attributes:
        background: Whether the model goes on meanwhile.
    """

    def __init__(
        self,
        asked: ToolCall,
        tool: Tool | None,
        respond: Respond,
        began: float,
        *,
        background: bool,
    ) -> None:
        self.background = background
        self.asked = asked
        self.tool = tool
        self.began = began
        self.task: asyncio.Task[None] | None = None
        self.run: Run | None = None
        self.unfinished = False
        """The newest result said that more would follow."""
        self.sent = 0
        """Results that went out."""
        self._respond = respond

    async def answer(self, result: Result) -> None:
        """Send one result.

        Raises:
            ConnectionClosed: The link is lost.
        """
        self.unfinished = self.background and result.more
        scheduling = self.tool.scheduling if self.tool and self.background else None
        await self._send(_plain(result.response), scheduling)
        self.sent += 1

    async def finish(self) -> None:
        """Say that nothing follows after all, without making the model speak."""
        self.unfinished = False
        await self._send({}, "SILENT")

    async def _send(self, response: dict[str, Any], scheduling: str | None) -> None:
        await self._respond(
            FunctionResponse(
                id=self.asked.id,
                name=self.asked.name,
                response=response,
                scheduling=scheduling,
                will_continue=self.unfinished or None,
            )
        )


async def _in_one(
    results: AsyncGenerator[Result, None],
) -> AsyncGenerator[Result, None]:
    """The last result, with the ones before: a model that waits takes one answer."""
    async with contextlib.aclosing(results):
        said = collections.deque([one.response async for one in results], EARLIER + 1)
    if said:
        last = said.pop()
        yield Result(response={**last, "earlier": [*said]} if said else last)


_LONGEST: Final = 300
"""Letters of an error that are told."""

_LONGEST_NAME: Final = 64
"""Letters that a function's name may have."""

_UNSENT: Final = "unanswered: the link is lost"


def _plain(response: dict[str, Any]) -> dict[str, Any]:
    """The response if it can be said in JSON, else an error in its place."""
    try:
        msgspec.json.encode(response)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return {"error": "the function's result is not plain JSON"}
    return response
