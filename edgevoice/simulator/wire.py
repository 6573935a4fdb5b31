"""Protobuf's JSON as the server reads and writes it: kinds of fields, refusals.

Reading follows the proto3 JSON mapping, not the documentation's spelling: names in
camelCase and snake_case, base64 in both alphabets, 64 bit numbers as text. What
the server refuses is refused here with its words (see ``Refused``). Stricter than
protobuf in one point: an enum's number in place of its name is refused.

A *kind* is a function that takes a decoded JSON value and its path, and returns the
value in canonical form or raises ``Refused``.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

JsonObject: TypeAlias = dict[str, Any]
"""A decoded message or a part of one, keys in lowerCamelCase."""

Kind: TypeAlias = Callable[[Any, str], Any]

INVALID_ARGUMENT: Final = "Request contains an invalid argument."
"""What the server says to nearly everything that is well formed but wrong."""

_MAX_REASON: Final = 123
"""Bytes of a close reason (RFC 6455, section 5.5); the server cuts at it, too."""


class Refused(Exception):
    """The client broke a rule: the socket is to be closed with code and reason.

    Attributes:
        code: WebSocket close code.
        reason: Close reason, cut to what a close frame can carry.
    """

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason.encode()[:_MAX_REASON].decode(errors="ignore")
        super().__init__(self.code, self.reason)


def invalid_argument() -> Refused:
    """The refusal for what is well formed, but wrong here and now."""
    return Refused(1007, INVALID_ARGUMENT)


def read(text: str | bytes, kind: Kind) -> tuple[str, JsonObject]:
    """Parse one client message.

    Args:
        text: The message as received.
        kind: The client message of this API version, see ``schema``.

    Returns:
        The one top-level key, in camelCase, and what is in it.

    Raises:
        Refused: It is not JSON, not a client message, or has not exactly one key.
    """
    try:
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(1007, "Invalid JSON payload received.") from None
    message = kind(decoded, "")
    if len(message) != 1:
        raise invalid_argument()
    [(key, body)] = message.items()
    return key, body


def write(message: Mapping[str, Any]) -> bytes:
    """Render a server message as the server does: two spaces, trailing newline."""
    return msgspec.json.format(msgspec.json.encode(message), indent=2) + b"\n"


def without_bytes(value: Any) -> Any:
    """A copy that holds the length of every bytes field instead of its content."""
    match value:
        case bytes():
            return len(value)
        case dict():
            return {key: without_bytes(inner) for key, inner in value.items()}
        case list():
            return [without_bytes(inner) for inner in value]
        case _:
            return value


def _wrong(at: str, type_name: str) -> Refused:
    # The server adds the value; we do not, since it may be something said.
    return Refused(1007, f"Invalid value at '{at}' ({type_name})")


def string(value: Any, at: str) -> str:
    """Kind: text."""
    if not isinstance(value, str):
        raise _wrong(at, "TYPE_STRING")
    return value


def boolean(value: Any, at: str) -> bool:
    """Kind: true or false, never 1 or "true"."""
    if not isinstance(value, bool):
        raise _wrong(at, "TYPE_BOOL")
    return value


def number(value: Any, at: str) -> float:
    """Kind: float or double, as a number or as text."""
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except ValueError:
        pass
    raise _wrong(at, "TYPE_DOUBLE")


def _integer(bits: int) -> Kind:
    def kind(value: Any, at: str) -> int:
        exact = int(value) if isinstance(value, str) and _DIGITS.match(value) else value
        if isinstance(exact, float) and exact.is_integer():
            exact = int(exact)
        if type(exact) is not int or not -(2 ** (bits - 1)) <= exact < 2 ** (bits - 1):
            raise _wrong(at, f"TYPE_INT{bits}")
        return exact

    return kind


_DIGITS: Final = re.compile(r"-?\d{1,19}\Z", re.ASCII)
int32: Final = _integer(32)
int64: Final = _integer(64)


def blob(value: Any, at: str) -> bytes:
    """Kind: bytes in base64, standard or URL-safe, padded or not."""
    try:
        plain = value.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (AttributeError, binascii.Error, ValueError):
        raise _wrong(at, "TYPE_BYTES") from None


def anything(value: Any, _at: str) -> Any:
    """Kind: google.protobuf.Value, any JSON."""
    return value


def struct(value: Any, at: str) -> JsonObject:
    """Kind: google.protobuf.Struct, an object with anything in it."""
    if not isinstance(value, dict):
        raise _wrong(at, "TYPE_MESSAGE")
    return value


def duration(value: Any, at: str) -> str:
    """Kind: google.protobuf.Duration, such as ``"9.5s"``."""
    if not isinstance(value, str) or not re.fullmatch(r"-?\d+(\.\d{1,9})?s", value):
        raise _wrong(at, "TYPE_MESSAGE")
    return value


def enum(*names: str) -> Kind:
    """Kind: one of these upper-case names."""

    def kind(value: Any, at: str) -> str:
        if value not in names:
            raise _wrong(at, "TYPE_ENUM")
        return str(value)

    return kind


def repeated(inner: Kind) -> Kind:
    """Kind: a list."""

    def kind(value: Any, at: str) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong(at, "TYPE_MESSAGE")
        return [inner(item, f"{at}[{index}]") for index, item in enumerate(value)]

    return kind


def mapping(inner: Kind) -> Kind:
    """Kind: a map from text to something."""

    def kind(value: Any, at: str) -> JsonObject:
        return {k: inner(v, f"{at}[{k}]") for k, v in struct(value, at).items()}

    return kind


def message(fields: Mapping[str, Kind], *, oneof: frozenset[str] = frozenset()) -> Kind:
    """Kind: an object with these fields, each in camelCase or snake_case.

    Args:
        fields: Name in camelCase to kind. Read at each use, so that a message can
            hold itself.
        oneof: Names of which at most one may be set.
    """

    def kind(value: Any, at: str) -> JsonObject:
        names = {snake(name): name for name in fields}
        result: JsonObject = {}
        for sent, inner in struct(value, at).items():
            name = names.get(sent, sent)
            if name not in fields:
                raise _unknown(sent, at)
            if name in result:
                raise invalid_argument()
            if inner is not None:  # null means: not set
                where = f"{at}.{snake(name)}" if at else snake(name)
                result[name] = fields[name](inner, where)
        if len(oneof & result.keys()) > 1:
            raise Refused(1007, f"Invalid value at '{at}' (oneof), already set.")
        return result

    return kind


def snake(name: str) -> str:
    """The proto's own spelling of a JSON name: ``topP`` is ``top_p``."""
    return re.sub(r"([A-Z])", lambda letter: "_" + letter[1].lower(), name)


def _unknown(name: str, at: str) -> Refused:
    place = f" at '{at}'" if at else ""
    return Refused(
        1007,
        f'Invalid JSON payload received. Unknown name "{name}"{place}: '
        "Cannot find field.",
    )
