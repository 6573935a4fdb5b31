"""What the model is told in silence, and when it is told again."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon.notes import LONGEST, MOST, Notes
from edgevoice.simulator import Received
from tests.evening import Evening, evening


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept over a restart goes into the test's own folder."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


def told(*texts: str) -> Notes:
    """Notes that a new session was told."""
    notes = Notes()
    notes.session_is_up(resumed=False)
    for text in texts:
        notes.add(text)
    notes.sent()
    return notes


def test_notes_wait_in_their_order() -> None:
    notes = Notes()
    notes.add("one")
    notes.add("two")

    assert [*notes.waiting] == ["one", "two"]
    notes.sent()
    assert not notes.waiting


def test_a_resumed_session_is_told_what_its_handle_does_not_know() -> None:
    notes = told("one", "two")
    notes.handle_came()
    notes.add("three")
    notes.sent()
    notes.add("four")

    notes.link_ended(refused=False)
    notes.session_is_up(resumed=True)

    assert notes.waiting == ("three", "four")


def test_a_new_session_is_told_everything_again() -> None:
    notes = told("one")
    notes.handle_came()
    notes.add("two")
    notes.sent()

    notes.link_ended(refused=False)
    notes.session_is_up(resumed=False)

    assert notes.waiting == ("one", "two")


def test_once_something_is_answered_they_belong_to_what_was_said() -> None:
    notes = told("one")
    notes.add("two")

    assert notes.answered() == ("one",)
    notes.session_is_up(resumed=False)
    assert notes.waiting == ("two",)


def test_of_too_many_the_oldest_are_forgotten() -> None:
    notes = told("told")
    for number in range(MOST + 2):
        notes.add(str(number))

    assert notes.waiting == tuple(map(str, range(2, MOST + 2)))
    assert notes.answered() == ()


def test_what_a_server_refuses_is_not_told_again() -> None:
    notes = told("one")
    notes.handle_came()
    assert not notes.told
    notes.add("two")
    notes.sent()
    assert notes.told

    notes.link_ended(refused=True)
    notes.session_is_up(resumed=True)

    assert not notes.waiting
    notes.session_is_up(resumed=False)
    assert notes.waiting == ("one",)


def test_a_link_that_was_told_nothing_was_refused_for_another_reason() -> None:
    notes = told("one")
    notes.link_ended(refused=False)
    notes.session_is_up(resumed=True)

    notes.link_ended(refused=True)

    assert notes.waiting == ("one",)


def test_a_new_conversation_knows_nothing() -> None:
    notes = told("one")
    notes.add("two")

    notes.forget()
    notes.session_is_up(resumed=False)

    assert not notes.waiting


# -- a whole appliance ---------------------------------------------------------------


def contents(here: Evening) -> list[list[str]]:
    """The texts of each clientContent that the server got; none asks for an answer."""
    messages = [
        entry.message["clientContent"]
        for entry in here.simulator.journal
        if isinstance(entry, Received) and "clientContent" in entry.message
    ]
    assert not any("turnComplete" in message for message in messages)
    return [
        [part["text"] for turn in message["turns"] for part in turn["parts"]]
        for message in messages
    ]


def order(here: Evening) -> list[str]:
    """What the server got, without setups and sound."""
    found = []
    for entry in here.simulator.journal:
        if isinstance(entry, Received) and "setup" not in entry.message:
            key, body = next(iter(entry.message.items()))
            found.append(next(iter(body)) if key == "realtimeInput" else key)
    return [kind for kind in found if kind != "audio"]


async def arrival(here: Evening, number: int) -> None:
    """Wait until the server has got so many."""
    await here.simulator.wait_for(lambda _: len(contents(here)) >= number)


def waiting(here: Evening) -> int:
    return len(here.appliance.turns.notes.waiting)


async def test_a_note_is_told_at_once_and_not_answered(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        here.appliance.note("the washing machine is done")
        await arrival(here, 1)
        assert contents(here) == [["the washing machine is done"]]
        assert (await here.ask(0.3))["outcome"] == "answered"
        assert len(here.outcomes()) == 1
        assert here.refusals() == []


async def test_a_note_does_not_cut_an_answer_or_a_question_short(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path) as here:
        await here.is_idle()
        here.appliance.press("test")
        await here.simulator.wait_for(lambda _: "activityStart" in order(here))
        here.appliance.note("while you speak")
        here.appliance.release("test")
        await here.until(lambda: here.appliance.phase == "speaking")
        here.appliance.note("while it speaks")
        await here.until(here.outcomes)
        assert here.outcomes()[0]["outcome"] == "answered"
        await arrival(here, 1)
        assert contents(here) == [["while you speak", "while it speaks"]]
        assert order(here) == ["activityStart", "activityEnd", "clientContent"]


async def test_before_there_is_a_link_notes_wait_and_come_before_the_question(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, pace=0, behaviours=["delay=1.5@setup1"]) as here:
        here.appliance.note("one")
        here.appliance.note("two")
        assert (await here.ask(0.3))["outcome"] == "answered"
        assert contents(here) == [["one", "two"]]
        assert order(here)[0] == "clientContent"


async def test_a_new_session_is_told_notes_in_their_place_between_the_turns(
    tmp_path: Path,
) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        await here.ask(0.3)
        here.appliance.note("the lamp is lit")
        await here.until(lambda: not waiting(here))
        await here.ask(0.3)
        here.appliance.note("the door is open")
        await here.until(lambda: not waiting(here))
        here.appliance.link.leave_session()
        await here.until(lambda: here.appliance.link.generation == 2)
        await arrival(here, 4)
        history, late = contents(here)[2:]
        assert history.index("the lamp is lit") == 2  # after the first exchange
        assert len(history) == 5
        assert late == ["the door is open"]


async def test_a_resumed_session_is_not_told_what_it_knows(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        here.appliance.note("the lamp is lit")
        await here.until(lambda: not waiting(here))
        await here.ask(0.3)
        await here.until(lambda: here.appliance.may_leave())
        here.appliance.link.reconnect()
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()
        assert here.appliance.handles.resumed
        await here.ask(0.3)
        assert contents(here) == [["the lamp is lit"]]


async def test_a_pause_that_ends_the_conversation_does_not_end_a_note(
    tmp_path: Path,
) -> None:
    soon = {"session": {"idle_reset_minutes": 0.02}}
    async with evening(tmp_path, pace=0, live=soon) as here:
        await here.is_idle()
        here.appliance.note("of the conversation")
        await here.until(lambda: not waiting(here))
        await here.ask(0.3)
        here.appliance.note("of nobody yet")
        await here.until(lambda: here.appliance.link.generation == 2)
        await arrival(here, 3)
        assert contents(here)[2] == ["of nobody yet"]


async def test_a_new_conversation_is_not_told(tmp_path: Path) -> None:
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        here.appliance.note("of the old one")
        await here.until(lambda: not waiting(here))
        here.appliance.begin_anew()
        await here.until(lambda: here.appliance.link.generation == 2)
        await here.is_idle()
        await here.ask(0.3)
        assert contents(here) == [["of the old one"]]


async def ask(path: Path, **request: Any) -> Any:
    """One command over the control socket."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(json.dumps(request).encode() + b"\n")
    reply = json.loads(await reader.readline())
    writer.close()
    await writer.wait_closed()
    return reply


async def test_the_socket_takes_notes_and_never_logs_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "edgevoice")
    socket = tmp_path / "control.sock"
    async with evening(tmp_path, pace=0) as here:
        await here.is_idle()
        assert await ask(socket, command="note", text=" aubergine ") == {"ok": True}
        await arrival(here, 1)
        assert contents(here) == [["aubergine"]]
        for text in ("", 5, None, "x" * (LONGEST + 1)):
            assert not (await ask(socket, command="note", text=text))["ok"]
        assert "aubergine" not in caplog.text
        assert "aubergine" not in str(here.guest.news)
