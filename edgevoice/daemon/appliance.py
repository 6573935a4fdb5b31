"""Owns everything: hands events to the conversation and carries out its commands.

Nothing is decided here. What a command means for the buffers stands in
``_carry_out``; the tasks (link, devices, control socket) bring the world into
line with the buffers.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from edgevoice.audio.earcons import Earcon
from edgevoice.audio.playout import Heard
from edgevoice.config import Configuration
from edgevoice.controls.held import HeldSources
from edgevoice.conversation import Command, Conversation, Event, Gate, Timing
from edgevoice.daemon import asides
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.budget import Budget
from edgevoice.daemon.calls import Calls
from edgevoice.daemon.captions import Captions
from edgevoice.daemon.handles import Handles
from edgevoice.daemon.idle_reset import IdleReset
from edgevoice.daemon.link import Link
from edgevoice.daemon.news import News
from edgevoice.daemon.outcomes import EARCONS
from edgevoice.daemon.panel import Panel, signal_for
from edgevoice.daemon.pictures import Pictures
from edgevoice.daemon.purse import Purse
from edgevoice.daemon.rotation import Rotation
from edgevoice.daemon.server import Server
from edgevoice.daemon.sound import Sound
from edgevoice.daemon.turns import Turns
from edgevoice.live import incoming, models
from edgevoice.tools.tool import Tool

if TYPE_CHECKING:
    from edgevoice.tools.mcp_server import McpServer

log = logging.getLogger(__name__)

BOOKS_S: Final = 0.01
"""How long what is told and logged waits for what is done, seconds.

