"""What all our messages are made of.

The class line is the wire format: camelCase, defaults left out, ``bytes`` as standard
base64.
"""

from msgspec import Struct


class Message(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of all wire messages: camelCase on the wire, defaults left out."""


class Empty(Message, frozen=True):
    """A message that says something by being there: ``{}``."""
