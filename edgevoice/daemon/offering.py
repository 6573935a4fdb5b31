"""Keeps what the model is offered in line with the settings and the tools there are."""

import asyncio
import logging
from typing import Final

from edgevoice.daemon.appliance import Appliance
from edgevoice.daemon.builtin_tools import BuiltIns
from edgevoice.daemon.toolbox import Toolbox
from edgevoice.errors import ConfigError

log = logging.getLogger(__name__)

READY_S: Final = 5.0
"""The first connection waits so long for the MCP servers, seconds; the tools of one
that takes longer are offered in a pause, on another connection."""

LOOK_S: Final = 0.5
"""How often a pause is looked for while other tools wait, seconds."""


class Offering:
    """The toolbox of an appliance; loop's thread only.

    Args:
        appliance: Whose tools they are.

    Raises:
        ConfigError: A function that the settings name cannot be loaded.
    """

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._builtins = BuiltIns(appliance)
        self._settings = appliance.settings
        self._toolbox = Toolbox(
            appliance.settings, self._builtins.functions, appliance.bell.ring
        )
        appliance.mcp_servers = lambda: self._toolbox.servers
        appliance.offer(self._toolbox.tools)

    async def ready(self) -> None:
        """Wait until the tools are known, ``READY_S`` at most, and offer them."""
        await self._appliance.bell.until(lambda: self._toolbox.ready, READY_S)
        self._appliance.offer(self._toolbox.tools)

    async def keep(self) -> None:
        """Offer other tools in the next pause, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._toolbox.keep(), name="toolbox")
            tasks.create_task(self._builtins.keep(), name="built-in tools")
            while True:
                await self._appliance.bell.until(self._other)
                self._take_settings()
                # The end of a signal sound rings no bell.
                if await self._appliance.bell.until(self._appliance.may_change, LOOK_S):
                    self._appliance.offer(self._toolbox.tools)

    def _other(self) -> bool:
        appliance = self._appliance
        return (
            appliance.settings is not self._settings
            or self._toolbox.tools != appliance.tools
        )

    def _take_settings(self) -> None:
        settings = self._appliance.settings
        if settings is not self._settings:
            self._settings = settings
            try:
                self._toolbox.use(settings)
            except ConfigError as error:  # it was good when the settings were read
                log.error("the tools stay as they were: %s", error)
