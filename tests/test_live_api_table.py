"""docs/live-api.md, held against the code, Google's definitions and Google's client."""

import ast
import re
import types as python_types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from edgevoice.live import server_messages as server
from edgevoice.live.outgoing import ClientMessage
from edgevoice.live.setup_message import SetupMessage

TESTS: Final = Path(__file__).parent
TABLE: Final = (TESTS.parent / "docs" / "live-api.md").read_text("utf-8")

PART: Final = ("setup.systemInstruction.parts", "clientContent.turns.parts")
"""Where a part stands that we send: ``PART`` in the table."""

ASIDES: Final[dict[str, type]] = {
    "serverContent.modelTurn.parts.executableCode": server.ExecutableCode,
    "serverContent.modelTurn.parts.codeExecutionResult": server.CodeExecutionResult,
    "serverContent.inputTranscription": server.Transcription,
    "serverContent.outputTranscription": server.Transcription,
    "serverContent.interimInputTranscription": server.Transcription,
    "serverContent.groundingMetadata": server.GroundingMetadata,
    "serverContent.urlContextMetadata": server.UrlContextMetadata,
    "usageMetadata": server.UsageMetadata,
    "voiceActivity": server.VoiceActivity,
    "voiceActivityDetectionSignal": server.VoiceActivityDetectionSignal,
}
"""What ``asides`` makes of those parts that are read by themselves."""


class Row(typing.NamedTuple):
    paths: list[str]
    does: str
    how: str
    test: str


def rows() -> Iterator[Row]:
    for line in TABLE.splitlines():
        if line.startswith("| `"):
            fields, does, how, test = (cell.strip() for cell in line.split("|")[1:-1])
            paths = [
                path
                for name in re.findall(r"`([\w.]+)`", fields)
                for path in (
                    [name.replace("PART", part, 1) for part in PART]
                    if name.startswith("PART.")
                    else [name]
                )
            ]
            yield Row(paths, does, how, test.strip("`"))


ROWS: Final = [*rows()]


def paths(*does: str) -> set[str]:
    return {path for row in ROWS if row.does in does for path in row.paths}


# -- against the code ----------------------------------------------------------


def leaves(kind: Any, path: str = "") -> Iterator[str]:
    """Every field that has none below it, of a struct of the wire."""
    for field in msgspec.structs.fields(kind):
        here = f"{path}{field.encode_name}"
        below = [*structs(field.type)] or ([ASIDES[here]] if here in ASIDES else [])
        found = [leaf for one in below for leaf in leaves(one, f"{here}.")]
        yield from found or [here]


def structs(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    elif not isinstance(hint, type) or isinstance(hint, python_types.GenericAlias):
        for inner in typing.get_args(hint):
            yield from structs(inner)


def test_what_is_sent_is_what_the_code_can_send() -> None:
    code = {*leaves(SetupMessage), *leaves(ClientMessage)}
    # A part of the history may hold what a part of the instructions may.
    code -= {"setup.systemInstruction.role"}
    instructions = "setup.systemInstruction.parts.inlineData."
    code = {path for path in code if not path.startswith(instructions)}
    # The same struct as for what the user says, and sent without its fields.
    output = {path for path in code if path.startswith("setup.outputAudio")}

    assert paths("sent") == (code - output) | {"setup.outputAudioTranscription"}


def test_what_is_read_is_what_the_code_reads() -> None:
    assert paths("read") == {*leaves(server.ServerMessage)}


def test_a_field_stands_once_and_every_row_says_what_and_why() -> None:
    listed = [path for row in ROWS for path in row.paths]

    assert len(listed) == len(set(listed)) > 150
    for row in ROWS:
        assert row.does in {"sent", "never", "read", "ignored"}, row
        assert len(row.how) > 5, row
        assert bool(row.test) is (row.does in {"sent", "read"}), row


@pytest.mark.parametrize("test", sorted({row.test for row in ROWS if row.test}))
def test_the_tests_that_are_named_exist(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((TESTS / file).read_text("utf-8"))

    assert name in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}


# -- against Google's ----------------------------------------------------------


def is_covered(path: str) -> bool:
    """A row of its own, or of something above that is left alone, or below it."""
    parts = path.split(".")
    above = {".".join(parts[:n]) for n in range(1, len(parts))}
    listed = {one for row in ROWS for one in row.paths}
    return (
        path in listed
        or bool(above & paths("never", "ignored"))
        or any(one.startswith(f"{path}.") for one in listed)
    )


def of_client(kind: Any, path: str = "", seen: tuple[Any, ...] = ()) -> Iterator[str]:
    """Every field of a type of Google's client."""
    for name, field in kind.model_fields.items():
        here = f"{path}{field.alias or name}"
        yield here
        kinds = [*models(field.annotation)]
        # Where the client also takes something simpler, this is what it sends.
        whole = [one for one in kinds if one.__name__ == "Content"]
        for below in whole or kinds:
            if below not in (*seen, kind):
                yield from of_client(below, f"{here}.", (*seen, kind))


def models(hint: Any) -> Iterator[Any]:
    if hasattr(hint, "model_fields"):
        yield hint
    for inner in typing.get_args(hint):
        yield from models(inner)


def of_proto(kind: Any, path: str = "", seen: tuple[Any, ...] = ()) -> Iterator[str]:
    """Every field of a published definition."""
    for field in kind.fields:
        here = f"{path}{field.json_name}"
        yield here
        below = field.message_type
        own = below is not None and "google.protobuf" not in below.full_name
        if own and below.full_name not in (*seen, kind.full_name):
            yield from of_proto(below, f"{here}.", (*seen, kind.full_name))


def googles_fields() -> set[str]:
    from google.ai import generativelanguage_v1beta as published
    from google.genai import types

    return {
        *of_client(types.LiveClientMessage),
        *of_client(types.LiveServerMessage),
        # The client takes these from its caller as they are.
        *of_client(types.Tool, "setup.tools."),
        *of_client(types.RealtimeInputConfig, "setup.realtimeInputConfig."),
        *of_proto(published.BidiGenerateContentClientMessage.pb().DESCRIPTOR),
        *of_proto(published.BidiGenerateContentServerMessage.pb().DESCRIPTOR),
    }


@pytest.mark.sdk
def test_no_field_of_googles_is_missing() -> None:
    # The client's own name for voiceActivity.type.
    known = googles_fields() - {"voiceActivity.voiceActivityType"}

    assert len(known) > 500
    assert sorted(path for path in known if not is_covered(path)) == []


@pytest.mark.sdk
def test_no_field_is_made_up() -> None:
    known = googles_fields() | {"voiceActivity.type"}

    listed = {path for row in ROWS for path in row.paths}
    assert sorted(listed - known) == []
