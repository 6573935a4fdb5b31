"""What is wrong though each key by itself is right."""

from collections.abc import Iterator

from edgevoice.config import tool_contradictions
from edgevoice.config.live_table import Live, instructions, model_names
from edgevoice.config.table import Settings
from edgevoice.config.tables import Configuration
from edgevoice.errors import ConfigError
from edgevoice.live import endpoint, models


def contradictions(settings: Configuration) -> Iterator[str]:
    """A line for each, with the key's path."""
    yield from _of_live(settings.live)
    camera = settings.camera
    if camera.when == "press" and not camera.command:
        yield "camera.when = 'press': needs a camera.command that takes the picture"
    if settings.history.file and not settings.live.transcripts:
        yield "history.file: needs live.transcripts = true, else there is no text"
    uses_gpio = settings.button.source == "gpio"
    if uses_gpio and settings.button.pin == settings.indicator.pin:
        yield f"indicator.pin = {settings.indicator.pin}: is the button's pin too"
    yield from tool_contradictions.contradictions(settings)


def _of_live(live: Live) -> Iterator[str]:
    try:
        endpoint.check(live.endpoint)
    except ConfigError as error:
        yield f"live.endpoint: {error}"
    pair = live.compression
    if pair.trigger_tokens and pair.target_tokens >= pair.trigger_tokens:
        yield (
            f"live.compression.target_tokens = {pair.target_tokens}: must be less "
            f"than trigger_tokens ({pair.trigger_tokens})"
        )
    yield from _of_tokens(live)
    yield from _of_models(live)
    try:
        instructions(live)
    except ConfigError as error:
        yield str(error)


def _of_models(live: Live) -> Iterator[str]:
    """Keys that one of the models does not take; each once."""
    wrong = (
        refusal
        for model in model_names(live)
        for refusal in models.refusals(model, live.api_version, {*_asked(live)})
    )
    for key, why in dict.fromkeys(wrong):
        yield f"live.{key}: {why}"


def _of_tokens(live: Live) -> Iterator[str]:
    """What is wrong with where the tokens come from; none of it is shown."""
    if live.token_command and live.token_url:
        yield "live.token_url: there is live.token_command, too; take one of them away"
    if live.token_command and not live.token_command[0]:
        yield "live.token_command: begins with an empty text; name a program"
    if live.token_url:
        try:
            endpoint.check_token_url(live.token_url)
        except ConfigError as error:
            yield f"live.token_url: {error}"
    elif live.token_secret_file:
        yield "live.token_secret_file: is for live.token_url, which is not set"


def _asked(table: Settings, prefix: str = "") -> Iterator[str]:
    """The keys that are not at their defaults, as ``thinking.level``."""
    default = type(table)()
    for name in table.__struct_fields__:
        value = getattr(table, name)
        if isinstance(value, Settings):
            yield from _asked(value, f"{prefix}{name}.")
        elif value != getattr(default, name):
            yield f"{prefix}{name}"
