"""A sound card without hardware: a PulseAudio daemon behind ALSA's pulse plugin.

What is played into the sink ``mic_feed`` comes out of the microphone ``usbmic``;
what is played on ``usbspeaker`` can be recorded from the source
``speaker.monitor``; ``default`` is both. Needs the Debian packages pulseaudio,
pulseaudio-utils and libasound2-plugins.

In tests it is a fixture (conftest.py); by hand, and several at once:

    eval "$(scripts/virtual-sound-card start)"
    paplay -d mic_feed --latency-msec=200 question.wav
    scripts/virtual-sound-card stop

ALSA and PulseAudio read the environment once, when PortAudio is loaded: set it first.
"""

from __future__ import annotations  # numpy is not loaded below, see there

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the script above may run under a Python that has no numpy
    import numpy as np
    import numpy.typing as npt

FOLDER = "EDGEVOICE_VIRTUAL_SOUND_CARD"
"""Environment variable that names the folder of the card that runs."""

START_TIMEOUT = 10.0  # seconds; it takes a thirtieth of one on an idle machine

# norewinds: without it the monitor of a null sink takes back what it has shown.
SCRIPT = """\
.fail
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=mic_feed {card} norewinds=1
load-module module-remap-source source_name=mic master=mic_feed.monitor remix=no {mono}
load-module module-null-sink sink_name=speaker {card} norewinds=1
set-default-sink speaker
set-default-source mic
"""
CARD = "rate={hz} channels=1 format=s16le"
MONO = "channels=1 channel_map=mono master_channel_map=mono"

CLIENT = """\
autospawn = no
enable-shm = no
default-server = unix:{socket}
cookie-file = {cookie}
"""

DAEMON = """\
default-sample-rate = 48000
alternate-sample-rate = 48000
resample-method = soxr-mq
flat-volumes = no
enable-shm = no
"""

# Complete in itself: Debian's own configuration would look for cards for a second.
ALSA = """\
defaults.namehint.extended on
{in_front}
pcm.default {{ type pulse server "unix:{socket}" hint.show on }}
pcm.usbmic {{ type pulse server "unix:{socket}" device "mic" hint.show on }}
pcm.usbspeaker {{ type pulse server "unix:{speaker}" device "speaker" hint.show on }}
"""

OTHER = 'pcm.other{number} {{ type pulse server "unix:{socket}" hint.show on }}\n'
"""A device that nobody wants."""

HZ = 24_000
"""Rate of recordings."""


LOUD = 50
"""Samples above this are sound, not dither."""


