"""One turn without hands: start the daemon, press, ask, release, keep the answer.

The part of scripts/demo for machines without a keyboard or a sound card. It uses
nothing but the commands that everybody has: ``edgevoice simulator``, ``run``,
``press``, ``release`` and ``status --json``.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, Self, TypeVar

from edgevoice.demo import QUESTION

EDGEVOICE: Final = (sys.executable, "-m", "edgevoice")
READY_S: Final = 60.0
"""Time for a program to come up; a small Pi with a cold card is slow."""
ANSWER_S: Final = 90.0
"""Time from the release until the answer has been heard to its end."""
STOP_S: Final = 10.0
SAFETY_S: Final = 0.3
"""How much longer than the question the button is held."""

T = TypeVar("T")
Status = Mapping[str, Any]
"""What `edgevoice status --json` prints."""


class DemoError(Exception):
    """The demonstration failed; the text says at what."""


class Program:
    """An edgevoice command in the background, its output kept in a file."""

    def __init__(self, *arguments: str, log: Path, env: Mapping[str, str]) -> None:
        self.name = f"edgevoice {arguments[0]}"
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [*EDGEVOICE, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,  # Ctrl-C comes to us, and we stop it in order
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, earlier: BaseException | None, _: object) -> None:
        try:
            self.stop()
        except DemoError:
            if earlier is None:  # else the first failure is the one to tell
                raise

    def output(self) -> str:
        """Everything it has printed so far."""
        return self.log.read_text(errors="replace")

    def wait_for(self, look: Callable[[], T | None], seconds: float, what: str) -> T:
        """Look until there is something to see, while the program runs.

        Raises:
            DemoError: It ended, or the time is over; with the end of its output.
        """
        deadline = time.monotonic() + seconds
        while (seen := look()) is None:
            if (status := self._process.poll()) is not None:
                raise DemoError(
                    f"{self.name} ended ({status}) before {what}{self._tail()}"
                )
            if time.monotonic() > deadline:
                raise DemoError(f"{what}: not within {seconds:.0f} s{self._tail()}")
            time.sleep(0.1)
        return seen

    def stop(self) -> None:
        """End it as systemd would.

        Raises:
            DemoError: It did not end in time, or not with exit status 0.
        """
        self._process.terminate()
        try:
            status = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise DemoError(
                f"{self.name} did not stop on SIGTERM{self._tail()}"
            ) from None
        if status not in (0, -signal.SIGTERM):
            raise DemoError(f"{self.name} ended with status {status}{self._tail()}")

    def _tail(self) -> str:
        lines = self.output().splitlines()[-20:]
        return "".join(f"\n  {self.name} | {line}" for line in lines)


def settings(endpoint: str | None, answer: Path | None, socket: Path) -> str:
    """The text of a settings file; JSON's strings are TOML's."""
    values = {
        "live.endpoint": endpoint,  # None: the default, Google's
        "microphone.device": f"file:{QUESTION}" if answer else "default",
        "speaker.device": f"file:{answer}" if answer else "default",
        "button.source": "none",
        "control.socket": str(socket),
    }
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in values.items()
        if value is not None
    )


def command(
    name: str, *arguments: str, socket: Path
) -> subprocess.CompletedProcess[str]:
    """Run one command that speaks to the daemon, to its end."""
    return subprocess.run(
        [*EDGEVOICE, name, "--socket", str(socket), *arguments],
        capture_output=True,
        text=True,
        timeout=READY_S,
        check=False,
    )


def ask(name: str, socket: Path) -> None:
    """Run `press` or `release`.

    Raises:
        DemoError: The command failed.
    """
    done = command(name, socket=socket)
    if done.returncode:
        raise DemoError(f"edgevoice {name}: {done.stderr.strip()}")


def status(socket: Path) -> Status | None:
    """What the daemon says about itself; None while it does not listen yet."""
    done = command("status", "--json", socket=socket)
    if done.returncode:
        return None
    said: Status = json.loads(done.stdout)
    return said


def ready(socket: Path) -> Status | None:
    """The status, once a press would be taken and sent.

    Raises:
        DemoError: The server refuses us; waiting would not help.
    """
    now = status(socket)
    if now and now["link"] == "refused":
        raise DemoError(f"the link is refused: {now['error']}")
    return now if now and now["phase"] == "idle" and now["link"] == "up" else None


def finished_turn(socket: Path) -> Status | None:
    """The last turn, once it has an outcome and nothing is being played."""
    now = status(socket)
    turn: Status | None = now["last_turn"] if now and now["phase"] == "idle" else None
    return turn if turn and turn["outcome"] not in (None, "pending") else None


def take_turn(daemon: Program, hold_s: float, socket: Path) -> Status:
    """Press, wait as long as the question takes, release; return the turn.

    Raises:
        DemoError: Something took too long or failed.
    """
    daemon.wait_for(lambda: ready(socket), READY_S, "phase idle and link up")
    print(f"press, {hold_s:.1f} s of question, release ...", flush=True)
    ask("press", socket)
    time.sleep(hold_s)
    ask("release", socket)
    return daemon.wait_for(
        lambda: finished_turn(socket), ANSWER_S, "the end of the turn"
    )


def wav_seconds(path: Path) -> float:
    """Duration of a WAV file; 0 if there is none."""
    if not path.exists():
        return 0.0
    with wave.open(str(path), "rb") as sound:
        return sound.getnframes() / sound.getframerate()


def rows(turn: Status, prefix: str = "") -> Iterator[tuple[str, str]]:
    """A turn's facts as a table; ``first_sound_ms: 812`` becomes *812 ms*."""
    for key, value in turn.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, dict):
            yield from rows(value)
        elif isinstance(value, list):  # of moments: `edgevoice turns` draws them
            continue
        elif key.endswith("_ms"):
            yield name.removesuffix(" ms"), "-" if value is None else f"{value:.0f} ms"
        elif isinstance(value, float):
            yield name, f"{value:.2f}"
        else:
            yield name, str(value)


