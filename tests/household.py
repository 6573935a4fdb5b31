"""A daemon that lives with everything that can go wrong, and who watches it.

The daemon is a process of its own, on a virtual sound card and on a network that can
be hurt; the server is the simulator on the far side of that network. What is said is
a chord (``chords``) that tells its number, and so is the answer to it.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgevoice.audio.pcm import DOWNLINK_HZ, UPLINK_HZ
from edgevoice.errors import EdgeVoiceError
from edgevoice.simulator import Simulator
from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.behaviours import BEHAVIOURS
from edgevoice.simulator.turn import Answer, Prompt
from tests.chords import WINDOW_S, chord, numbers
from tests.evening import write_wav
from tests.life import Armed, Watch
from tests.network import Network
from tests.program import Program, program
from tests.soundcard import SoundCard
from tests.test_bad_network import certificate, server

ANSWER_S = 0.7
"""Length of an answer, seconds."""

SETTINGS = """\
speaker.volume = 100
live.answer_timeout_s = 6
live.session.idle_reset_minutes = 0
live.session.connection_minutes = 0.55
"""


class Chords(Behaviour):
    """Answers with the number that it hears last."""

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        heard = numbers(np.frombuffer(prompt.pcm, np.int16), UPLINK_HZ)
        known = [number for number in heard if number is not None]
        if not known:
            return Answer(text="nothing")
        sound = chord(known[-1], ANSWER_S, DOWNLINK_HZ)
        return Answer(pcm=sound.tobytes(), text=f"number {known[-1]}")


class Listener(threading.Thread):
    """Writes down which numbers come out of the loudspeaker, and for how long."""

    def __init__(self, card: SoundCard) -> None:
        super().__init__(name="listener", daemon=True)
        self.heard: Counter[int] = Counter()
        """Windows of each number."""
        self._card = card
        self._ends = False
        self._recorder: subprocess.Popen[bytes] | None = None
        self.start()

    def run(self) -> None:
        while not self._ends:
            with self._record() as recorder:
                self._listen(recorder)
            time.sleep(0.1)  # the card is away

    @contextlib.contextmanager
    def _record(self) -> Iterator["subprocess.Popen[bytes]"]:
        command = ["parec", "-d", "speaker.monitor", f"--rate={DOWNLINK_HZ}"]
        command += ["--channels=1", "--format=s16le", "--raw", "--latency-msec=100"]
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | self._card.environment,
        ) as recorder:
            self._recorder = recorder
            yield recorder
            recorder.kill()

    def _listen(self, recorder: "subprocess.Popen[bytes]") -> None:
        assert recorder.stdout
        size = 2 * round(WINDOW_S * DOWNLINK_HZ)
        while len(pcm := recorder.stdout.read(size)) == size:
            (number,) = numbers(np.frombuffer(pcm, np.int16), DOWNLINK_HZ)
            if number is not None:
                self.heard[number] += 1

    def again(self) -> None:
        """The card is another one now."""
        if self._recorder is not None:
            self._recorder.kill()

    def stop(self) -> None:
        self._ends = True
        self.again()
        self.join()


class Watcher(threading.Thread):
    """Follows the events of one run of the daemon, until it ends."""

    def __init__(self, path: Path, hear: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(name="watcher", daemon=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.sendall(b'{"command": "watch"}\n')
        self._hear = hear
        self.start()

    def run(self) -> None:
        with (
            self._socket,
            self._socket.makefile("rb") as lines,
            contextlib.suppress(OSError),
        ):
            for line in lines:
                item = json.loads(line)
                if "event" in item:
                    self._hear(item)


class Household:
    """One daemon, run after run, and everything around it; see ``household``."""

    def __init__(
        self,
        folder: Path,
        card: SoundCard,
        net: Network,
        simulator: Simulator,
        watch: Watch,
    ) -> None:
        self.card, self.net = card, net
        self.simulator, self.watch = simulator, watch
        self.runs = 0
        """How often the daemon was started."""
        self.outcomes: dict[tuple[int, int], str] = {}
        """Of each turn, by run and number; empty while it is under way."""
        self.links: list[tuple[float, str]] = []
        """When the link's status changed, and to what; seconds since the epoch."""
        self.unasked: Counter[str] = Counter()
        """Why commands found no daemon."""
        self.listener = Listener(card)
        self.daemon: Program
        self.folder = folder
        self._stack = contextlib.ExitStack()

    # -- the daemon --------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon and wait until it is ready."""
        self.runs += 1
        run = self.runs
        trust = {"SSL_CERT_FILE": str(self.folder / "far.pem")}
        with self.net.near.inside():
            self.daemon = self._stack.enter_context(
                program(
                    self.folder,
                    self.simulator.url,
                    SETTINGS,
                    environ={**self.card.environment, **trust},
                    devices=("usbmic", "usbspeaker"),
                )
            )
        self.daemon.is_ready()
        Watcher(self.daemon.control, lambda item: self._hear(run, item))

    def _hear(self, run: int, item: dict[str, Any]) -> None:
        if item["event"] == "turn" and item["number"]:
            outcome = "" if item["outcome"] == "begun" else item["outcome"]
            self.outcomes[run, item["number"]] = outcome
        if item["event"] == "link":
            self.links.append((item["time"], item["link"]))

    def kill(self) -> None:
        """Kill the daemon as a power cut would."""
        self.daemon.end(signal.SIGKILL)
        self._stack.close()
        for key, outcome in self.outcomes.items():
            if key[0] == self.runs and not outcome:
                self.outcomes[key] = "killed"

    def told_of_kills(self) -> int:
        """How often a daemon said that the one before it was killed in a turn."""
        return self.daemon.stderr.count("ended in the middle of it")

    def close(self) -> None:
        """End the daemon and everything around it."""
        self._stack.close()
        self.listener.stop()

    # -- what a person does ------------------------------------------------------------

    def ask(self, command: str) -> dict[str, Any] | None:
        """Ask the daemon; None if there is none just now."""
        try:
            return self.daemon.ask(command)
        except (EdgeVoiceError, OSError) as error:
            words = str(error).partition(str(self.folder))[0]
            self.unasked[f"{command}: {type(error).__name__} {words}"] += 1
            return None

    def speak(self, number: int, seconds: float) -> tuple[int, int] | None:
        """Hold the button and say a number; returns its turn: run and number."""
        wav = self.folder / "spoken.wav"
        write_wav(wav, chord(number, seconds + 0.6, UPLINK_HZ), UPLINK_HZ)
        command = ["paplay", "-d", "mic_feed", "--latency-msec=200", str(wav)]
        voice = subprocess.Popen(
            command,
            stderr=subprocess.DEVNULL,
            env=os.environ | self.card.environment,
        )
        time.sleep(0.25)  # until it comes out of the microphone
        pressed = self.ask("press")
        time.sleep(seconds)
        released = self.ask("release")
        status = self.ask("status")
        voice.kill()
        voice.wait()
        if pressed is None or released is None or status is None:
            return None
        return self.runs, status["turns"]["said"]

    def rest(self, timeout: float) -> bool:
        """Wait until the link is up and nothing goes on; False: not in time."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self.daemon.hear()
            status = self.ask("status")
            if status and status["phase"] == "idle" and status["link"] == "up":
                return True
            time.sleep(0.1)
        return False

    # -- what happens to it ------------------------------------------------------------

    def arm(self, fault: Behaviour) -> None:
        """Let the server misbehave from now on; ``Behaviour()`` ends it."""
        (armed,) = (b for b in self.simulator.behaviours if isinstance(b, Armed))
        armed.fault = fault

    def at_the_server(self, act: Callable[[], Any]) -> None:
        """Run a coroutine of the simulator's and wait for its end."""
        if self.watch.loop is not None:
            asyncio.run_coroutine_threadsafe(act(), self.watch.loop).result(20)

    def lose_card(self, seconds: float) -> None:
        """The sound card is gone for so long."""
        self.card.kill()
        time.sleep(seconds)
        self.card.start()
        self.listener.again()

    def freeze_card(self, seconds: float) -> None:
        """The sound server hangs for so long."""
        self.card.freeze()
        time.sleep(seconds)
        self.card.thaw()

    # -- what it costs -----------------------------------------------------------------

    def cost(self) -> tuple[int, int, int]:
        """Resident kB, open descriptors and threads of the daemon."""
        place = Path(f"/proc/{self.daemon.process.pid}")
        words = (place / "status").read_text().split()
        kb, threads = (
            int(words[words.index(name) + 1]) for name in ("VmRSS:", "Threads:")
        )
        return kb, len(os.listdir(place / "fd")), threads


@contextlib.contextmanager
def household(folder: Path, net: Network) -> Iterator[Household]:
    """Let a daemon live until the block ends."""
    BEHAVIOURS["chords"], BEHAVIOURS["armed"] = Chords, Armed
    card = SoundCard(folder)
    card.start()
    tls = certificate(folder, net.far.address)
    watch = Watch()
    simulator = Simulator(
        host=net.far.address, behaviours=["chords", "armed"], tls=tls, journal=watch
    )
    watch.connections = lambda: simulator.connections
    with contextlib.ExitStack() as stack:
        stack.callback(card.kill)
        stack.enter_context(server(net.far, simulator))
        here = Household(folder, card, net, simulator, watch)
        stack.callback(here.close)
        here.start()
        yield here
