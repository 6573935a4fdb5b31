"""A tool that ends when the test lets it, and notes what was done with it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from edgevoice.daemon.bell import Bell
from edgevoice.tools.tool import Arguments, Result, Scheduling


class Door:
    """See above."""

    description = "Opens the door."
    parameters: dict[str, Any] | None = None

    def __init__(
        self,
        name: str = "door",
        *,
        background: bool = False,
        confirm: bool = False,
        scheduling: Scheduling = "WHEN_IDLE",
    ) -> None:
        self.name = name
        self.background = background
        self.confirm = confirm
        self.scheduling: Scheduling = scheduling
        self.timeout_s = 30.0
        self.began: list[Arguments] = []
        self.ended = 0
        self.results: asyncio.Queue[Result | None] = asyncio.Queue()
        self.takes_s: float | None = None
        """It ends by itself after so many seconds; None: see ``done``."""
        self.refuses: Callable[[Arguments], str] | None = None
        self.breaks: Exception | None = None
        self.bell = Bell()

    async def until(self, true: Callable[[], object]) -> None:
        assert await self.bell.until(true, 100.0)

    def refusal(self, arguments: Arguments) -> str | None:
        return self.refuses(arguments) if self.refuses else None

    def call(self, arguments: Arguments) -> AsyncGenerator[Result, None]:
        return self._call(arguments)

    async def _call(self, arguments: Arguments) -> AsyncGenerator[Result, None]:
        self.began.append(arguments)
        self.bell.ring()
        if self.breaks is not None:
            raise self.breaks
        try:
            if self.takes_s is not None:
                await asyncio.sleep(self.takes_s)
                self.done()
            while (result := await self.results.get()) is not None:
                yield result
                if not result.more:
                    return
        finally:
            self.ended += 1
            self.bell.ring()

    def done(self, output: Any = "open", *, more: bool = False) -> None:
        """It has come to something."""
        self.results.put_nowait(Result(response={"output": output}, more=more))
