"""The settings as the link takes them: whom to call, and what to ask for."""

from dataclasses import dataclass, field

from edgevoice import config
from edgevoice.config import Configuration
from edgevoice.daemon.credentials import TokenSource, token_source
from edgevoice.live import endpoint
from edgevoice.live.outgoing import SessionOptions


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to call, and with what; equal if a connection to one will do for the other.

    Attributes:
        address: URL; never holds the credential.
        credential: API key or ephemeral token; never logged. Empty with a source.
        options: What the session is asked for.
        fallbacks: Models to be tried in order if that of ``options`` is not there.
        source: Where tokens come from, a new one for each session, or None.
    """

    address: str
    credential: str = field(repr=False)
    options: SessionOptions
    fallbacks: tuple[str, ...] = ()
    source: TokenSource | None = None

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
    model, *fallbacks = config.models(live)
    source = token_source(live)
    options = SessionOptions(
        model=model,
        instructions=config.instructions(live),
        voice=live.voice,
        language=live.language,
        transcripts=live.transcripts,
        trigger_tokens=live.compression.trigger_tokens,
        target_tokens=live.compression.target_tokens,
    )
    kind = endpoint.TOKEN_PREFIX if source else credential
    address = endpoint.url(live.endpoint, live.api_version, kind)
    return Server(address, credential, options, tuple(fallbacks), source)
