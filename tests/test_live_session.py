import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.live.incoming import GoAway, ResumptionHandle, SetupComplete
from edgevoice.live.outgoing import FunctionResponse, SessionOptions
from edgevoice.live.session import LiveSession, State

OPTIONS = SessionOptions(model="m")
ANSWER = FunctionResponse(id="id", name="name", response={"error": "no"})
SETUP_COMPLETE = b'{"setupComplete": {}}'

ACTS: dict[str, Callable[[LiveSession], object]] = {
    "setup": LiveSession.setup,
    "activityStart": LiveSession.activity_start,
    "audio": lambda session: session.audio(b"ab"),
    "video": lambda session: session.picture(b"ab"),
    "activityEnd": LiveSession.activity_end,
    "text": lambda session: session.text("hello"),
    "clientContent": lambda session: session.picture_turn(b"ab", "hello"),
    "toolResponse": lambda session: session.tool_response(ANSWER),
    "setupComplete": lambda session: session.receive(SETUP_COMPLETE, 0.0),
}
"""What can happen on a connection, by its name on the wire."""

ALLOWED = {
    State.NEW: {"setup"},
    State.SETTING_UP: set(),
    State.READY: {"activityStart", "text", "clientContent", "toolResponse"},
    State.IN_ACTIVITY: {"audio", "video", "activityEnd", "toolResponse"},
}
"""What may be said in each state; the server closes with 1007 on anything else."""

WAYS = {
    State.NEW: (),
    State.SETTING_UP: ("setup",),
    State.READY: ("setup", "setupComplete"),
    State.IN_ACTIVITY: ("setup", "setupComplete", "activityStart"),
}


def session_in(state: State, handle: str | None = None) -> LiveSession:
    session = LiveSession(OPTIONS, handle)
    for act in WAYS[state]:
        ACTS[act](session)
    assert session.state is state
    return session


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", [act for act in ACTS if act != "setupComplete"])
def test_only_what_is_legal_now_may_be_said(act: str, state: State) -> None:
    session = session_in(state)

    if act in ALLOWED[state]:
        ACTS[act](session)
    else:
        with pytest.raises(LocalProtocolError, match=f"{act} while .* {state.name}"):
            ACTS[act](session)
        assert session.state is state


def test_the_first_message_is_the_setup_with_the_handle() -> None:
    message = json.loads(LiveSession(OPTIONS, "h-1").setup())

    assert message["setup"]["sessionResumption"] == {"handle": "h-1"}


def test_a_turn_is_start_audio_end_and_then_the_next_may_begin() -> None:
    session = session_in(State.READY)

    texts = [
        session.activity_start(),
        session.audio(b"ab"),
        session.activity_end(),
        session.activity_start(),
        session.activity_end(),
    ]

    inputs = [list(json.loads(text)["realtimeInput"]) for text in texts]
    assert inputs == [
        ["activityStart"],
        ["audio"],
        ["activityEnd"],
        ["activityStart"],
        ["activityEnd"],
    ]


def test_a_tool_is_answered_even_while_the_user_speaks() -> None:
    session = session_in(State.IN_ACTIVITY)

    assert "toolResponse" in json.loads(session.tool_response(ANSWER))
    assert session.state is State.IN_ACTIVITY


def test_a_second_setup_complete_changes_nothing() -> None:
    session = session_in(State.IN_ACTIVITY)

    assert session.receive(SETUP_COMPLETE, 0.0) == [SetupComplete()]
    assert session.state is State.IN_ACTIVITY


def test_a_setup_complete_that_nobody_asked_for_opens_nothing() -> None:
    session = session_in(State.NEW)

    session.receive(SETUP_COMPLETE, 0.0)

    assert session.state is State.NEW


def test_the_end_is_told_in_the_clock_of_whoever_asks() -> None:
    session = session_in(State.READY)
    assert session.go_away is None

    assert session.receive('{"goAway": {"timeLeft": "9.5s"}}', 100.0) == [GoAway(9.5)]

    assert session.go_away == (100.0, 109.5)


def test_the_newest_word_on_the_end_counts() -> None:
    session = session_in(State.READY)
    session.receive('{"goAway": {"timeLeft": "300s"}}', 0.0)

    session.receive('{"goAway": {"timeLeft": "50s"}}', 200.0)

    assert session.go_away == (200.0, 250.0)


def test_handles_go_to_the_caller() -> None:
    session = session_in(State.READY)

    update = b'{"sessionResumptionUpdate": {"newHandle": "h", "resumable": true}}'

    assert session.receive(update, 0.0) == [ResumptionHandle("h")]


def test_garbage_is_an_error_and_leaves_the_session_as_it_was() -> None:
    session = session_in(State.IN_ACTIVITY)

    with pytest.raises(RemoteProtocolError):
        session.receive(b"\x00", 0.0)

    assert session.state is State.IN_ACTIVITY


@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=30))
def test_no_history_makes_it_say_what_the_server_forbids(history: list[str]) -> None:
    session = LiveSession(OPTIONS, None)
    said: list[str] = []
    for act in history:
        try:
            ACTS[act](session)
        except LocalProtocolError:
            continue
        said.append(act)

    is_set_up = is_ready = is_open = False
    for act in said:
        assert act == "setupComplete" or (act == "setup") is not is_set_up
        assert act in {"setup", "setupComplete"} or is_ready
        assert act not in {"activityStart", "text"} or not is_open
        assert act not in {"audio", "activityEnd"} or is_open
        is_set_up = is_set_up or act == "setup"
        is_ready = is_ready or (is_set_up and act == "setupComplete")
        is_open = (is_open or act == "activityStart") and act != "activityEnd"
