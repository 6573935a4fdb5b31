"""Every chunk carries its turn's label: nothing stale is heard, nothing fresh is lost.

A server and a network are modelled here, with a clock that jumps from event to
event. The server keeps the rules of the Live API for a manual activity: new
activity breaks off a response that is not over with ``interrupted`` and
``turnComplete``; messages are never reordered, but delayed at will.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.conversation import (
    HOLD_LIMIT,
    Command,
    Conversation,
    Event,
    Gate,
    Phase,
    Timing,
)

TIMING = Timing(tap=0.2, tail=0.2, answer=1000.0)
CHUNK = 0.04
"""Seconds of sound in a chunk."""


class Clock:
    """Calls functions at their time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, time: float, function: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (max(time, self.now), next(self._order), function))

    def run(self) -> None:
        while self._queue:
            self.now, _, function = heapq.heappop(self._queue)
            function()


@dataclass(frozen=True)
class Network:
    """How messages travel: each is late by its own, and now and then all wait."""

    delays: list[float]
    stalls: list[tuple[float, float]]
    """When nothing arrives, from and to; then everything comes at once."""


class Wire:
    """One direction of a connection: delivers in order."""

    def __init__(self, clock: Clock, network: Network) -> None:
        self._clock = clock
        self._delays = itertools.cycle(network.delays)
        self._stalls = network.stalls
        self._last = 0.0

    def send(self, deliver: Callable[[], None]) -> None:
        arrival = max(self._last, self._clock.now + next(self._delays))
        for begin, end in self._stalls:
            if begin <= arrival < end:
                arrival = end
        self._last = arrival
        self._clock.at(arrival, deliver)


@dataclass
class Answer:
    """A response of the server; ``over`` is its turnComplete."""

    label: int
    chunks: int
    begun: bool = False
    complete: bool = False
    over: bool = False


class Server:
    """Answers each activity with labelled chunks."""

    def __init__(self, clock: Clock, wire: Wire, world: "World", plan: "Plan") -> None:
        self._clock, self._wire, self._world, self._plan = clock, wire, world, plan
        self._open: list[Answer] = []

    def activity_start(self) -> None:
        for answer in self._open:
            if answer.begun or not self._plan.quiet:
                self._tell(Event.INTERRUPTED)
                for _ in range(self._plan.late_chunks if answer.begun else 0):
                    self._chunk(answer.label)
                self._tell(Event.TURN_COMPLETE)
            answer.over = True
        self._open.clear()

    def activity_end(self, label: int) -> None:
        answer = Answer(label, self._plan.answer_chunks)
        self._open.append(answer)
        self._clock.at(
            self._clock.now + self._plan.think, lambda: self._generate(answer)
        )

    def _generate(self, answer: Answer) -> None:
        if answer.over:
            return
        answer.begun = True
        if answer.chunks:
            answer.chunks -= 1
            self._chunk(answer.label)
            pause = CHUNK / self._plan.speed
            self._clock.at(self._clock.now + pause, lambda: self._generate(answer))
        elif not answer.complete:
            answer.complete = True
            self._tell(Event.GENERATION_COMPLETE)
            playback = self._plan.answer_chunks * CHUNK
            self._clock.at(self._clock.now + playback, lambda: self._end(answer))

    def _end(self, answer: Answer) -> None:
        if not answer.over:
            answer.over = True
            self._open.remove(answer)
            self._tell(Event.TURN_COMPLETE)

    def _chunk(self, label: int) -> None:
        self._wire.send(lambda: self._world.audio(label))

    def _tell(self, event: Event) -> None:
        self._wire.send(lambda: self._world.happened(event))


