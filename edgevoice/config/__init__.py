"""The settings: what may stand in the TOML file, and where the credential is."""

from edgevoice.config.credentials import (
    CREDENTIAL_NAME,
    checked_key,
    credential,
    token_secret,
)
from edgevoice.config.live_table import (
    Generation,
    Live,
    fetches_tokens,
    instructions,
    model_names,
)
from edgevoice.config.places import find, sets_nothing, socket_path, state_directory
from edgevoice.config.reading import load, parse
from edgevoice.config.table import SECRET, Settings, entry_of
from edgevoice.config.tables import Button, Camera, Configuration, Control, Indicator
from edgevoice.config.tool_tables import BUILT_IN, McpSettings, ToolSettings

__all__ = [
    "BUILT_IN",
    "CREDENTIAL_NAME",
    "SECRET",
    "Button",
    "Camera",
    "Configuration",
    "Control",
    "Generation",
    "Indicator",
    "Live",
    "McpSettings",
    "Settings",
    "ToolSettings",
    "checked_key",
    "credential",
    "entry_of",
    "fetches_tokens",
    "find",
    "instructions",
    "load",
    "model_names",
    "parse",
    "sets_nothing",
    "socket_path",
    "state_directory",
    "token_secret",
]