What a press or a release sends, shows and stops comes first: to tell everybody costs
more than to act, on a Raspberry Pi some 10 ms.
"""

TIMER_S: Final = 0.001
"""How coarse timers are, seconds: ``select.epoll`` rounds them up to it."""

LOOK_S: Final = 0.5
"""How often a pause is looked for, seconds."""


class Appliance:
    """The whole appliance; everything but ``post`` belongs to the loop's thread.

    Args:
        settings: What the person configured.
        server: Whom to call.
        handles: Resumption handles.
        purse: What it costs.
    """

    def __init__(
        self,
        settings: Configuration,
        server: Server,
        handles: Handles,
        purse: Purse,
    ) -> None:
        self.settings = settings
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        self.news = News(time.time, partial(self._loop.call_later, BOOKS_S))
        self.bell = Bell()
        self.turns = Turns(self.news)
        self.pictures = Pictures(settings.camera, self.bell, self.news)
        self.handles = handles
        self.panel = Panel()
        self.stop: Callable[[], None] = lambda: None
        """Ends the appliance."""
        self.reload: Callable[[], dict[str, Any]] | None = None
        """Reads the settings again (``Reloading.reload``); None if it never does."""
        self.control_error: str | None = None
        """What is wrong with the button, or None."""
        self.lamp_error: str | None = None
        """What is wrong with the lamp, or None."""
        self.settings_error: str | None = None
        """Why the newest settings were not taken, or None."""
        self.budget = Budget(purse, self.happened, self.news, self._clock)
        self._idle_reset = IdleReset(_idle_reset(settings), self.bell, self._clock)
        if handles.kept:
            purse.resume()
            self._idle_reset.talked(self._clock())
        self._conversation = Conversation(_timing(settings))
        self._held = HeldSources()
        self._typed = ""
        self._captions = Captions(self.news, self.turns.tail)
        self._told_devices: dict[str, dict[str, str | None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._lost_turn = False
        """It is still to be told, by ear, that the last run ended in a turn."""
        self.tools: Mapping[str, Tool] = {}
        """What the model may call, by name."""
        self.mcp_servers: Callable[[], Sequence[McpServer]] = tuple
        """Those that some of the tools come from, or would."""
        self.calls = Calls(
            lambda: self.tools,
            self._say_in_a_pause,
            lambda: not models.takes(self.link.model, "background"),
            self._call_changed,
            self.news,
            self._clock,
        )
        rotation = Rotation(_leave_after(settings))
        self.link = Link(
            self,
            server,
            handles,
            self.turns,
            self.calls,
            self.bell,
            rotation,
            self._clock,
        )
        purse.model = lambda: self.link.model
        self.sound = Sound(
            settings, self.bell, self.post, self._heard, self._device_changed
        )

    def use(self, settings: Configuration, server: Server) -> None:
        """Go on with other settings; called in a pause, see ``may_change``.

        The keepers of devices and button see by themselves what is to be opened anew.
        """
        self.settings, self._server = settings, server
        self._conversation.use(_timing(settings))
        self._idle_reset.pause = _idle_reset(settings)
        self.sound.use(settings)
        self.budget.use(settings)
        self.pictures.use(settings.camera)
        self._call_server()
        self.bell.ring()

    def offer(self, tools: Mapping[str, Tool]) -> None:
        """Let the model call these; called in a pause, see ``may_change``."""
        self.tools = tools
        self._call_server()

    def _call_server(self) -> None:
        server = self._server.offering(self.tools.values())
        self.link.use(server, leave_after=_leave_after(self.settings))

    # -- from anywhere -------------------------------------------------------------

    def post(self, function: Callable[..., None], *arguments: object) -> None:
        """Call a function on the loop's thread; from any thread, never blocks."""
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed: we are stopping
            return

    # -- the person ----------------------------------------------------------------

    def press(self, source: str) -> None:
        """This source is held now."""
        if self._held.press(source):
            self.happened(Event.PRESSED)

    def release(self, source: str) -> None:
        """This source let go."""
        if self._held.release(source):
            self.happened(Event.RELEASED)

    def toggle(self, source: str) -> None:
        """In mode ``toggle``, one press begins and the next one ends."""
        if self.asks:  # here a press is a tap: there is no holding
            self.tap()
        elif self._held.toggle(source):
            held = bool(self._held.held)
            self.happened(Event.PRESSED if held else Event.RELEASED)

    def say(self, text: str) -> bool:
        """Send a typed turn; False if that is not possible at this moment."""
        self.budget.look()
        if not self._conversation.may_say:
            return False
        self._typed = text
        self.happened(Event.SAID)
        return True

    async def _say_in_a_pause(self, text: str) -> None:
        """Send a typed turn once nobody has the floor."""

        def pause() -> bool:
            quiet = self._conversation.settled and not self.sound.sounding
            return quiet and self._conversation.may_say

        while not (await self.bell.until(pause, LOOK_S) and self.say(text)):
            pass  # the end of a signal sound rings no bell

    def note(self, text: str) -> None:
        """Tell the model this as soon as nobody has the floor; it does not answer."""
        self.turns.note(text)
        self.bell.ring()

    def tap(self) -> None:
        """A short press from afar: means nothing while somebody holds a button."""
        if not self._held.held:
            self.happened(Event.TAPPED)

    @property
    def asks(self) -> bool:
        """Whether the model asks leave to do something."""
        return self._conversation.asks

    def allow(self) -> None:
        """Let the model do what it asks leave for; nothing if it does not ask."""
        self.happened(Event.ALLOWED)

    def silence(self) -> None:
        """Be quiet now: what is playing or awaited is given up."""
        self.happened(Event.SILENCED)

    def begin_anew(self) -> None:
        """Forget the conversation and start a new one."""
        self.silence()
        self.turns.notes.forget()
        self.pictures.forget()
        self._forget()

    def _forget(self) -> None:
        self.sound.playout.forget()
        self.budget.purse.forget()
        self.link.start_afresh()

    def tell_of_lost_turn(self) -> None:
        """The last run ended while somebody waited for an answer."""
        outcome = "lost: edgevoice ended in the middle of it"
        log.warning("the last turn of the run before this one is %s", outcome)
        self.news.tell("turn", number=0, outcome=outcome)
        self._lost_turn = True

    def set_volume(
        self, volume: int | None = None, *, muted: bool | None = None
    ) -> None:
        """Set loudness (0 to 100) or mute the loudspeaker; None leaves it."""
        self.sound.set_volume(volume, muted=muted)
        self.news.tell("volume", volume=self.sound.volume, muted=self.sound.muted)

    # -- events and commands -------------------------------------------------------

    def happened(self, event: Event, due: float = 0.0) -> None:
        """Hand an event to the conversation and do what it says.

        Args:
            event: What happened.
            due: When it was due, loop's clock; a timer may come a hair too early.
        """
        if event is Event.PRESSED:
            self.budget.look()
        before, asked = self._conversation.phase, self._conversation.asks
        now = max(self._clock(), due)
        if event is Event.RELEASED and self.sound.recording:
            self.turns.mark("released", now, again=True)
        for command in self._conversation.handle(event, now):
            self._carry_out(command, now)
        if (asks := self._conversation.asks) is not asked:
            self.turns.asks(now, asks=asks)
        phase = self._conversation.phase
        if phase is not before:
            self.news.later(_log_phase, phase.value)
            if log.isEnabledFor(logging.DEBUG):  # an enum's name takes 2 us to ask for
                log.debug("%s -> %s on %s", before.name, phase.name, event.name)
            self.news.tell("phase", phase=phase.value)
        self.sound.answering = not self._conversation.settled
        self._set_timer()
        self.show()
        if event is Event.TIMEOUT:  # an answer may have been given up
            self.bell.ring()

    def _set_timer(self) -> None:
        """Wake up at the conversation's deadline, or before it and look again.

        Every chunk moves it a little; to make a timer anew each time costs more than
        one look in vain.
        """
        deadline = self._conversation.deadline
        if deadline is None:
            return
        if self._timer is not None:
            if self._timer.when() <= deadline - TIMER_S:
                return
            self._timer.cancel()
        when = deadline - TIMER_S
        self._timer = self._loop.call_at(when, self._timer_came, deadline)

    def _timer_came(self, due: float) -> None:
        self._timer = None
        deadline = self._conversation.deadline
        if deadline is not None and deadline <= due:
            self.happened(Event.TIMEOUT, due)
        else:
            self._set_timer()

    def _carry_out(self, command: Command, now: float) -> None:
        match command:
            case Command.SILENCE:
                self.sound.silence()
                self._captions.flush()
            case Command.FORGET_PRE_ROLL:
                self.sound.forget_pre_roll()
            case Command.RECORD:
                self.turns.begin(now, utterance=self.sound.record())
            case Command.RECORD_MORE:
                self._record_more()
            case Command.REPEAT:
                self._repeat()
            case Command.OPEN_ACTIVITY:
                self.turns.count()
                self.pictures.begin(self.turns.current)
                self.link.hurry()
            case Command.CLOSE_ACTIVITY:
                self._close_utterance(now)
            case Command.DISCARD:
                self._held.release_all()  # or the next press would not be the first
                self.sound.end_recording()
                self.turns.discard()
            case Command.SEND_TEXT:
                self.turns.begin(now, text=self._typed)
                self.turns.count()
                self.pictures.begin(self.turns.current)
                self.turns.tail.typed(self._typed)
                self.link.hurry()
                self._tell_if_kept()
            case Command.LEAVE_LINK:  # it may be dead without knowing
                self.link.reconnect()
            case Command.LEAVE_SESSION:
                self.link.leave_session()
            case Command.BEGIN_ANSWER:
                self.turns.answer_begins(now)
                self.sound.playout.reset_counts()
            case Command.ASK:
                self.sound.signal(Earcon.ASK)
            case Command.CONFIRM | Command.DECLINE:
                self.calls.permission.decide(allowed=command is Command.CONFIRM)
            case Command.PLAY_HELD:
                self.sound.playout.release()
                self._captions.release()
            case Command.FINISH_PLAYOUT:
                self.sound.playout.finish()
                self._skip_what_nobody_hears()
            case Command.WARN_BUDGET:
                self.sound.signal(Earcon.BUDGET_LOW)
                self._loop.call_later(self.budget.warn(), self.show)
            case Command.REFUSE_PRESS:
                self.sound.signal(Earcon.BUDGET_SPENT)
                self.news.tell("refused", reason=self.budget.error)
            case _:
                assert command in EARCONS
                self._end_turn(command, now)
        self.bell.ring()

    def _repeat(self) -> None:
        if self.sound.playout.repeat():
            self._loop.call_soon(self.happened, Event.REPEATING)
            self._skip_what_nobody_hears()

    def _record_more(self) -> None:
        utterance = self.turns.utterance
        if utterance is not None:
            self.sound.record_more(utterance)

    def _close_utterance(self, now: float) -> None:
        if self._held.release_all():  # a stuck source must not keep others from talking
            self.turns.mark("released", now, again=True)
        self.sound.end_recording()
        utterance = self.turns.close_utterance()
        if utterance is None:
            return
        if not len(utterance):
            self._loop.call_soon(self.happened, Event.SPEECHLESS)
        else:
            self._tell_if_kept()

    def _tell_if_kept(self) -> None:
        """What was said cannot be sent now: later, or not at all."""
        if self.link.status == "refused":
            self._loop.call_soon(self.happened, Event.REFUSED)
        elif self.link.status != "up":
            self.sound.signal(Earcon.KEPT)

    def _end_turn(self, outcome: Command, now: float) -> None:
        self._idle_reset.talked(now)
        self.pictures.end(self.turns.current)
        self.calls.turn_ended()
        if not self.turns.end(outcome.value, now, self.sound.playout):
            return
        earcon = EARCONS[outcome]
        if earcon is not None:
            self.sound.signal(earcon)

    # -- the server ----------------------------------------------------------------

    def take(self, event: incoming.ServerEvent) -> None:
        """Act on what the server said."""
        asides.tell(self.news, event)
        self.budget.take(event)
        match event:
            case incoming.Audio(pcm):
                self._take_audio(pcm)
            case incoming.Interrupted():
                self.happened(Event.INTERRUPTED)
            case incoming.GenerationComplete():
                self.happened(Event.GENERATION_COMPLETE)
            case incoming.TurnComplete():
                self.happened(Event.TURN_COMPLETE)
            case incoming.InputTranscript():
                self.turns.transcribed(self._clock())
                self._captions.user(event)
                self.happened(Event.PROGRESS)
            case incoming.OutputTranscript():
                self._captions.model(event, self._conversation.gate)
                self.happened(Event.PROGRESS)
            case incoming.ToolCallCancelled(ids):
                self.calls.cancel(ids)
            case incoming.Progress():
                self.happened(Event.PROGRESS)
            case _:
                pass

    def _call_changed(self, event: Event) -> None:
        self.happened(event)
        self.bell.ring()

    def _take_audio(self, pcm: bytes) -> None:
        self.happened(Event.AUDIO)
        gate = self._conversation.gate
        if gate is Gate.DROP:
            self.turns.tally.stale_chunks += 1
            return
        if gate is Gate.HOLD:
            self.sound.playout.hold()
        self.sound.playout.push(pcm, self._clock())

    def may_leave(self) -> bool:
        """Whether nobody would notice a change of connection now."""
        quiet = not self.sound.sounding and not self.calls.under_way
        return self._conversation.settled and quiet

    def settled(self) -> bool:
        """Whether no turn is under way and no answer is to come."""
        return self._conversation.settled and not self.calls.under_way

    def may_change(self) -> bool:
        """Whether devices and link may be exchanged now without anything being lost.

        Without a link no answer is under way, and what was said is kept.
        """
        quiet = self.sound.recording is None and not self.sound.sounding
        return self.may_leave() or (quiet and not self.connected)

    def link_changed(self) -> None:
        """The link's status or error is new."""
        link = self.link
        self.news.tell("link", link=link.status, error=link.error, model=link.model)
        if self.link.status == "refused":
            self.happened(Event.REFUSED)
        self.show()

    # -- sound ---------------------------------------------------------------------

    def _heard(self, heard: Heard) -> None:
        if Heard.STARTED in heard:
            self.turns.heard(self._clock())
        if Heard.DRAINED in heard:
            self.happened(Event.DRAINED)

    def _skip_what_nobody_hears(self) -> None:
        """Without a speaker a response would never end."""
        if self.sound.unheard:
            self._loop.call_soon(self.happened, Event.UNHEARD)

    def _device_changed(self) -> None:
        if self._lost_turn and self.sound.speaker.device is not None:
            self._lost_turn = False
            self.sound.signal(Earcon.FAILED)
        self._skip_what_nobody_hears()
        for keeper in (self.sound.microphone, self.sound.speaker):
            facts = keeper.facts()
            if self._told_devices.get(keeper.kind) != facts:
                self._told_devices[keeper.kind] = facts
                self.news.tell("device", kind=keeper.kind, **facts)
        self.show()

    # -- what is shown -------------------------------------------------------------

    @property
    def phase(self) -> str:
        """``idle``, ``listening``, ``thinking`` or ``speaking``."""
        return self._conversation.phase.value

    @property
    def connected(self) -> bool:
        """Whether the conversation knows of a link."""
        return self._conversation.link_up

    @property
    def error(self) -> str | None:
        """What is wrong now, one line; None when all is well."""
        problems = (
            self.control_error,
            self.sound.error,
            self.link.error,
            self.budget.error,
            self.settings_error,
            self.lamp_error,
        )
        return next(filter(None, problems), None)

    @property
    def session_age(self) -> int | None:
        """Seconds since the session began, over all its connections; or None."""
        began = self.handles.session_began
        return None if began is None else round(self._clock() - began)

    def show(self) -> None:
        """Bring the indicators into line with the state."""
        phase = self.phase
        if phase == "listening" and self.sound.microphone.state == "missing":
            phase = "idle"  # nobody is being recorded
        broken = bool(self.control_error or self.sound.error)
        signal = signal_for(
            phase,
            self.link.status,
            broken=broken,
            asks=self._conversation.asks,
            budget=self.budget.shows,
        )
        self.panel.show(signal)

    # -- time ----------------------------------------------------------------------

    async def reset_when_idle(self) -> None:
        """Begin a new conversation after a long pause, until cancelled."""
        await self._idle_reset.run(lambda: self.phase == "idle", self._forget)


def _log_phase(phase: str) -> None:
    log.info("%s", phase, extra={"PHASE": phase})


def _leave_after(settings: Configuration) -> float:
    return settings.live.session.connection_minutes * 60


def _idle_reset(settings: Configuration) -> float:
    return settings.live.session.idle_reset_minutes * 60


def _timing(settings: Configuration) -> Timing:
    return Timing(
        tap=settings.button.tap_ms / 1000,
        tail=settings.microphone.tail_ms / 1000,
        max_hold=float(settings.button.max_hold_s),
        answer=settings.live.answer_timeout_s,
        keep=settings.live.keep_s,
    )
