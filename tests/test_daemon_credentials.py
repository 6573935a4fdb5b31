"""Tokens from a program, and when one is used again."""

import asyncio
import os
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgevoice.config import Live
from edgevoice.daemon import credentials
from edgevoice.daemon.credentials import (
    NEVER,
    Credentials,
    TokenSource,
    fetch,
    token_source,
)
from edgevoice.daemon.token_url import NoToken
from edgevoice.live.closing import Ending, Remedy, classify
from edgevoice.live.token import Token
from edgevoice.tools import processes

TOKEN = "auth_tokens/0123456789abcdef"
NOW = 1_790_000_000.0
COMMAND = TokenSource(command=("token",))
KEY_USED = classify(1007, "API key not valid.", resumed=True)

DEAD = [
    classify(1011, reason, resumed=True)
    for reason in (
        "Token has been used too many times",
        "new_session_expire_time deadline exceeded",
        "Token has expired",
        "auth token has expired",
    )
]


def shell(script: str) -> TokenSource:
    return TokenSource(command=("/bin/sh", "-c", script, "token"))


async def failure(source: TokenSource) -> Ending:
    with pytest.raises(NoToken) as caught:
        await fetch(source, NOW)
    assert TOKEN not in repr(caught.value)
    return caught.value.ending


# -- a program -------------------------------------------------------------------


async def test_a_program_prints_a_token() -> None:
    token = await fetch(shell(f"echo {TOKEN}"), NOW)

    assert (token.value, token.life) == (TOKEN, 1800.0)


@pytest.mark.parametrize(
    ("script", "remedy", "words"),
    [
        (f"echo {TOKEN}; exit 7", Remedy.RESUME, "failed with exit status 7; run it"),
        ("kill -9 $$", Remedy.RESUME, "failed with exit status -9; run it by hand"),
        ("echo hello", Remedy.REFUSED, "is no token; it has to give auth_tokens/"),
        ("true", Remedy.REFUSED, "is no token"),
        (f"echo {TOKEN} >&2", Remedy.REFUSED, "is no token"),
        ("head -c 100000 /dev/zero", Remedy.REFUSED, "is no token"),
    ],
)
async def test_a_program_that_gives_none_is_told_with_its_cure(
    script: str, remedy: Remedy, words: str
) -> None:
    ending = await failure(shell(script))

    assert ending.remedy is remedy
    assert words in str(ending)
    assert "\n" not in str(ending)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("/nowhere/token", "cannot be run: No such file or directory"),
        ("/", "cannot be run: Permission denied; check its name and mode"),
        ("to\0ken", "cannot be run: no such program"),
    ],
)
async def test_a_program_that_cannot_be_run_waits_for_a_person(
    program: str, words: str
) -> None:
    ending = await failure(TokenSource(command=(program,)))

    assert ending.remedy is Remedy.REFUSED
    assert words in str(ending)


async def test_no_shell_looks_at_its_arguments(tmp_path: Path) -> None:
    script = "import sys; print(sys.argv[1])"
    words = f"$(touch {tmp_path}/oops); *"
    source = TokenSource(command=(sys.executable, "-c", script, words))

    await failure(source)

    assert not list(tmp_path.iterdir())


def gone(pid: int) -> bool:
    """Whether a process ends; the kernel may take a moment to kill it."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10.0)[0])
    finally:
        os.close(process)


@pytest.mark.parametrize("ignores", ["", "trap '' TERM; "])
async def test_one_that_hangs_is_killed_with_its_children(
    ignores: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "TIMEOUT_S", 0.5)
    pids = tmp_path / "pids"
    script = f"{ignores}sleep 60 & echo $! $$ >{pids}; wait"

    ending = await failure(shell(script))

    late = "token_command gave no token in 0 s; run it by hand: see what it waits for"
    assert str(ending) == late
    assert ending.remedy is Remedy.RESUME
    assert all(gone(int(pid)) for pid in pids.read_text().split())


async def test_an_end_in_the_middle_leaves_no_process(tmp_path: Path) -> None:
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    asking = asyncio.create_task(fetch(shell(f"echo $$ >{fifo}; sleep 60"), NOW))
    pid = int(await asyncio.to_thread(fifo.read_text))

    asking.cancel()
    await asyncio.wait({asking})

    assert asking.cancelled()
    assert gone(pid)


async def test_a_program_that_cannot_be_killed_does_not_hold_the_session_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    kill = os.kill
    monkeypatch.setattr(credentials, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(processes, "PATIENCE_S", 0.1)
    monkeypatch.setattr(os, "kill", refuse)
    pid = tmp_path / "pid"

    async with asyncio.timeout(5):
        ending = await failure(shell(f"echo $$ >{pid}; exec sleep 60"))

    assert "gave no token" in str(ending)
    kill(int(pid.read_text()), signal.SIGKILL)
    assert gone(int(pid.read_text()))


async def test_a_program_is_told_no_key_but_where_its_credentials_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "a-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/edgevoice")
    seen = "auth_tokens/${GEMINI_API_KEY:-none}.$(basename $CREDENTIALS_DIRECTORY)"

    token = await fetch(shell(f"echo {seen}"), NOW)

    assert token.value == "auth_tokens/none.edgevoice"


# -- once more, or a new one -----------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Life of the tokens that are to come, and how long they open connections."""
    lives = [1800.0, 1800.0]
    count = 0

    async def give(source: TokenSource, now: float) -> Token:
        nonlocal count
        count += 1
        return Token(f"auth_tokens/{count}", *lives)

    monkeypatch.setattr(credentials, "fetch", give)
    return lives


