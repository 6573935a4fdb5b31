"""Messages of the server: an example of each kind, and any that could be thought of.

The examples have the layout of the real server: binary, indented by two spaces, a line
feed at the end; names and forms follow the reference and recordings that Google's
clients keep.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from edgevoice.live import server_messages

EXAMPLES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_suffix(".json").read_text("utf-8")
)
"""Each with ``of`` (what it is), ``message``, and ``events`` (as they are printed)."""


def wire(message: object) -> bytes:
    """A message as the real server lays it out."""
    return f"{json.dumps(message, indent=2)}\n".encode()


def known_keys() -> list[str]:
    """Every key of the wire that decode knows, so that guesses hit them."""
    kinds = [
        kind
        for kind in vars(server_messages).values()
        if isinstance(kind, type) and issubclass(kind, server_messages.Wire)
    ]
    return sorted({key for kind in kinds for key in kind.__struct_encode_fields__})


HUGE = (2**31, 2**64, 10**320)
"""Whole numbers that are none of the wire's: of 32 bits, of 64, of a float."""

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(HUGE)
    | st.floats()
    | st.text()
    | st.sampled_from(["AAAA", "50s", "1e999s", "audio/pcm", "IDLE", "-1", "9" * 40])
)

ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(known_keys()) | st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)
"""JSON whose keys are often those of the wire."""

Place = tuple[str | int, ...]


def _places(value: object, here: Place = ()) -> list[Place]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [here, *(p for key, one in inner for p in _places(one, (*here, key)))]


def _with(message: Any, path: Place, value: object) -> Any:
    """The message with another value at this place."""
    if not path:
        return value
    copy = message.copy()
    copy[path[0]] = _with(message[path[0]], path[1:], value)
    return copy


@st.composite
def damaged(draw: Callable[[st.SearchStrategy[Any]], Any]) -> object:
    """An example of a message with something else in some of its places."""
    message = draw(st.sampled_from(EXAMPLES))["message"]
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(_places(message)))
        message = _with(message, place, draw(ANY_JSON))
    return message


@st.composite
def cut(draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    """The bytes of an example with some of them lost, or others in their place."""
    data = wire(draw(st.sampled_from(EXAMPLES))["message"])
    begin = draw(st.integers(0, len(data)))
    end = draw(st.integers(begin, min(len(data), begin + 16)))
    other: bytes = draw(st.binary(max_size=16))
    return data[:begin] + other + data[end:]
