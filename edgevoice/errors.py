"""Every error that edgevoice raises on purpose.

The tree, with who is to act:

* ``EdgeVoiceError``: base of all; ``str()`` is one line for a person.

  * ``ConfigError``: the settings are wrong; mend the file (exit 78).
  * ``CredentialError``: no usable API key; provide one (exit 78).
  * ``DeviceError``: a microphone, speaker, button or lamp cannot be used.
  * ``PictureError``: a picture cannot be shown, or the camera gave none.
  * ``LocalProtocolError``: edgevoice was about to break the Live API's rules.
    Our own bug: it crashes loudly in tests.
  * ``RemoteProtocolError``: the server sent something that is no message.
  * ``LinkError``: the connection could not be made or was lost; try again.
  * ``NoDaemon``: nobody listens on the control socket; start it (exit 3).
"""

from typing import Final

EX_OK: Final = 0
"""Exit status: done."""
EX_FAILED: Final = 1
"""Exit status: it did not work."""
EX_USAGE: Final = 2
"""Exit status: the command line is wrong."""
EX_NO_DAEMON: Final = 3
"""Exit status: no daemon listens on the control socket."""
EX_CONFIG: Final = 78
"""Exit status that tells systemd not to restart us; see sysexits(3)."""


class EdgeVoiceError(Exception):
    """Base of every error raised on purpose; ``str()`` is one line."""


class ConfigError(EdgeVoiceError, ValueError):
    """The settings hold one or more mistakes.

    Attributes:
        mistakes: One line each: file, key, what is wrong, what would be right.
    """

    def __init__(self, *mistakes: str) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class CredentialError(EdgeVoiceError):
    """There is no API key, or it is kept where others can read it."""


class DeviceError(EdgeVoiceError, OSError):
    """A device cannot be opened or used; the text says which and what mends it."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else "device error"


class PictureError(EdgeVoiceError):
    """There is no picture to be shown; the text says why."""


class LocalProtocolError(EdgeVoiceError, RuntimeError):
    """Edgevoice was about to send what the Live API forbids: our bug."""


class RemoteProtocolError(EdgeVoiceError):
    """The server sent what is not a message of the Live API."""


class LinkError(EdgeVoiceError, ConnectionError):
    """The connection could not be made, or was lost; another try may succeed."""


class NoDaemon(EdgeVoiceError):
    """Nobody listens on the control socket."""


class Forbidden(NoDaemon):
    """There may be a daemon, but we may not speak to it."""
