"""A push-to-talk voice appliance for the Gemini Live API."""

from typing import Final

__version__: Final = "0.1.0"
