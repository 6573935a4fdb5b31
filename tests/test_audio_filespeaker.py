"""A WAV file as a loudspeaker: what is in it, at what pace, and when nothing runs."""

import contextlib
import io
import resource
import struct
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio import filespeaker
from edgevoice.audio.devices import open_speaker
from edgevoice.audio.filespeaker import BLOCK, FileSpeaker
from edgevoice.audio.samples import Samples, to_samples
from edgevoice.errors import DeviceError

MS = 0.001


def tone(seconds: float) -> Samples:
    at = np.arange(round(seconds * 24_000)) / 24_000
    return np.round(12_000 * np.cos(2 * np.pi * 440 * at)).astype(np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 24_000), np.int16)


class Tape:
    """A pull that plays what it is given, then has nothing; waits are by condition."""

    def __init__(self, *parts: Samples) -> None:
        self._left = np.concatenate([*parts, silence(0)])
        self._vain = False
        """It was asked, and had nothing."""
        self._news = threading.Condition()
        self.times: list[float] = []
        """When it was asked."""

    @property
    def pulls(self) -> int:
        return len(self.times)

    def __call__(self, count: int) -> bytes:
        with self._news:
            self.times.append(time.monotonic())
            part, self._left = self._left[:count], self._left[count:]
            self._vain = not len(part)
            self._news.notify_all()
        return part.tobytes().ljust(2 * count, b"\0") if len(part) else b""

    def play(self, sound: Samples) -> None:
        with self._news:
            self._left, self._vain = sound, False

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, 5)

    def wait_until_over(self) -> int:
        """And asked in vain: all that was pulled is in the file by then.

        Returns how often it was asked till then.
        """
        self.wait_for(lambda: self._vain)
        return self.pulls


@contextlib.contextmanager
def speaker(path: Path, tape: Tape) -> Iterator[FileSpeaker]:
    with contextlib.closing(FileSpeaker(str(path), tape)) as opened:
        yield opened


def thread() -> threading.Thread:
    return next(t for t in threading.enumerate() if t.name == "file speaker")


def recorded(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, 24_000)
        pcm = file.readframes(file.getnframes())
        assert len(pcm) == 2 * file.getnframes()
    return to_samples(pcm)


def wait_for_seconds(path: Path, seconds: float) -> float:
    """Wait until the file holds so much; when that was seen."""
    deadline = time.monotonic() + 5
    while len(recorded(path)) < round(seconds * 24_000):
        assert time.monotonic() < deadline
    return time.monotonic()


def pauses(sound: Samples) -> list[int]:
    """Lengths of sound and silence in turn, frames."""
    edges = np.flatnonzero(np.diff(sound.astype(bool)))
    return [int(length) for length in np.diff([-1, *edges, len(sound) - 1])]


# What is in the file.


def test_all_that_is_played_is_in_the_file(tmp_path: Path) -> None:
    tape = Tape(tone(0.2))
    with speaker(tmp_path / "a.wav", tape):
        tape.wait_until_over()

    assert np.array_equal(recorded(tmp_path / "a.wav")[:4800], tone(0.2))


def test_the_file_is_a_whole_wav_at_any_moment(tmp_path: Path) -> None:
    sound = tone(0.6)
    tape = Tape(sound)
    lengths = []
    with speaker(tmp_path / "a.wav", tape):
        while tape.pulls < 31:
            content = (tmp_path / "a.wav").read_bytes()
            riff, data = struct.unpack_from("<4xI32xI", content)
            assert riff == data + 36
            assert len(content) >= data + 44
            with wave.open(io.BytesIO(content)) as file:
                seen = to_samples(file.readframes(file.getnframes()))
            assert np.array_equal(seen, sound[: len(seen)])
            lengths.append(len(seen))

    assert lengths[0] < 4800
    assert max(lengths) >= 13_920
    assert lengths == sorted(lengths)


def test_a_file_that_has_played_nothing_yet_is_an_empty_wav(tmp_path: Path) -> None:
    tape = Tape()
    with speaker(tmp_path / "a.wav", tape) as opened:
        tape.wait_until_over()
        opened.wake()  # for nothing
        tape.wait_for(lambda: tape.pulls == 2)
        assert len(recorded(tmp_path / "a.wav")) == 0


def test_silence_in_a_sound_is_kept_as_long_as_a_pause_may_be(tmp_path: Path) -> None:
    word = np.full(480, 5000, np.int16)
    tape = Tape(word, silence(0.3), word, silence(1.0), word)
    with speaker(tmp_path / "a.wav", tape):
        tape.wait_until_over()

    assert pauses(recorded(tmp_path / "a.wav"))[:5] == [480, 7200, 480, 12_000, 480]


def test_a_pause_after_a_sound_is_as_long_in_the_file_as_it_was(tmp_path: Path) -> None:
    path, word = tmp_path / "a.wav", np.full(480, 5000, np.int16)
    tape = Tape(word)
    with speaker(path, tape) as opened:
        tape.wait_until_over()
        idle = threading.Event()
        idle.wait(0.1)  # a pause
        tape.play(word)
        opened.wake()
        wait_for_seconds(path, 0.14)

    first, pause, second = pauses(recorded(path))[:3]
    assert (first, second) == (480, 480)
    # The first word was out at its pull and lasts 20 ms.
    real = tape.times[2] - tape.times[0] - BLOCK
    assert pause / 24_000 == pytest.approx(real, abs=20 * MS)  # a busy machine


