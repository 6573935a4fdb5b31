"""New settings while it runs: ``edgevoice reload``, ``systemctl reload``, SIGHUP.

Settings with a mistake change nothing. Good ones are taken as a whole in the next
pause, when nobody speaks and no answer is awaited or heard; if that is now, then now:

* durations, earcons and the like count from the next turn on;
* a microphone or speaker that has another name is closed, and the new one opened;
* of ``[button]`` and ``[indicator]`` anything opens button and lamp anew;
* another model or other instructions are a new session, which is told what was said
  last; another server or key, or anything else of ``[live]`` that the server is asked
  for, is a new connection, which goes on with the conversation.

Only the volume does not wait. ``control.socket`` takes a restart, and so does the key
that systemd gives: up to systemd 259 the copy in ``$CREDENTIALS_DIRECTORY`` stays as it
was at the start (systemd.io/CREDENTIALS; issue 21099 of systemd/systemd).
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from edgevoice.config import Configuration, Settings
from edgevoice.daemon import supervisor
from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.server import Server, server_of
from edgevoice.errors import ConfigError, CredentialError

log = logging.getLogger(__name__)

LOOK_S: Final = 0.5
"""How often a pause is looked for while new settings wait, seconds."""

RESTART: Final = frozenset({"control.socket"})
"""What is new only after a restart."""

Read: TypeAlias = Callable[[], tuple[Configuration, str]]
"""Reads settings and credential; raises ConfigError or CredentialError."""


class Reloading:
    """Takes new settings, now or in the next pause; loop's thread only.

    Args:
        appliance: Whose settings they are.
        server: What its settings came to at the start.
        read: See ``Read``.
    """

    def __init__(self, appliance: Appliance, server: Server, read: Read) -> None:
        self._appliance = appliance
        self._read = read
        self._newest = appliance.settings, server
        self._waits = False

    def reload(self) -> dict[str, Any]:
        """Read the settings, check them, and take them.

        Returns:
            As plain JSON: ``changed``, the keys that are new; ``restart``, those of
            them that take a restart; ``waits``, whether they wait for a pause.

        Raises:
            ConfigError: They cannot be used; one line for each mistake.
            CredentialError: There is no key any more.
        """
        since = time.monotonic_ns() // 1000
        supervisor.notify(RELOADING="1", MONOTONIC_USEC=str(since))
        try:
            settings, credential = self._read()
            server = server_of(settings, credential)
        except (ConfigError, CredentialError) as error:
            self._refuse(str(error).splitlines())
            raise
        else:
            return self._accept(settings, server)
        finally:
            supervisor.notify(READY="1")

    async def keep(self) -> None:
        """Put in force what waits as soon as there is a pause, until cancelled."""
        appliance = self._appliance
        while True:
            await appliance.bell.until(lambda: self._waits)
            # The end of a signal sound rings no bell.
            if await appliance.bell.until(appliance.may_change, LOOK_S):
                self._put_in_force()

    def _refuse(self, mistakes: list[str]) -> None:
        for mistake in mistakes:
            log.error("new settings refused: %s", mistake)
        error = f"new settings refused, the old ones count: {mistakes[0]}"
        self._tell([], error)

    def _accept(self, settings: Configuration, server: Server) -> dict[str, Any]:
        changed = [*_changes(self._newest, (settings, server))]
        before, self._newest = self._newest[0], (settings, server)
        if settings.speaker.volume != before.speaker.volume:
            self._appliance.set_volume(settings.speaker.volume)
        self._waits = True
        if self._appliance.may_change():
            self._put_in_force()
        restart = sorted(RESTART.intersection(changed))
        when = ", from the next pause on" if self._waits and changed else ""
        log.info("settings read: %s%s", ", ".join(changed) or "nothing is new", when)
        for key in restart:
            log.warning("%s: takes effect at the next start of edgevoice", key)
        self._tell(changed, None)
        self._appliance.bell.ring()
        return {"changed": changed, "restart": restart, "waits": self._waits}

    def _put_in_force(self) -> None:
        self._waits = False
        self._appliance.use(*self._newest)

    def _tell(self, changed: list[str], error: str | None) -> None:
        self._appliance.settings_error = error
        self._appliance.news.tell("settings", changed=changed, error=error)


def _changes(
    old: tuple[Configuration, Server], new: tuple[Configuration, Server]
) -> Iterator[str]:
    """Names of what is new; no values, since instructions and key are personal."""
    keys = [*_keys(old[0], new[0])]
    yield from keys
    if old[1].credential != new[1].credential:
        yield "API key"
    told = not {"live.instructions", "live.instructions_file"}.isdisjoint(keys)
    if old[1].options.instructions != new[1].options.instructions and not told:
        yield "live.instructions_file"  # its text is another one


def _keys(old: Settings, new: Settings, prefix: str = "") -> Iterator[str]:
    """Every key whose value is new, as ``speaker.volume``."""
    for name in old.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, Settings):
            yield from _keys(before, after, f"{prefix}{name}.")
        elif before != after:
            yield f"{prefix}{name}"
