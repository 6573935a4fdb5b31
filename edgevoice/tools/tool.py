"""What a tool is: a function that the model may call.

Where a tool comes from (a command in the settings, a Python function, an MCP server)
is the matter of the other files here; who calls it, ``daemon/calls.py``.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from edgevoice.errors import EdgeVoiceError
from edgevoice.tools.userinfo import without_userinfo

Arguments: TypeAlias = Mapping[str, Any]
"""What the model gave: names to JSON values. Never trusted."""

LONGEST_WAIT_S: Final = 120.0
"""A tool that the model waits for takes so long at most, seconds: so does a person."""

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
        timeout_s: It is given up after so many seconds; after ``LONGEST_WAIT_S`` at
            most if the model waits for it.
    """

    name: str
    description: str
    parameters: dict[str, Any] | None
    background: bool
    scheduling: Scheduling
    confirm: bool
    timeout_s: float

    def refusal(self, arguments: Arguments) -> str | None:
        """Why it would not run with these, one line; None if it would, or may."""

    def call(self, arguments: Arguments) -> AsyncGenerator[Result, None]:
        """Run it; usually one result.

        Closing the generator, or cancelling the task that awaits it, ends the call and
        everything that it has started, before it returns. It answers errors as results
        (``{"error": "one line for the model"}``) and raises nothing.
        """


class Described(Struct, kw_only=True):
    """What the model is told of a tool, and how it is run: base of all kinds of tools.

    See ``Tool`` for the attributes.
    """

    name: str
    description: str = ""
    parameters: dict[str, Any] | None = None
    background: bool = False
    scheduling: Scheduling = "WHEN_IDLE"
    confirm: bool = False
    timeout_s: float = 10.0

    def refusal(self, arguments: Arguments) -> str | None:
        """Nothing is refused before it runs; see ``Tool.refusal``."""
        return None


LONGEST_ERROR: Final = 300
"""Longest error that the model is told, characters; what it gave may be in it."""


class Refused(EdgeVoiceError):
    """A call cannot be carried out; the text is one line for the model."""


def failed(error: object, **more: Any) -> Result:
    """The result of a call that did not work.

    Args:
        error: What is wrong, for the model; made one line without passwords.
        more: What else the model may know, such as the exit code.
    """
    line = " ".join(without_userinfo(str(error)).split())
    if len(line) > LONGEST_ERROR:
        line = f"{line[:LONGEST_ERROR]}..."
    return Result(response={"error": line, **more})
