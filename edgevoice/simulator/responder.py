"""The simulated model's side of a connection: one turn after the other, and its pace.

The order of messages is the server's: transcript of the input, sound and its
transcript, generationComplete, a wait for the end of the assumed playback,
turnComplete with usageMetadata, sessionResumptionUpdate. A turn that is talked over
ends with interrupted and turnComplete instead.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence

from msgspec import structs

from edgevoice.simulator import keywords
from edgevoice.simulator.answers import saying
from edgevoice.simulator.behaviour import Line, Message
from edgevoice.simulator.calling import Calling
from edgevoice.simulator.calls import Request, Response
from edgevoice.simulator.journal import Answered
from edgevoice.simulator.pace import HEARD_AFTER, Clock
from edgevoice.simulator.sessions import Session, spoken, typed, usage
from edgevoice.simulator.setup import Setup
from edgevoice.simulator.turn import Answer, Prompt, Turn
from edgevoice.simulator.voice import Voice
from edgevoice.simulator.waiting import Waiting
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
        self._waiting = Waiting()
        self._voice = Voice(line, setup, self.moment)
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
        self._waiting.add(Turn(prompt=prompt, answer=answer, struck=struck))
        self.go_on()

    def go_on(self) -> None:
        """Begin the next turn that waits in line, if none is under way."""
        if self.turn is None and (turn := self._waiting.take(listening=self.listening)):
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
        """Cut the turn under way short, if there is one, for what the user says."""
        if self.turn:
            self._waiting.drop_asked()
            await self._cut(self.turn, cancels=True)

    async def _cut(self, turn: Turn, *, cancels: bool) -> None:
        """End a turn under way, with its calls or without."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})
        if cancels:
            await self._calling.cancel(turn)
        await self._voice.content(turn, interrupted=True)
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
        await self._voice.say_not_resumable(self.turn)
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
        # WHEN_IDLE is the default (FunctionResponse.scheduling)
        cuts = response.scheduling == "INTERRUPT"
        self._waiting.add(turn, first=cuts)
        if cuts and self.turn and not self.blocked:
            await self._cut(self.turn, cancels=False)
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
            await self._voice.content(turn, inputTranscription={"text": heard})
        for filler in turn.answer.extras.fillers:
            await self._voice.say(turn, saying(filler), clock)
            going_on = {"turnComplete": True, "interactionStatus": "IN_PROGRESS"}
            await self._voice.content(turn, **going_on)
        for content in turn.answer.extras.contents:
            await self._voice.content(turn, **content)
        await self._voice.say(turn, self._with_results(turn.answer), clock)
        while self._calling.results:  # of calls made in mid-answer
            more = self._with_results(turn.answer)
            await self._voice.say(turn, more, clock, more=True)
        await self._finish(turn, interrupted=False)
        await self.moment(Moment.IDLE)

    def _with_results(self, answer: Answer) -> Answer:
        """What there is to say: the answer, unless calls have been answered."""
        if not self._calling.results:
            return answer
        said = saying(". ".join(self._calling.results))
        self._calling.results.clear()
        return structs.replace(answer, pcm=said.pcm, text=said.text)

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

    async def moment(self, moment: Moment) -> None:
        """Let the behaviours act."""
        await self._world.moment(moment, self._line)