@dataclass
class World:
    """The appliance around the conversation, with a loudspeaker that keeps labels."""

    clock: Clock
    conversation: Conversation = field(default_factory=lambda: Conversation(TIMING))
    server: Server | None = None
    uplink: Wire | None = None
    turn: int = 0
    heard: list[int] = field(default_factory=list)
    stale: list[int] = field(default_factory=list)
    queue: list[int] = field(default_factory=list)
    held: bool = False
    finished: bool = False

    def happened(self, event: Event) -> None:
        for command in self.conversation.handle(event, self.clock.now):
            self.carry_out(command)
        deadline = self.conversation.deadline
        if deadline is not None:
            self.clock.at(deadline, self.time_out)

    def time_out(self) -> None:
        deadline = self.conversation.deadline
        if deadline is not None and deadline <= self.clock.now:
            self.happened(Event.TIMEOUT)

    def carry_out(self, command: Command) -> None:
        assert self.server is not None
        assert self.uplink is not None
        match command:
            case Command.SILENCE:
                self.queue.clear()
                self.held = self.finished = False
            case Command.OPEN_ACTIVITY:
                self.turn += 1
                self.uplink.send(self.server.activity_start)
            case Command.CLOSE_ACTIVITY:
                label = self.turn
                self.uplink.send(lambda: self._end(label))
                self.clock.at(self.clock.now, lambda: self.happened(Event.SENT))
            case Command.PLAY_HELD:
                self.held = False
            case Command.FINISH_PLAYOUT:
                self.finished = True
                self.clock.at(self.clock.now, self.play_rest)
            case _:
                pass

    def _end(self, label: int) -> None:
        assert self.server is not None
        self.server.activity_end(label)

    def audio(self, label: int) -> None:
        self.happened(Event.AUDIO)
        gate = self.conversation.gate
        if gate is Gate.DROP:
            return
        self.held = self.held or gate is Gate.HOLD
        self.queue.append(label)
        self.clock.at(self.clock.now + CHUNK, self.play)

    def play(self) -> None:
        if self.queue and not self.held:
            label = self.queue.pop(0)
            self.heard.append(label)
            if label != self.turn or self.conversation.phase is Phase.LISTENING:
                self.stale.append(label)

    def play_rest(self) -> None:
        self.play()
        if self.queue:
            self.clock.at(self.clock.now + CHUNK, self.play_rest)
        elif self.finished:
            self.finished = False
            self.happened(Event.DRAINED)


@dataclass(frozen=True)
class Plan:
    """How the server of one example behaves."""

    think: float
    answer_chunks: int
    speed: float
    late_chunks: int
    quiet: bool
    """It says nothing of a response that had not begun when it was broken off."""


def plans(*, quiet: bool) -> st.SearchStrategy[Plan]:
    # A quiet server is told from a strict one by time alone, so there an answer
    # must last longer than doubtful audio is held.
    shortest = round(HOLD_LIMIT / CHUNK) + 2 if quiet else 1
    return st.builds(
        Plan,
        think=st.sampled_from((0.05, 0.3, 1.2)),
        answer_chunks=st.integers(shortest, 60),
        speed=st.sampled_from((1.0, 1.5, 20.0)),
        late_chunks=st.integers(0, 3),
        quiet=st.just(quiet),
    )


PRESSES = st.lists(
    st.tuples(st.floats(0.25, 2.0), st.floats(0.0, 3.0)), min_size=1, max_size=6
)
"""Seconds held, then seconds until the next press."""


NETWORKS = st.builds(
    Network,
    # One round trip and one stall fit into the time for which doubt is held.
    delays=st.lists(st.floats(0.0, HOLD_LIMIT * 0.2), min_size=1, max_size=9),
    stalls=st.tuples(st.floats(0.0, 10.0), st.floats(0.1, HOLD_LIMIT * 0.5)).map(
        lambda stall: [(stall[0], stall[0] + stall[1])]
    ),
)


def live_through(
    plan: Plan, presses: list[tuple[float, float]], network: Network
) -> World:
    clock = Clock()
    world = World(clock)
    world.uplink = Wire(clock, network)
    world.server = Server(clock, Wire(clock, network), world, plan)
    world.happened(Event.LINK_UP)
    time = 0.0
    for held, pause in presses:
        clock.at(time, lambda: world.happened(Event.PRESSED))
        clock.at(time + held, lambda: world.happened(Event.RELEASED))
        time += held + TIMING.tail + 0.06 + pause
    clock.run()
    return world


def check(world: World, plan: Plan) -> None:
    assert world.stale == []
    assert world.heard.count(world.turn) == plan.answer_chunks, "fresh chunks lost"
    assert world.heard == sorted(world.heard)
    assert world.conversation.phase is Phase.IDLE
    assert world.conversation.settled


@settings(max_examples=400, deadline=None)
@given(plans(quiet=False), PRESSES, NETWORKS)
def test_no_stale_chunk_is_heard_and_no_fresh_one_lost_whatever_the_network_does(
    plan: Plan, presses: list[tuple[float, float]], network: Network
) -> None:
    check(live_through(plan, presses, network), plan)


@settings(max_examples=200, deadline=None)
@given(plans(quiet=True), PRESSES, st.floats(0.0, 0.1))
def test_a_server_that_says_nothing_of_what_it_had_not_begun_loses_no_answer(
    plan: Plan, presses: list[tuple[float, float]], delay: float
) -> None:
    check(live_through(plan, presses, Network([delay], [])), plan)


@settings(max_examples=200, deadline=None)
@given(plans(quiet=False), st.floats(0.3, 0.9), st.floats(1.0, 9.0))
def test_after_a_long_stall_the_old_answer_is_not_taken_for_the_new_one(
    plan: Plan, begins: float, lasts: float
) -> None:
    # The network stands still before the old answer begins to arrive, through
    # the second press, and then delivers all of it at once.
    network = Network([0.01], [(begins, begins + lasts)])
    check(live_through(plan, [(0.25, 0.2), (1.0, 0.0)], network), plan)
