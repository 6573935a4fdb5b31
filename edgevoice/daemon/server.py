"""The settings as the link takes them: whom to call, and what to ask for."""

from dataclasses import dataclass, field

from edgevoice import config
from edgevoice.config import Configuration
from edgevoice.live import endpoint
from edgevoice.live.outgoing import SessionOptions


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to call, and with what; equal if a connection to one will do for the other.

    Attributes:
        address: URL; never holds the credential.
        credential: API key or ephemeral token; never logged.
        options: What the session is asked for.
    """

    address: str
    credential: str = field(repr=False)
    options: SessionOptions

    @property
    def headers(self) -> dict[str, str]:
        """The one that authenticates; never logged."""
        return endpoint.headers(self.credential)


def server_of(settings: Configuration, credential: str) -> Server:
    """The server that the settings name.

    Raises:
        ConfigError: ``instructions_file`` cannot be read.
    """
    live = settings.live
    options = SessionOptions(
        model=live.model,
        instructions=config.instructions(live),
        voice=live.voice,
        language=live.language,
        transcripts=live.transcripts,
        trigger_tokens=live.compression.trigger_tokens,
        target_tokens=live.compression.target_tokens,
    )
    address = endpoint.url(live.endpoint, live.api_version, credential)
    return Server(address, credential, options)