Ask = Callable[..., "asyncio.Future[str]"]


async def ask(there: Credentials, *, resuming: bool, connection: float = 540) -> str:
    token = await there.credential(COMMAND, resuming=resuming, connection=connection)
    return token.removeprefix("auth_tokens/")


@pytest.mark.usefixtures("lives")
async def test_every_new_session_takes_a_new_token() -> None:
    there = Credentials(Clock())

    assert [await ask(there, resuming=False) for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.usefixtures("lives")
async def test_a_session_goes_on_with_its_token_while_that_covers_a_connection() -> (
    None
):
    """Connections of nine minutes, tokens of thirty."""
    there, clock = Credentials(clock := Clock()), clock
    used = [await ask(there, resuming=False)]
    for _ in range(5):
        clock.now += 540
        used.append(await ask(there, resuming=True))

    assert used == ["1", "1", "1", "2", "2", "2"]
    assert there.ends == 1000 + 3 * 540 + 1800


async def test_a_token_whose_life_is_unknown_is_used_once(lives: list[float]) -> None:
    lives[0] = 0.0
    there = Credentials(Clock())

    assert [await ask(there, resuming=True) for _ in range(2)] == ["1", "2"]
    assert there.ends == NEVER, "no reason to leave a connection"


@pytest.mark.usefixtures("lives")
async def test_connections_without_a_limit_live_as_long_as_is_usual() -> None:
    there, clock = Credentials(clock := Clock()), clock
    await ask(there, resuming=False, connection=0)
    clock.now += 1200
    assert await ask(there, resuming=True, connection=0) == "1"
    clock.now += 1
    assert await ask(there, resuming=True, connection=0) == "2"


async def test_a_token_opens_no_connection_for_long_if_nothing_else_is_said(
    lives: list[float],
) -> None:
    lives[1:] = []
    there, clock = Credentials(clock := Clock()), clock
    await ask(there, resuming=False)
    clock.now += 45
    assert await ask(there, resuming=True) == "1"
    clock.now += 1
    assert await ask(there, resuming=True) == "2", "it might be late by then"


@pytest.mark.usefixtures("lives")
async def test_a_token_that_is_refused_the_second_time_is_replaced() -> None:
    there = Credentials(Clock())
    await ask(there, resuming=False)
    assert there.judge(KEY_USED, 0.0) == (KEY_USED, False), "it was new"
    await ask(there, resuming=False)
    assert await ask(there, resuming=True) == "2"

    ending, at_once = there.judge(KEY_USED, 0.0)
    assert (ending.remedy, at_once) == (Remedy.RESUME, True)
    assert "with a new token" in str(ending)
    assert there.judge(KEY_USED, 0.0) == (KEY_USED, False), "only once"
    assert await ask(there, resuming=True) == "3"
    assert there.judge(KEY_USED, 0.0) == (KEY_USED, False), "it was new"


@pytest.mark.usefixtures("lives")
@pytest.mark.parametrize(
    ("reused", "lived", "at_once"),
    [(True, 0.0, True), (True, 5.0, True), (False, 40.0, True), (False, 5.0, False)],
)
@pytest.mark.parametrize("dead", DEAD)
async def test_a_dead_token_is_replaced_but_not_in_a_loop(
    dead: Ending, reused: bool, lived: float, at_once: bool
) -> None:
    there = Credentials(Clock())
    await ask(there, resuming=False)
    if reused:
        await ask(there, resuming=True)

    ending, again = there.judge(dead, lived)

    assert (ending.remedy, again) == (Remedy.RESUME, at_once)
    assert await ask(there, resuming=True) == "2"


@pytest.mark.usefixtures("lives")
@pytest.mark.parametrize("dead", DEAD)
async def test_a_token_that_was_dead_when_it_was_new_needs_a_person(
    dead: Ending,
) -> None:
    there = Credentials(Clock())
    await ask(there, resuming=False)

    ending, again = there.judge(dead, 0.0)

    assert (ending.remedy, again) == (Remedy.REFUSED, False)
    assert "`token_command` or `token_url` in [live] gives must be new" in str(ending)


@pytest.mark.parametrize("dead", DEAD)
def test_a_fixed_token_is_no_business_of_a_source(dead: Ending) -> None:
    assert Credentials(Clock()).judge(dead, 40.0) == (dead, False)
    assert dead.remedy is Remedy.REFUSED


@pytest.mark.usefixtures("lives")
@pytest.mark.parametrize(
    ("ending", "lived", "token"),
    [
        (Ending(0, "the connection broke", Remedy.RESUME), 0.0, "1"),
        (KEY_USED, 40.0, "1"),
        # It may be the token all the same: no harm in a new one.
        (classify(1011, "Internal error encountered.", resumed=True), 0.0, "2"),
    ],
)
async def test_other_ends_are_not_the_tokens_fault(
    ending: Ending, lived: float, token: str
) -> None:
    there = Credentials(Clock())
    await ask(there, resuming=False)
    await ask(there, resuming=True)

    assert there.judge(ending, lived) == (ending, False)
    assert await ask(there, resuming=True) == token


# -- the settings ----------------------------------------------------------------


def test_the_source_is_what_the_settings_name_and_shows_nothing() -> None:
    live = Live(token_url="https://h/secret", token_secret_file="/secret")

    assert token_source(Live()) is None
    source = token_source(live)
    assert source == TokenSource((), "https://h/secret", "POST", "/secret")
    assert "secret" not in repr(source).replace("secret_file", "")
    assert token_source(Live(token_command=["a", "b"])) == TokenSource(("a", "b"))
