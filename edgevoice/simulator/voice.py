"""What the model sends within a turn: contents, and sound in its pace."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from edgevoice.simulator import parts
from edgevoice.simulator.behaviour import Line
from edgevoice.simulator.pace import FIRST_SOUND_AFTER, GAP_EVERY, Clock
from edgevoice.simulator.setup import Setup
from edgevoice.simulator.turn import (
    MESSAGE_BYTES,
    MESSAGE_SECONDS,
    Answer,
    Phase,
    Turn,
)
from edgevoice.simulator.when import Moment


class Voice:
    """Speaks on one connection.

    Args:
        line: Where to.
        setup: Whether transcripts and handles are wanted.
        moment: Lets the behaviours act.
    """

    def __init__(
        self, line: Line, setup: Setup, moment: Callable[[Moment], Awaitable[None]]
    ) -> None:
        self._line = line
        self._setup = setup
        self._moment = moment

    async def content(self, turn: Turn, **content: Any) -> None:
        """Send a ``serverContent``."""
        await self._line.send({"serverContent": content}, turn)

    async def say_not_resumable(self, turn: Turn) -> None:
        """Tell that there is no handle while the model works, if handles are wanted."""
        if self._setup.resumable:
            await self._line.send({"sessionResumptionUpdate": {}}, turn)

    async def say(
        self, turn: Turn, answer: Answer, clock: Clock, *, more: bool = False
    ) -> None:
        """Speak, and wait until the client should have played it.

        Args:
            turn: Under way.
            answer: What to say.
            clock: That of the turn.
            more: The behaviours have been told of the turn's ``GENERATED`` already.
        """
        await self._generate(turn, answer, clock)
        if not answer.ends:
            await asyncio.Event().wait()  # for ever, until interrupted
        turn.phase = Phase.PLAYING
        await self.content(turn, generationComplete=True)
        if not more:
            await self._moment(Moment.GENERATED)
        await clock.until(FIRST_SOUND_AFTER + turn.answered)

    async def _generate(self, turn: Turn, answer: Answer, clock: Clock) -> None:
        """Send the sound in its pace, and the transcript in step with it."""
        before = turn.answered
        messages = list(parts.split(answer.pcm, MESSAGE_BYTES))
        words = parts.words(answer.text) if self._transcribes else []
        for index, pcm in enumerate(messages):
            if index % GAP_EVERY == GAP_EVERY // 2:
                await clock.rest(answer.gap)
            due = before + index * MESSAGE_SECONDS / answer.speed
            await clock.until(FIRST_SOUND_AFTER + due)
            await self._sound(turn, pcm)
            done, left = divmod(len(words), len(messages) - index)
            step = done + (left > 0)
            for word in words[:step]:
                await self.content(turn, outputTranscription={"text": word})
            words = words[step:]

    async def _sound(self, turn: Turn, pcm: bytes) -> None:
        first = not turn.sent
        turn.phase = Phase.GENERATING
        turn.sent += len(pcm)
        await self.content(turn, modelTurn=parts.model_turn(pcm))
        if first:
            await self.say_not_resumable(turn)
            await self._moment(Moment.ANSWER)

    @property
    def _transcribes(self) -> bool:
        return "outputAudioTranscription" in self._setup.fields