class Recording(threading.Thread):
    """What came out of the speaker so far, and when."""

    def __init__(self, recorder: subprocess.Popen[bytes]) -> None:
        super().__init__(name="recording", daemon=True)
        assert recorder.stdout
        self._fd = recorder.stdout.fileno()
        self._news = threading.Condition()
        self.blocks: list[tuple[float, bytes]] = []
        self.start()

    def run(self) -> None:
        while block := os.read(self._fd, 65536):
            with self._news:
                self.blocks.append((time.monotonic(), block))
                self._news.notify_all()

    def wait_until(self, condition: Callable[[], bool], timeout: float = 10) -> None:
        """Wait for a state, which is looked at with each block that comes."""
        with self._news:
            assert self._news.wait_for(condition, timeout), "not heard in time"

    def wait_for_silence(self) -> None:
        """Until the last 200 ms hold nothing but the dither of the daemon."""
        self.wait_until(lambda: not (abs(self.sound[-HZ // 5 :]) > LOUD).any())

    @property
    def sound(self) -> npt.NDArray[np.int16]:
        """All of it, 24 kHz, mono."""
        import numpy as np

        pcm = b"".join(block for _, block in self.blocks)
        return np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)

    def arrived(self, frame: int) -> float:
        """``time.monotonic()`` at which this frame came."""
        seen = 0
        for when, block in self.blocks:
            seen += len(block)
            if seen > 2 * frame:
                return when
        raise IndexError(frame)


class SoundCard:
    """The daemon, its configuration, and ways to hurt it; lives in one folder.

    Args:
        folder: Where it lives.
        speaker: Whose ``usbspeaker`` it is, if it is to come and go by itself.

    Attributes:
        hz: Rate of its devices from the next start on.
        others: So many other devices stand in front of them, from then on.
    """

    def __init__(self, folder: Path, speaker: SoundCard | None = None) -> None:
        self.folder = folder
        self.hz = 48_000
        self.others = 0
        self._speaker = speaker or self
        self._socket = folder / "native"
        self._pid_file = folder / "run" / "pid"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in order to see the card."""
        return {
            FOLDER: str(self.folder),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_CLIENTCONFIG": str(self.folder / "client.conf"),
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "ALSA_CONFIG_PATH": str(self.folder / "asound.conf"),
        }

    @property
    def pid(self) -> int:
        """The daemon's, also when another program has started it; 0: none."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self._pid_file.read_text())
            os.kill(pid, 0)
            return pid
        return 0

    def start(self) -> None:
        """Start the daemon, unless it runs; it serves when this returns.

        Raises:
            RuntimeError: It does not start; says why.
        """
        if self.pid:
            return
        self._write_configuration()
        log = self.folder / "log"
        command = ["pulseaudio", "-n", "-F", str(self.folder / "script.pa")]
        command += ["--daemonize=yes", "--use-pid-file=yes", "--exit-idle-time=-1"]
        command += ["--realtime=no", "--high-priority=no", f"--log-target=file:{log}"]
        done = subprocess.run(
            command,
            env=os.environ | self.environment | self._private(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_TIMEOUT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(log.read_text())

    def kill(self) -> None:
        """The card is gone, as if it was unplugged."""
        if not (pid := self.pid):
            return
        os.kill(pid, signal.SIGKILL)
        self._pid_file.unlink()
        self._socket.unlink(missing_ok=True)

    def freeze(self) -> None:
        """The sound server hangs."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """And goes on."""
        os.kill(self.pid, signal.SIGCONT)

    def feed(self, wav: Path) -> None:
        """Play a WAV into the microphone; returns at its end.

        With less than 200 ms of latency it is the feeder that makes dropouts.
        """
        command = ["paplay", "-d", "mic_feed", "--latency-msec=200", str(wav)]
        subprocess.run(command, check=True, env=os.environ | self.environment)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Recording]:
        """Record what the speaker plays."""
        command = ["parec", "-d", "speaker.monitor", f"--rate={HZ}", "--channels=1"]
        command += ["--format=s16le", "--raw", "--latency-msec=2"]
        command += ["--process-time-msec=2"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, env=os.environ | self.environment
        ) as recorder:
            recording = Recording(recorder)
            try:
                recording.wait_until(lambda: bool(recording.blocks))
                yield recording
            finally:
                recorder.terminate()
                recording.join()

    def _write_configuration(self) -> None:
        for private in ("home", "run"):
            (self.folder / private).mkdir(mode=0o700, parents=True, exist_ok=True)
        words = {"socket": str(self._socket), "card": CARD.format(hz=self.hz)}
        words |= {"mono": MONO, "speaker": str(self._speaker._socket)}
        others = (OTHER.format(number=n, **words) for n in range(self.others))
        words["in_front"] = "".join(others)
        words["cookie"] = str(self.folder / "cookie")
        for name, text in (
            ("script.pa", SCRIPT),
            ("client.conf", CLIENT),
            ("daemon.conf", DAEMON),
            ("asound.conf", ALSA),
        ):
            _replace(self.folder / name, text.format(**words))

    def _private(self) -> dict[str, str]:
        """Keeps the daemon away from the user's own."""
        home, run = str(self.folder / "home"), str(self.folder / "run")
        return {
            "HOME": home,
            "XDG_RUNTIME_DIR": run,
            "PULSE_RUNTIME_PATH": run,
            "PULSE_STATE_PATH": home,
            "PULSE_CONFIG": str(self.folder / "daemon.conf"),
        }


def _replace(path: Path, text: str) -> None:
    """Write a file at once, and not at all if it is as it should be.

    PortAudio aborts if ALSA's configuration changes while it makes its list.
    """
    if path.exists() and path.read_text() == text:
        return
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def start() -> None:
    """Start a card in a folder of its own; print what a shell is to evaluate."""
    card = SoundCard(Path(tempfile.mkdtemp(prefix="virtual-sound-card-")))
    try:
        card.start()
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        shutil.rmtree(card.folder)
        sys.exit(f"virtual-sound-card: cannot start: {error}")
    for name, value in card.environment.items():
        print(f"export {name}={shlex.quote(value)}")  # noqa: T201


def stop() -> None:
    """Stop the card that the environment names, and remove its folder."""
    if not (folder := os.environ.get(FOLDER)):
        sys.exit(f"virtual-sound-card: none to stop, {FOLDER} is not set")
    SoundCard(Path(folder)).kill()
    shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser("virtual-sound-card", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("action", choices=["start", "stop"])
    {"start": start, "stop": stop}[parser.parse_args().action]()


if __name__ == "__main__":
    main()
