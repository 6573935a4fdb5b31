"""The tools that run, each in a task of its own.

A run is not bound to the connection on which it was asked for. When that is lost, the
question is sent again, and with it often the same call comes again: it gets the results
of the run that was begun for the first one, so that no door is opened twice.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Coroutine
from functools import partial
from typing import Any, Final

from edgevoice.daemon.bell import Bell
from edgevoice.live.incoming import ToolCall
from edgevoice.tools.tool import LONGEST_WAIT_S, Result, Tool

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 8
"""Tools that run at the same time, in the background and otherwise; more calls wait for
their turn, within their time."""


class Run:
    """One execution of a tool, and all its results.

    Args:
        tool: What is run.
        asked: The call.
        limit: How long it may take, seconds.
    """

    def __init__(self, tool: Tool, asked: ToolCall, limit: float) -> None:
        self.asked = asked
        self.task: asyncio.Task[None] | None = None
        self._tool = tool
        self._limit = limit
        self._results: list[Result] = []
        self._over = False
        self._bell = Bell()

    async def go(self, places: asyncio.Semaphore) -> None:
        """Run it; the results tell of every error."""
        tool = self._tool
        limit = asyncio.timeout(self._limit)
        try:
            async with (
                limit,
                places,
                contextlib.aclosing(tool.call(self.asked.args)) as results,
            ):
                async for result in results:
                    self._add(result)
            if not self._results:
                self._add(_error("the function gave no result"))
        except TimeoutError:
            if not limit.expired():
                raise
            self._add(_error(f"no result within {self._limit:g} s; it was ended"))
        except Exception as error:  # noqa: BLE001  a tool is somebody else's code
            kind = type(error).__name__
            log.error("the tool %s is broken: %s", tool.name, kind)
            self._add(_error(f"the function is broken: {kind}"))
        finally:
            self._over = True
            self._bell.ring()

    async def results(self, taken: int = 0) -> AsyncGenerator[Result, None]:
        """All results but the first ``taken`` ones, as they come."""
        while True:
            await self._bell.until(partial(self._is_more, taken))
            if taken == len(self._results):
                return
            taken += 1
            yield self._results[taken - 1]

    def _is_more(self, taken: int) -> bool:
        return self._over or taken < len(self._results)

    def end(self) -> None:
        """Stop it, with everything that it has started."""
        if self.task is not None:
            self.task.cancel()

    def _add(self, result: Result) -> None:
        self._results.append(result)
        self._bell.ring()


class Runs:
    """All executions, and which of them a question that is sent again will ask for."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._places = {
            background: asyncio.Semaphore(MOST_AT_ONCE) for background in (False, True)
        }
        self._now: list[Run] = []
        """Those of this turn, on this link."""
        self._before: list[Run] = []
        """Those of this turn, on links that were lost."""

    async def keep(self) -> None:
        """Own all tasks, until cancelled; then they are ended."""
        async with self._group:
            await asyncio.Event().wait()

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """A task that ends with the program at the latest."""
        return self._group.create_task(work, name=name)

    def start(self, tool: Tool, asked: ToolCall, *, background: bool) -> Run:
        """Run a tool; ``background`` says that the model does not wait for it."""
        longest = tool.timeout_s if background else LONGEST_WAIT_S
        run = Run(tool, asked, min(tool.timeout_s, longest))
        places = self._places[background]
        run.task = self.begin(run.go(places), f"tool {tool.name}")
        self._now.append(run)
        return run

    def again(self, asked: ToolCall) -> Run | None:
        """What was begun for the same call before the link was lost, if it was."""
        for run in self._before:
            if (run.asked.name, run.asked.args) == (asked.name, asked.args):
                self._before.remove(run)
                self._now.append(run)
                return run
        return None

    def cancel(self, run: Run) -> None:
        """Stop one, and do not take it for the answer to another call."""
        run.end()
        for runs in (self._now, self._before):
            if run in runs:
                runs.remove(run)

    def is_of_this_turn(self, run: Run) -> bool:
        """Whether its question may still be sent again."""
        return run in self._now or run in self._before

    def link_lost(self) -> None:
        """What was asked for on this link may be asked for again on the next."""
        self._before += self._now
        self._now = []

    def turn_ended(self) -> None:
        """Nothing will be asked for again."""
        self._now, self._before = [], []


def _error(words: str) -> Result:
    return Result(response={"error": words})
