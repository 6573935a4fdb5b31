"""What is wrong with the settings of tools though each key by itself is right."""

from collections.abc import Iterator

from edgevoice.config.live_table import model_names
from edgevoice.config.tables import Configuration
from edgevoice.config.tool_tables import McpSettings, ToolSettings
from edgevoice.live import models
from edgevoice.tools.tool import LONGEST_WAIT_S


def contradictions(settings: Configuration) -> Iterator[str]:
    """A line for each mistake; the first of several tables is ``tools[1]``."""
    for number, tool in enumerate(settings.tools, 1):
        for mistake in _wrong_tool(tool):
            yield f"tools[{number}].{mistake}"
    for number, server in enumerate(settings.mcp, 1):
        for mistake in _wrong_server(server):
            yield f"mcp[{number}].{mistake}"
    yield from _same_names(settings)
    yield from _never_called(settings)


def _wrong_tool(tool: ToolSettings) -> Iterator[str]:
    from edgevoice.tools import schema, template

    parameters = schema.schema_of(tool.parameters)
    wrong = [*schema.mistakes(parameters)]
    for mistake in wrong:
        yield f"parameters.{mistake.removeprefix('properties.')}"
    if wrong:
        return
    for mistake in template.mistakes(tool.command, schema.properties_of(parameters)):
        yield f"command: {mistake}"
    if tool.timeout_s > LONGEST_WAIT_S and not tool.background:
        yield (
            f"timeout_s = {tool.timeout_s:g}: the model waits for this tool, so "
            f"{LONGEST_WAIT_S:g} at most; or set background = true"
        )
    if tool.scheduling != "WHEN_IDLE" and not tool.background:
        yield (
            f"scheduling = {tool.scheduling!r}: needs background = true; with other "
            "tools the model waits for the result"
        )
    if tool.stream and not tool.background:
        yield "stream = true: needs background = true; other tools answer once"


def _wrong_server(server: McpSettings) -> Iterator[str]:
    if bool(server.command) == bool(server.url):
        yield "command: give either command or url"
    elif server.url and (server.environment or server.secrets):
        yield "url: takes headers; environment and secrets are for a command"
    elif server.command and server.headers:
        yield "command: takes environment and secrets; headers are for a url"


def _same_names(settings: Configuration) -> Iterator[str]:
    """Two things that the model would call by one name, and names of nothing."""
    functions = settings.functions
    taken: dict[str, str] = dict.fromkeys(functions.builtin, "functions.builtin")
    for place, name in [
        *(("functions.installed", name) for name in functions.installed),
        *((f"tools[{n}].name", tool.name) for n, tool in enumerate(settings.tools, 1)),
    ]:
        if name in taken:
            yield f"{place} = {name!r}: is in {taken[name].removesuffix('.name')} too"
        taken[name] = place
    for name in functions.confirm:
        if name not in {*functions.builtin, *functions.installed}:
            yield f"functions.confirm: {name!r} is in neither builtin nor installed"
    servers = [server.name for server in settings.mcp]
    for number, name in enumerate(servers, 1):
        if name in servers[: number - 1]:
            yield f"mcp[{number}].name = {name!r}: is that of another server"


def _never_called(settings: Configuration) -> Iterator[str]:
    """What is offered to a model that calls nothing; what is built in is no mistake."""
    for model in model_names(settings.live):
        if why := models.why_not(model, "functions"):
            for number in range(1, len(settings.tools) + 1):
                yield f"tools[{number}]: {why}"
            for number in range(1, len(settings.mcp) + 1):
                yield f"mcp[{number}]: {why}"
            if settings.functions.installed:
                yield f"functions.installed: {why}"
