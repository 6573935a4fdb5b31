"""Starts everything in order, runs until a signal, stops everything in order."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
from collections.abc import Coroutine, Iterator
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
from edgevoice.daemon.history import History
from edgevoice.daemon.ledgerfile import LedgerFile
from edgevoice.daemon.offering import Offering
from edgevoice.daemon.purse import Purse
from edgevoice.daemon.reload import Read, Reloading
from edgevoice.daemon.server import server_of
from edgevoice.daemon.state import StateFile
from edgevoice.daemon.systemd_status import keep_told
from edgevoice.daemon.threads import LooseThreads
from edgevoice.daemon.underway import Underway
from edgevoice.errors import ConfigError, CredentialError

log = logging.getLogger(__name__)


_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""All end the appliance; but a service, which has no terminal that SIGHUP could tell
to be closed, reads its settings again at that one, as daemon(7) asks."""


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
    read: Read | None = None,
) -> None:
    """Run the appliance until a signal, or until a face ends it.

    Args:
        settings: What the person configured.
        credential: API key or ephemeral token; empty if the settings say where tokens
            come from.
        face: A user interface beside the button.
        state: Where to keep what outlives a restart; None for the usual place.
        read: Reads settings and credential again; None: there is no reload.

    Raises:
        ConfigError: The settings cannot be used.
        DeviceError: The control socket cannot be used.
    """
    server = server_of(settings, credential)
    state = state or config.state_directory()
    minutes = settings.live.session.idle_reset_minutes
    handles = Handles(
        StateFile(state),
        server.address,
        server.options,
        life=minutes * 60 if minutes else float("inf"),
        fallbacks=server.fallbacks,
    )
    ledger = LedgerFile(state)
    appliance = Appliance(settings, server, handles, Purse(settings, ledger))
    stopped = asyncio.Event()
    appliance.stop = stopped.set
    reloading = Reloading(appliance, server, read or (lambda: (settings, credential)))
    appliance.reload = reloading.reload if read is not None else None
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_on_signal(appliance))  # first in, last out
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
        stack.push_async_callback(ledger.save)
        history = History(appliance, state)
        appliance.news.listen(history.hear, at_once=True)
        stack.push_async_callback(history.close)
        stack.push_async_callback(appliance.pictures.close)
        stack.callback(appliance.news.hand_out)
        offering = Offering(appliance)
        await _run(appliance, offering, buttons, reloading, history, stopped)


async def _run(
    appliance: Appliance,
    offering: Offering,
    buttons: Buttons,
    reloading: Reloading,
    history: History,
    stopped: asyncio.Event,
) -> None:
    def alive() -> bool:
        return appliance.sound.alive() and buttons.alive()

    try:
        async with asyncio.TaskGroup() as tasks:
            for name, task in {
                "stop": _stop_when(stopped),
                "link": _keep_link(appliance, offering),  # first: it waits longest
                "microphone": appliance.sound.microphone.keep(),
                "speaker": appliance.sound.speaker.keep(),
                "button": buttons.keep(),
                "calls": appliance.calls.keep(),
                "tools": offering.keep(),
                "handles": appliance.handles.keep_saved(),
                "ledger": appliance.budget.purse.file.keep_saved(),
                "budget": appliance.budget.keep(),
                "settings": reloading.keep(),
                "history": history.keep(),
                "reset": appliance.reset_when_idle(),
                "status": keep_told(appliance, stopped),
                "watchdog": supervisor.feed_watchdog(alive),
                "ready": _tell_ready(appliance, buttons),
            }.items():
                tasks.create_task(task, name=name)
    except* Stop:
        pass


async def _keep_link(appliance: Appliance, offering: Offering) -> None:
    await offering.ready()
    await appliance.link.keep()


async def _tell_ready(appliance: Appliance, buttons: Buttons) -> None:
    """Ready: the button works or is waited for; the cloud need not answer."""
    await appliance.bell.until(lambda: buttons.looked)
    supervisor.notify(READY="1")


@contextlib.contextmanager
def _on_signal(appliance: Appliance) -> Iterator[None]:
    """Catch the signals until the end is over, not only until it begins.

    A terminal that is closed sends SIGHUP more than once; a second one is not to
    cut the saving and the tidying short. After a signal the process has nothing
    left but to end, so that later ones are ignored.
    """
    loop = asyncio.get_running_loop()
    came: set[signal.Signals] = set()
    reload = None if _has_terminal() else appliance.reload

    def take(number: signal.Signals) -> None:
        if number == signal.SIGHUP and reload is not None and not came:
            with contextlib.suppress(ConfigError, CredentialError):  # it has told
                reload()
            return
        came.add(number)
        appliance.stop()

    for number in _SIGNALS:
        loop.add_signal_handler(number, take, number)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            if came:
                signal.signal(number, signal.SIG_IGN)


def _has_terminal() -> bool:
    """Whether a terminal controls this process; closing it would send SIGHUP."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


async def _stop_when(stopped: asyncio.Event) -> None:
    await stopped.wait()
    log.info("stopping")
    supervisor.notify(STATUS="stopping", STOPPING="1")
    raise Stop


def run_service(settings: Configuration, credential: str, read: Read) -> None:
    """Run the appliance until a signal; see ``serve``."""
    run(serve(settings, credential, read=read))


def run(program: Coroutine[Any, Any, None]) -> None:
    """``asyncio.run``, but no call that hangs in a thread holds the end up.

    A core dump would hold the key, so none is written.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    async def with_loose_threads() -> None:
        asyncio.get_running_loop().set_default_executor(LooseThreads())
        await program

    asyncio.run(with_loose_threads())
