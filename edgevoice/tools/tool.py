"""What a tool is: a function that the model may call.

Where a tool comes from (a command in the settings, a Python function, an MCP server)
is the matter of the other files here; who calls it, ``daemon/calls.py``.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Struct

Arguments: TypeAlias = Mapping[str, Any]
"""What the model gave: names to JSON values. Never trusted."""

Scheduling: TypeAlias = Literal["INTERRUPT", "WHEN_IDLE", "SILENT"]
"""When the model takes a result up: at once, when it has ended speaking, or never by
itself (Live API, "Asynchronous function calling")."""


class Result(Struct, frozen=True, kw_only=True):
    """What a call came to, for the model.

    Attributes:
        response: A JSON object; by custom ``{"output": ...}`` or ``{"error": ...}``.
        more: Further results of this call follow; NON_BLOCKING tools only.
    """

    response: dict[str, Any]
    more: bool = False


class Tool(Protocol):
    """A function that the model may call.

    Attributes:
        name: Letters, digits, ``_``, ``.`` and ``-``, 64 at most; a letter first.
        description: For the model: what it does, when to call it.
        parameters: JSON schema of an object; None: it takes nothing.
        background: The model goes on while it runs (NON_BLOCKING).
        scheduling: When the model takes a result up; for ``background`` ones.
        confirm: The person has to press the button before it runs.
        timeout_s: It is given up after so many seconds.
    """

    name: str
    description: str
    parameters: dict[str, Any] | None
    background: bool
    scheduling: Scheduling
    confirm: bool
    timeout_s: float

    def call(self, arguments: Arguments) -> AsyncGenerator[Result, None]:
        """Run it; usually one result.

        Closing the generator, or cancelling the task that awaits it, ends the call and
        everything that it has started, before it returns. It answers errors as results
        (``{"error": "one line for the model"}``) and raises nothing.
        """
