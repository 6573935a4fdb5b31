"""What every table of the settings is: a struct; the range of a key is in its type."""

import typing
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Meta, Struct

SECRET: Final = frozenset(
    {"key_file", "token_command", "token_url", "token_secret_file"}
    | {"secrets", "headers", "environment"}
)
"""Keys into which some write a secret: their values are not shown."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table: immutable, named, nothing unknown."""


Name: TypeAlias = Annotated[str, Meta(min_length=1)]


def entry_of(hint: Any) -> type[Settings] | None:
    """The struct of one table of a list, as ``[[tools]]``; None if it is none."""
    inner = typing.get_args(hint)
    if typing.get_origin(hint) is not tuple or not isinstance(inner[0], type):
        return None
    return inner[0] if issubclass(inner[0], Settings) else None
