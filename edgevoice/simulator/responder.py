"""The simulated model's side of a connection: one turn after the other, and its pace.

The order of messages is the server's: transcript of the input, sound and its
transcript, generationComplete, a wait for the end of the assumed playback,
turnComplete with usageMetadata, sessionResumptionUpdate. A turn that is talked over
ends with interrupted and turnComplete instead.
"""

import asyncio
import re
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from edgevoice.audio.pcm import DOWNLINK_HZ
from edgevoice.simulator.behaviour import Line, Message
from edgevoice.simulator.calls import Calls
from edgevoice.simulator.journal import Answered
from edgevoice.simulator.sessions import Session, spoken, usage
from edgevoice.simulator.setup import Setup
from edgevoice.simulator.turn import (
    MESSAGE_BYTES,
    MESSAGE_SECONDS,
    Answer,
    Phase,
    Prompt,
    Turn,
)
from edgevoice.simulator.when import Moment
from edgevoice.simulator.world import World

HEARD_AFTER: Final = 0.27
"""Seconds from the end of the activity to the input's transcript (270 to 330 ms were
measured at the real server)."""
FIRST_SOUND_AFTER: Final = 0.30
"""Seconds from the end of the activity to the first sound. The real server takes
0.3 to 1.2 s; constant here, so that a latency measured against it is the client's."""
GAP_EVERY: Final = 10
"""Messages from one gap in the sound to the next, the first after half as many:
2 s of sound."""
PART_BYTES: Final = 1920
"""40 ms of sound: one part; a message has several, and a client must take all."""