def test_a_pause_that_lasts_is_half_a_second_in_the_file(tmp_path: Path) -> None:
    path, word = tmp_path / "a.wav", np.full(480, 5000, np.int16)
    tape = Tape(word)
    with speaker(path, tape) as opened:
        wait_for_seconds(path, 0.52)
        opened.wake()  # for nothing
        tape.wait_for(lambda: tape.pulls == 3)
        tape.play(word)
        opened.wake()
        wait_for_seconds(path, 0.54)

    assert pauses(recorded(path))[:3] == [480, 12_000, 480]


def test_what_another_run_has_written_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(bytes(99_999))
    with speaker(tmp_path / "a.wav", Tape()):
        assert len(recorded(tmp_path / "a.wav")) == 0


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "such.wav", "/dev/full"):
        with pytest.raises(DeviceError, match="cannot write"):
            open_speaker(f"file:{path}", Tape())


def test_a_file_stops_growing_where_its_header_could_no_longer_count_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filespeaker, "_LARGEST", 3 * 960)
    tape = Tape(tone(0.2))
    with speaker(tmp_path / "a.wav", tape) as opened:
        tape.wait_until_over()
        assert opened.alive(time.monotonic())

    assert len(recorded(tmp_path / "a.wav")) == 3 * 480


# Its pace.


def test_a_speaker_pulls_at_the_pace_of_a_card(tmp_path: Path) -> None:
    tape = Tape(tone(1.5))
    with speaker(tmp_path / "a.wav", tape) as opened:
        tape.wait_for(lambda: tape.pulls >= 52)
        assert tape.times[51] - tape.times[1] == pytest.approx(1.0, abs=0.05)
        assert opened.underflows == 0


def test_at_rest_it_does_not_run(tmp_path: Path) -> None:
    tape = Tape(tone(0.02))
    with speaker(tmp_path / "a.wav", tape):
        wait_for_seconds(tmp_path / "a.wav", 0.52)  # the pause that it writes
        threading.Event().wait(0.2)  # rest
        assert tape.pulls == 2


def test_what_it_is_woken_for_is_pulled_at_once(tmp_path: Path) -> None:
    tape = Tape()
    delays = []
    with speaker(tmp_path / "a.wav", tape) as opened:
        for _ in range(5):
            before = tape.wait_until_over()
            tape.play(tone(0.02))
            woken = time.monotonic()
            opened.wake()
            tape.wait_until_over()
            delays.append(tape.times[before] - woken)

    assert min(delays) < 2 * MS  # the machine may be busy, but not each time


def test_a_pull_that_was_stuck_gets_no_flood_and_the_loss_is_counted(
    tmp_path: Path,
) -> None:
    tape = Tape(tone(1.0))
    stuck = threading.Event()

    def stuck_once(count: int) -> bytes:
        if tape.pulls == 2:
            stuck.wait(400 * MS)
        return tape(count)

    with contextlib.closing(FileSpeaker(str(tmp_path / "a.wav"), stuck_once)) as opened:
        tape.wait_for(lambda: tape.pulls >= 8)
        assert opened.underflows == 1

    assert tape.times[7] - tape.times[2] > 4 * 20 * MS


# Whether it lives.


def test_a_speaker_that_rests_lives_and_one_that_is_stuck_does_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.wav"
    stuck = threading.Event()
    pulled = threading.Event()

    def pull(count: int) -> bytes:
        pulled.set()
        stuck.wait(5)
        return b""

    with contextlib.closing(open_speaker(f"file:{path}", pull)) as opened:
        assert (opened.name, opened.rate) == (f"file:{path}", 24_000)
        assert pulled.wait(5)
        assert opened.alive(opened.last_callback + 900 * MS)
        assert not opened.alive(opened.last_callback + 1100 * MS)
        stuck.set()
        deadline = time.monotonic() + 5
        while not opened.alive(opened.last_callback + 3600):  # it rests
            assert time.monotonic() < deadline


def test_no_pull_comes_after_close_and_closing_twice_is_fine(tmp_path: Path) -> None:
    tape = Tape(tone(1.0))
    opened = FileSpeaker(str(tmp_path / "a.wav"), tape)
    tape.wait_for(lambda: tape.pulls >= 2)

    opened.close()
    count = tape.pulls
    opened.close()

    assert tape.pulls == count
    assert not opened.alive(time.monotonic())


def test_one_that_rests_is_closed_at_once(tmp_path: Path) -> None:
    tape = Tape()
    opened = FileSpeaker(str(tmp_path / "a.wav"), tape)
    tape.wait_for(lambda: tape.pulls == 1)

    opened.close()

    assert tape.pulls == 1
    assert not opened.alive(time.monotonic())


def test_a_speaker_that_can_no_longer_write_is_not_alive(tmp_path: Path) -> None:
    tape = Tape(tone(2))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with speaker(tmp_path / "a.wav", tape) as opened:
        tape.wait_for(lambda: tape.pulls >= 3)
        writer = thread()
        resource.setrlimit(resource.RLIMIT_FSIZE, (9001, hard))  # as if it was full
        writer.join(5)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

        assert not writer.is_alive()
        assert not opened.alive(time.monotonic())
    assert len(recorded(tmp_path / "a.wav")) == (9001 - 44) // 2


def test_a_device_may_be_closed_from_its_own_thread(tmp_path: Path) -> None:
    done = threading.Event()

    def pull(count: int) -> bytes:
        ready.wait(5)
        opened.close()
        done.set()
        return bytes(2 * count)

    ready = threading.Event()
    opened = FileSpeaker(str(tmp_path / "a.wav"), pull)
    writer = thread()
    ready.set()

    assert done.wait(5)
    writer.join(5)
    assert not writer.is_alive()
