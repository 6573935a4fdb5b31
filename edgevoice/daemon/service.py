"""Starts everything in order, runs until a signal, stops everything in order."""

import asyncio
import contextlib
import logging
import resource
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from edgevoice import config
from edgevoice.config import Configuration
from edgevoice.controls.control import Indicator
from edgevoice.daemon import supervisor
from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.buttons import Buttons
from edgevoice.daemon.control_socket import ControlSocket
from edgevoice.daemon.handles import Handles
from edgevoice.daemon.link import Server
from edgevoice.daemon.state import StateFile
from edgevoice.daemon.threads import LooseThreads
from edgevoice.daemon.underway import Underway
from edgevoice.live import endpoint
from edgevoice.live.outgoing import SessionOptions

log = logging.getLogger(__name__)


_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""SIGHUP comes when the terminal is closed."""


class Stop(Exception):
    """Somebody wants the appliance to end."""


class Face(Protocol):
    """A user interface beside the button: the terminal of ``edgevoice talk``."""

    def attach(
        self, appliance: Appliance
    ) -> contextlib.AbstractContextManager[Indicator]:
        """Show this appliance for as long as the block runs."""


async def serve(
    settings: Configuration,
    credential: str,
    *,
    face: Face | None = None,
    state: Path | None = None,
) -> None:
    """Run the appliance until a signal, or until a face ends it.

    Args:
        settings: What the person configured.
        credential: API key or ephemeral token.
        face: A user interface beside the button.
        state: Where to keep what outlives a restart; None for the usual place.

    Raises:
        ConfigError: The settings cannot be used.
        DeviceError: The control socket cannot be used.
    """
    options = session_options(settings)
    address = endpoint.url(
        settings.live.endpoint, settings.live.api_version, credential
    )
    minutes = settings.live.session.idle_reset_minutes
    handles = Handles(
        StateFile(state or config.state_directory()),
        address,
        options,
        life=minutes * 60 if minutes else float("inf"),
    )
    appliance = Appliance(settings, Server(address, credential, options), handles)
    stopped = asyncio.Event()
    appliance.stop = stopped.set
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_on_signal(stopped.set))  # first in, last out
        path = config.socket_path(settings.control)
        await stack.enter_async_context(ControlSocket(appliance).listen(path))
        underway = Underway(path.with_suffix(".turn"))
        if underway.left_behind():
            appliance.tell_of_lost_turn()
        appliance.news.listen(underway.hear)
        buttons = stack.enter_context(contextlib.closing(Buttons(appliance)))
        if face is not None:
            stack.enter_context(face.attach(appliance))
        stack.push_async_callback(handles.save)
        await _run(appliance, buttons, stopped)


async def _run(appliance: Appliance, buttons: Buttons, stopped: asyncio.Event) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            for name, task in {
                "stop": _stop_when(stopped),
                "microphone": appliance.sound.microphone.keep(),
                "speaker": appliance.sound.speaker.keep(),
                "button": buttons.keep(),
                "link": appliance.link.keep(),
                "handles": appliance.handles.keep_saved(),
                "reset": appliance.reset_when_idle(),
                "watchdog": supervisor.feed_watchdog(appliance.sound.alive),
            }.items():
                tasks.create_task(task, name=name)
            _tell_systemd(appliance, stopped)
            supervisor.notify(READY="1")
    except* Stop:
        pass


def _tell_systemd(appliance: Appliance, stopped: asyncio.Event) -> None:
    told = ""

    def tell(_: dict[str, Any]) -> None:
        nonlocal told
        error = appliance.error
        words = f"link {appliance.link.status}, {appliance.phase}"
        words = f"{words}; {error}" if error else words
        if words != told and not stopped.is_set():
            told = words
            supervisor.notify(STATUS=words)

    appliance.news.listen(tell)


@contextlib.contextmanager
def _on_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Catch the signals until the end is over, not only until it begins.

    A terminal that is closed sends SIGHUP more than once; a second one is not to
    cut the saving and the tidying short. After a signal the process has nothing
    left but to end, so that later ones are ignored.
    """
    loop = asyncio.get_running_loop()
    came: set[signal.Signals] = set()

    def take(number: signal.Signals) -> None:
        came.add(number)
        stop()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, take, number)
    try:
        yield
    finally:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
            if came:
                signal.signal(number, signal.SIG_IGN)


async def _stop_when(stopped: asyncio.Event) -> None:
    await stopped.wait()
    log.info("stopping")
    supervisor.notify(STATUS="stopping", STOPPING="1")
    raise Stop


def session_options(settings: Configuration) -> SessionOptions:
    """What the settings ask of a session.

    Raises:
        ConfigError: ``instructions_file`` cannot be read.
    """
    live = settings.live
    return SessionOptions(
        model=live.model,
        instructions=config.instructions(live),
        voice=live.voice,
        language=live.language,
        transcripts=live.transcripts,
        trigger_tokens=live.compression.trigger_tokens,
        target_tokens=live.compression.target_tokens,
    )


def run_service(settings: Configuration, credential: str) -> None:
    """Run the appliance until a signal; see ``serve``."""
    run(serve(settings, credential))


def run(program: Coroutine[Any, Any, None]) -> None:
    """``asyncio.run``, but no call that hangs in a thread holds the end up.

    A core dump would hold the key, so none is written.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    async def with_loose_threads() -> None:
        asyncio.get_running_loop().set_default_executor(LooseThreads())
        await program

    asyncio.run(with_loose_threads())
