"""``[functions]``, ``[[tools]]`` and ``[[mcp]]``: what the model may call."""

import typing
from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import Meta, field

from edgevoice.config.table import Settings
from edgevoice.tools import names

BuiltIn: TypeAlias = Literal[
    "volume", "stop", "new_conversation", "date_and_time", "device_status"
]
"""Functions of edgevoice itself that the model may call."""

BUILT_IN: Final[tuple[BuiltIn, ...]] = typing.get_args(BuiltIn)


class Functions(Settings, frozen=True):
    """``[functions]``: what the model may call without more ado."""

    builtin: tuple[BuiltIn, ...] = BUILT_IN
    installed: tuple[Annotated[str, Meta(pattern=names.LEGAL)], ...] = ()
    """Python functions that other packages offer, by their names (entry points)."""
    confirm: tuple[str, ...] = ()
    """Names of those of either kind that ask for a press of the button."""
    timeout_s: Annotated[float, Meta(ge=1, le=3600)] = 20


class ToolSettings(Settings, frozen=True):
    """``[[tools]]``: a command that the model may run; one table for each."""

    name: Annotated[str, Meta(pattern=names.LEGAL)]
    description: Annotated[str, Meta(min_length=1, max_length=2000)]
    command: tuple[str, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    """A JSON schema, or its short form; see ``tools.schema.schema_of``."""
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Variables by their files, or by the names of credentials that systemd gives."""
    stdin: bool = False
    stream: bool = False
    background: bool = False
    scheduling: Literal["INTERRUPT", "WHEN_IDLE", "SILENT"] = "WHEN_IDLE"
    confirm: Literal["never", "press"] = "never"
    timeout_s: Annotated[float, Meta(ge=0, le=3600)] = 0
    """0: what ``toolbox`` says, more in the background."""


class McpSettings(Settings, frozen=True):
    """``[[mcp]]``: an MCP server whose tools the model may call; one table for each."""

    name: Annotated[str, Meta(pattern=names.LEGAL)]
    command: tuple[str, ...] = ()
    url: Annotated[str, Meta(pattern="^(https?://[^/].*)?$")] = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers by their files; see ``ToolSettings.secrets``."""
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    """Names of its tools that the model may call; empty: all."""
    confirm: Literal["never", "press"] = "never"
    timeout_s: Annotated[float, Meta(ge=1, le=120)] = 20
