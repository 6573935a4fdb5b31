"""The simulated model's side of a connection: one turn after the other, and its pace.

The order of messages is the server's: transcript of the input, sound and its
transcript, generationComplete, a wait for the end of the assumed playback,
turnComplete with usageMetadata, sessionResumptionUpdate. A turn that is talked over
ends with interrupted and turnComplete instead.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from msgspec import structs

from edgevoice.simulator import keywords, parts
from edgevoice.simulator.answers import saying
from edgevoice.simulator.behaviour import Line, Message
from edgevoice.simulator.calling import Calling
from edgevoice.simulator.calls import Request, Response
from edgevoice.simulator.journal import Answered
from edgevoice.simulator.pace import FIRST_SOUND_AFTER, GAP_EVERY, HEARD_AFTER, Clock
from edgevoice.simulator.sessions import Session, spoken, typed, usage
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
from edgevoice.simulator.wire import JsonObject
from edgevoice.simulator.world import World


class Responder:
    """Answers one turn at a time; prompts that may not interrupt wait in line.

    All methods belong to the loop's thread.

    Attributes:
        turn: The turn under way; None when the model waits for the user.
        listening: Whether the user is speaking: the model says nothing unasked.
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
        self.listening = False
        self._line = line
        self._session = session
        self._setup = setup
        self._world = world
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None
        self._waiting: list[Turn] = []
        self._calling = Calling(line, setup, world.journal)

    def ask(self, prompt: Prompt) -> None:
        """Begin a turn, after the one under way if there is one.

        The answer is chosen here, so that each turn asked for counts once, whatever
        becomes of it. What the user said must be in the session's context already.
        """
        struck = self._world.struck(Moment.END, self._line.number)
        answer = Answer()
        for behaviour in struck:
            answer = behaviour.answer(self._line, prompt, answer)
        answer = keywords.use(prompt.text, self._setup, answer)
        answer = self._setup.family.adapt(answer)
        self._wait(Turn(prompt=prompt, answer=answer, struck=struck))
        self.go_on()

    def _wait(self, turn: Turn) -> None:
        """Put a turn into the line: what was asked comes before what was not."""
        self._waiting.append(turn)
        self._waiting.sort(key=lambda waiting: waiting.prompt.result)

    def go_on(self) -> None:
        """Begin the next turn that waits in line, if none is under way.

        What the model says unasked waits until the user has finished.
        """
        ready = [
            turn
            for turn in self._waiting
            if not (turn.prompt.result and self.listening)
        ]
        if ready and self.turn is None:
            self._waiting = [turn for turn in self._waiting if turn is not ready[0]]
            self._begin(ready[0])

    def _begin(self, turn: Turn) -> None:
        session = self._session
        if self._setup.window:
            session.context = session.context.compressed(*self._setup.window)
        turn.number = session.context.turns + 1
        turn.shown = session.context
        self.turn = turn
        self._task = self._tasks.create_task(self._run(turn), name="turn")

    async def interrupt(self) -> None:
        """Cut the turn under way short, if there is one, for what the user says."""
        if self.turn:
            self._waiting = [turn for turn in self._waiting if turn.prompt.result]
            await self._cut(self.turn, cancels=True)

    async def _cut(self, turn: Turn, *, cancels: bool) -> None:
        """End a turn under way, with its calls or without."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})
        if cancels:
            await self._calling.cancel(turn)
        await self._content(turn, interrupted=True)
        await self._finish(turn, interrupted=True)
        await self.moment(Moment.INTERRUPTED)

    # --- function calls

    @property
    def functions(self) -> Collection[str]:
        """Names of the functions that are declared now."""
        return self._setup.functions

    @property
    def blocked(self) -> bool:
        """Whether the model waits for the response to a call."""
        return self._calling.blocked

    async def call(self, requests: Sequence[Request]) -> None:
        """Call functions within the turn, and wait for those that block.

        None are called while the model takes up the response to another call, or it
        would never come to an end.
        """
        if self.turn is None or self.turn.prompt.result or not requests:
            return
        calls = await self._calling.send(requests, self.turn)
        await self._say_not_resumable(self.turn)
        words = await self._calling.wait(calls)
        self._learn(words)
        self.turn.shown = self._session.context

    async def respond(self, fields: Iterable[JsonObject]) -> None:
        """Take the client's responses to calls.

        Raises:
            Refused: See ``Calls.answer``.
        """
        waited = self._calling.pending
        for response in self._calling.take(fields):
            await self._take_up(response)
        idle = self.turn is None and not self._waiting
        if waited and idle and not self._calling.pending:
            await self._say_resumable(None)

    async def _take_up(self, response: Response) -> None:
        """Say what a call that did not block has brought, now, later or never."""
        self._learn([response.words])
        if response.scheduling == "SILENT":
            return
        prompt = Prompt(text=response.words, result=True)
        turn = Turn(prompt=prompt, answer=saying(response.words))
        if response.scheduling == "INTERRUPT":
            self._waiting.insert(0, turn)
            if self.turn and not self.blocked:
                await self._cut(self.turn, cancels=False)
        else:  # WHEN_IDLE is the default (FunctionResponse.scheduling)
            self._wait(turn)
        self.go_on()

    def _learn(self, words: Iterable[str]) -> None:
        """Put the responses to calls into the context."""
        pieces = [typed("user", text) for text in words]
        self._session.context = self._session.context.add(*pieces)

    # --- one turn

    async def _run(self, turn: Turn) -> None:
        """The life of one turn that nobody interrupts."""
        for behaviour in turn.struck:
            await behaviour.act(self._line)
        await self.call(keywords.calls(turn.prompt.text, self._setup))
        clock = Clock(self._world.pace)
        await clock.until(HEARD_AFTER)
        if turn.prompt.pcm and "inputAudioTranscription" in self._setup.fields:
            heard = f" {turn.prompt.spoken:.1f} seconds of speech"
            await self._content(turn, inputTranscription={"text": heard})
        for filler in turn.answer.extras.fillers:
            await self._say(turn, saying(filler), clock)
            going_on = {"turnComplete": True, "interactionStatus": "IN_PROGRESS"}
            await self._content(turn, **going_on)
        for content in turn.answer.extras.contents:
            await self._content(turn, **content)
        await self._say(turn, self._with_results(turn.answer), clock)
        while self._calling.results:  # of calls made in mid-answer
            await self._generate(turn, self._with_results(turn.answer), clock)
            await self._content(turn, generationComplete=True)
            await clock.until(FIRST_SOUND_AFTER + turn.answered)
        await self._finish(turn, interrupted=False)
        await self.moment(Moment.IDLE)

    def _with_results(self, answer: Answer) -> Answer:
        """What there is to say: the answer, unless calls have been answered."""
        if not self._calling.results:
            return answer
        said = saying(". ".join(self._calling.results))
        self._calling.results.clear()
        return structs.replace(answer, pcm=said.pcm, text=said.text)

    async def _say(self, turn: Turn, answer: Answer, clock: Clock) -> None:
        """Speak, and wait until the client should have played it."""
        await self._generate(turn, answer, clock)
        if not answer.ends:
            await asyncio.Event().wait()  # for ever, until interrupted
        turn.phase = Phase.PLAYING
        await self._content(turn, generationComplete=True)
        await self.moment(Moment.GENERATED)
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
            turn.phase = Phase.GENERATING
            first = not turn.sent
            turn.sent += len(pcm)
            await self._content(turn, modelTurn=parts.model_turn(pcm))
            if first:
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
        contents = () if interrupted else turn.answer.extras.contents
        bill = usage(turn.shown, self._setup.instruction_tokens, said, contents)
        self._session.context = self._session.context.add(said).at_turn(turn.number)
        self.turn = None
        closing = self._setup.family.closing
        if not interrupted:
            closing = closing | turn.answer.extras.closing
        complete: Message = {"serverContent": {"turnComplete": True, **closing}}
        await self._line.send({**complete, "usageMetadata": bill}, turn)
        await self._say_resumable(turn)
        self._world.journal.add(
            Answered(
                connection=self._line.number,
                turn=turn.number,
                spoken=turn.prompt.spoken,
                audio=turn.sent,
                interrupted=interrupted,
            )
        )
        self.go_on()

    async def _say_resumable(self, turn: Turn | None) -> None:
        """Give a handle, or none while calls wait for their responses."""
        if not self._setup.resumable:
            return
        update: Message = {}
        if not self._calling.pending:
            now = asyncio.get_running_loop().time()
            handle = self._world.sessions.issue(self._session, now)
            update = {"newHandle": handle, "resumable": True}
        await self._line.send({"sessionResumptionUpdate": update}, turn)

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