def report(turn: Status, answer: Path | None) -> None:
    """Print the turn and where the answer is.

    Raises:
        DemoError: The turn was not answered, or nothing was heard.
    """
    table = list(rows(turn))
    width = max(len(name) for name, _ in table)
    for name, text in table:
        print(f"  {name:<{width}}  {text:>8}")
    if turn["outcome"] != "answered":
        raise DemoError(f"the turn was not answered: {turn['outcome']}")
    if answer:
        heard_s = wav_seconds(answer)
        if not heard_s:
            raise DemoError(f"the turn was answered, but {answer} holds no sound")
        print(f"answer: {answer} ({heard_s:.1f} s)")


@contextlib.contextmanager
def server(folder: Path, env: dict[str, str]) -> Iterator[str | None]:
    """The address to talk to: the simulator's, or None for Google's with a key."""
    if env.get("GEMINI_API_KEY"):
        yield None
        return
    print("no GEMINI_API_KEY: talking to the built-in simulator", flush=True)
    env["GEMINI_API_KEY"] = "simulated"
    log = folder / "simulator.log"
    with Program("simulator", "--port", "0", log=log, env=env) as simulator:

        def address() -> str | None:
            said = re.search(r"^listening on (ws://\S+)\n", simulator.output(), re.M)
            return said[1] if said else None

        yield simulator.wait_for(address, READY_S, "the simulator listens")


def demonstrate(folder: Path, answer: Path | None) -> None:
    """One turn; ``answer`` is the WAV file to write, None the sound card.

    Raises:
        DemoError: It failed.
    """
    socket, config, state = (
        folder / "control.sock",
        folder / "settings.toml",
        folder / "state",
    )
    # A state of its own: the conversation of a daemon in use is left alone.
    env = {**os.environ, "STATE_DIRECTORY": str(state)}
    state.mkdir()
    if answer:
        answer.unlink(missing_ok=True)
    with server(folder, env) as endpoint:
        config.write_text(settings(endpoint, answer, socket), encoding="utf-8")
        log = folder / "daemon.log"
        with Program("run", "--config", str(config), log=log, env=env) as daemon:
            turn = take_turn(daemon, wav_seconds(QUESTION) + SAFETY_S, socket)
    report(turn, answer)


def main() -> int:
    """Read the command line and run; the exit status is 0 only for an answered turn."""
    parser = argparse.ArgumentParser(prog="scripts/demo --headless")
    parser.add_argument(
        "--answer", type=Path, default=Path("demo-answer.wav"), metavar="FILE"
    )
    parser.add_argument(
        "--card", action="store_true", help="use the sound card 'default'"
    )
    arguments = parser.parse_args()

    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    try:
        with tempfile.TemporaryDirectory(prefix="edgevoice-") as folder:
            demonstrate(
                Path(folder), None if arguments.card else arguments.answer.absolute()
            )
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
