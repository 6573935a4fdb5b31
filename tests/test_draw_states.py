"""The diagram in ARCHITECTURE.md, drawn from the conversation itself."""

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.conversation import Conversation, Event, Phase

pytestmark = pytest.mark.timeout(180)  # all histories are walked through

SCRIPT = Path(__file__).parent.parent / "scripts" / "draw-states"

Edges: TypeAlias = dict[tuple[Phase, Phase], dict[Event, set[str]]]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("draw_states", str(SCRIPT))
    spec = importlib.util.spec_from_loader("draw_states", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    path, writes = [*sys.path], sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    sys.path[:], sys.dont_write_bytecode = path, writes
    return module


@pytest.fixture(scope="module")
def edges(script: ModuleType) -> Edges:
    found: Edges = script.explore()
    return found


@pytest.fixture
def document(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    copy = tmp_path / "ARCHITECTURE.md"
    copy.write_text(script.DOCUMENT.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(script, "DOCUMENT", copy)
    return copy


def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["draw-states", *arguments])
    status: int = script.main()
    return status


@pytest.mark.usefixtures("document")
def test_the_diagram_in_the_document_is_that_of_the_code(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(script, monkeypatch, "--check") == 0


def test_a_diagram_that_is_out_of_date_is_found_and_mended(
    script: ModuleType, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = document.read_text("utf-8")
    document.write_text(right.replace("IDLE --> LISTENING", "IDLE --> SPEAKING"))

    assert run(script, monkeypatch, "--check") == 1
    assert run(script, monkeypatch) == 0
    assert document.read_text("utf-8") == right


@given(
    history=st.lists(
        st.tuples(st.sampled_from(Event), st.sampled_from([0.0, 0.03, 0.3, 2.0, 400.0]))
    )
)
def test_no_history_changes_the_phase_in_a_way_that_is_not_drawn(
    edges: Edges, history: list[tuple[Event, float]]
) -> None:
    conversation, now = Conversation(), 0.0
    for event, pause in history:
        before = conversation.phase
        now += pause
        conversation.handle(event, now)
        if conversation.phase is not before:
            assert event in edges[before, conversation.phase]
