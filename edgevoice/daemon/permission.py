"""Asks the person to allow what the model calls."""

import asyncio
from collections.abc import Callable

from edgevoice.conversation import Event
from edgevoice.daemon.news import News
from edgevoice.live.incoming import ToolCall


class Permission:
    """One question after the other; loop's thread only.

    Args:
        happened: Told of ``ASKED`` and ``UNASKED``; the conversation decides what a
            press means, and ``decide`` is told.
        news: Told what is asked.
    """

    def __init__(self, happened: Callable[[Event], None], news: News) -> None:
        self._happened = happened
        self._news = news
        self._one = asyncio.Lock()
        self._answer: asyncio.Future[bool] | None = None
        self.asks: str | None = None
        """The function that a press would allow now."""

    async def ask(self, asked: ToolCall) -> bool:
        """Whether the person presses the button to allow this call."""
        async with self._one:
            answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._answer, self.asks = answer, asked.name
            self._news.tell("question", name=asked.name, args=asked.args)
            self._happened(Event.ASKED)
            try:
                allowed = await answer
            finally:
                self._answer = self.asks = None
                if answer.cancelled():
                    self._happened(Event.UNASKED)
            self._news.tell("question", name=asked.name, allowed=allowed)
            return allowed

    def decide(self, *, allowed: bool) -> None:
        """The person has answered; nothing if nothing is asked."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(allowed)