class Responder:
    """Answers one turn at a time; prompts that may not interrupt wait in line.

    All methods belong to the loop's thread.

    Attributes:
        turn: The turn under way; None when the model waits for the user.
        calls: Function calls that wait for a response.
    """

    def __init__(
        self,
        line: Line,
        session: Session,
        setup: Setup,
        world: World,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.turn: Turn | None = None
        self.calls = Calls()
        self._line = line
        self._session = session
        self._setup = setup
        self._world = world
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Turn] = deque()

    def ask(self, prompt: Prompt) -> None:
        """Begin a turn, after the one under way if there is one.

        The answer is chosen here, so that each turn asked for counts once, whatever
        becomes of it. What the user said must be in the session's context already.
        """
        struck = self._world.struck(Moment.END, self._line.number)
        answer = Answer()
        for behaviour in struck:
            answer = behaviour.answer(self._line, prompt, answer)
        turn = Turn(prompt=prompt, answer=answer, struck=struck)
        if self.turn:
            self._waiting.append(turn)
        else:
            self._begin(turn)

    def _begin(self, turn: Turn) -> None:
        session = self._session
        if self._setup.window:
            session.context = session.context.compressed(*self._setup.window)
        turn.number = session.context.turns + 1
        turn.shown = session.context
        self.turn = turn
        self._task = self._tasks.create_task(self._run(turn), name="turn")

    async def interrupt(self) -> None:
        """Cut the turn under way short, if there is one."""
        turn, task = self.turn, self._task
        if turn is None or task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        self._waiting.clear()
        if ids := self.calls.cancel():
            await self._line.send({"toolCallCancellation": {"ids": ids}}, turn)
        await self._content(turn, interrupted=True)
        await self._finish(turn, interrupted=True)
        await self.moment(Moment.INTERRUPTED)

    async def call(self, function: str) -> None:
        """Call a declared function within the turn and wait for its response."""
        if function not in self._setup.functions:
            return
        name, answered = self.calls.open()
        call = {"id": name, "name": function, "args": {}}
        await self._line.send({"toolCall": {"functionCalls": [call]}}, self.turn)
        await self._say_not_resumable(self.turn)
        await answered.wait()

    async def _run(self, turn: Turn) -> None:
        """The life of one turn that nobody interrupts."""
        for behaviour in turn.struck:
            await behaviour.act(self._line)
        clock = _Clock(self._world.pace)
        await clock.until(HEARD_AFTER)
        if turn.prompt.pcm and "inputAudioTranscription" in self._setup.fields:
            heard = f" {turn.prompt.spoken:.1f} seconds of speech"
            await self._content(turn, inputTranscription={"text": heard})
        await self._generate(turn, clock)
        if not turn.answer.ends:
            await asyncio.Event().wait()  # for ever, until interrupted
        turn.phase = Phase.PLAYING
        await self._content(turn, generationComplete=True)
        await self.moment(Moment.GENERATED)
        await clock.until(FIRST_SOUND_AFTER + turn.answered)
        await self._finish(turn, interrupted=False)
        await self.moment(Moment.IDLE)

    async def _generate(self, turn: Turn, clock: "_Clock") -> None:
        """Send the sound in its pace, and the transcript in step with it."""
        answer = turn.answer
        messages = list(_split(answer.pcm, MESSAGE_BYTES))
        words = _words(answer.text) if self._transcribes else []
        for index, pcm in enumerate(messages):
            if index % GAP_EVERY == GAP_EVERY // 2:
                await clock.rest(answer.gap)
            due = index * MESSAGE_SECONDS / answer.speed
            await clock.until(FIRST_SOUND_AFTER + due)
            turn.phase = Phase.GENERATING
            turn.sent += len(pcm)
            await self._content(turn, modelTurn=_model_turn(pcm))
            if index == 0:
                await self._say_not_resumable(turn)
                await self.moment(Moment.ANSWER)
            done, left = divmod(len(words), len(messages) - index)
            step = done + (left > 0)
            for word in words[:step]:
                await self._content(turn, outputTranscription={"text": word})
            words = words[step:]

    async def _finish(self, turn: Turn, *, interrupted: bool) -> None:
        """Close the turn; only what was sent stays in the context."""
        said = spoken("model", turn.answered)
        bill = usage(turn.shown, self._setup.instruction_tokens, said)
        self._session.context = self._session.context.add(said).at_turn(turn.number)
        self.turn = None
        complete: Message = {"serverContent": {"turnComplete": True}}
        await self._line.send({**complete, "usageMetadata": bill}, turn)
        if self._setup.resumable:
            now = asyncio.get_running_loop().time()
            handle = self._world.sessions.issue(self._session, now)
            update = {"newHandle": handle, "resumable": True}
            await self._line.send({"sessionResumptionUpdate": update}, turn)
        self._world.journal.add(
            Answered(
                connection=self._line.number,
                turn=turn.number,
                spoken=turn.prompt.spoken,
                audio=turn.sent,
                interrupted=interrupted,
            )
        )
        if self._waiting and self.turn is None:
            self._begin(self._waiting.popleft())

    @property
    def _transcribes(self) -> bool:
        return "outputAudioTranscription" in self._setup.fields

    async def _say_not_resumable(self, turn: Turn | None) -> None:
        if self._setup.resumable:
            await self._line.send({"sessionResumptionUpdate": {}}, turn)

    async def _content(self, turn: Turn, **content: Any) -> None:
        await self._line.send({"serverContent": content}, turn)

    async def moment(self, moment: Moment) -> None:
        """Let the behaviours act."""
        await self._world.moment(moment, self._line)


class _Clock:
    """Waits until so many seconds after its creation, stretched by the pace."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._start = asyncio.get_running_loop().time()

    async def until(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._start + seconds * self._pace - now))

    async def rest(self, seconds: float) -> None:
        """Stand still for so long; what is late after that is not waited for."""
        await asyncio.sleep(seconds * self._pace)


def _split(pcm: bytes, size: int) -> Iterator[bytes]:
    return (pcm[start : start + size] for start in range(0, len(pcm), size))


def _words(text: str) -> list[str]:
    """Pieces of a transcript; each carries its own whitespace."""
    return re.findall(r"\s*\S+\s*\Z|\s*\S+", text)


def _model_turn(pcm: bytes) -> Message:
    mime = f"audio/pcm;rate={DOWNLINK_HZ}"
    return {
        "parts": [
            {"inlineData": {"mimeType": mime, "data": part}}
            for part in _split(pcm, PART_BYTES)
        ]
    }
