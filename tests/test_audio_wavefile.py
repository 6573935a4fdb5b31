import contextlib
import io
import resource
import struct
import subprocess
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.audio import wavefile
from edgevoice.audio.devices import open_microphone, open_speaker
from edgevoice.audio.pcm import Samples, to_samples
from edgevoice.audio.wavefile import FileMicrophone, FileSpeaker, read
from edgevoice.errors import DeviceError

MS = 0.001


def tone(hz: int, seconds: float = 0.3, frequency: float = 440) -> Samples:
    at = np.arange(round(seconds * hz)) / hz
    return np.round(12_000 * np.cos(2 * np.pi * frequency * at)).astype(np.int16)


def write(path: Path, sound: Samples, hz: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, hz, 0, "NONE", ""))
        file.writeframes(np.repeat(sound, channels).tobytes())
    return path


def sox(source: Path, target: Path, *options: str) -> Path:
    subprocess.run(["sox", "-D", source, *options, target], check=True)
    return target


class Listener:
    """Gathers blocks, and lets a test wait for what it wants to hear."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.times: list[float] = []
        self._news = threading.Condition()

    def __call__(self, block: bytes) -> None:
        with self._news:
            self.blocks.append(block)
            self.times.append(time.monotonic())
            self._news.notify_all()

    def wait_for_seconds(self, seconds: float, timeout: float = 5) -> None:
        """Until so much more has come."""
        size = 2 * round(seconds * 16_000)
        with self._news:
            size += sum(map(len, self.blocks))
            enough = self._news.wait_for(
                lambda: sum(map(len, self.blocks)) >= size, timeout
            )
        assert enough

    def wait_for(self, count: int, timeout: float = 5) -> list[bytes]:
        with self._news:
            wanted = len(self.blocks) + count
            assert self._news.wait_for(lambda: len(self.blocks) >= wanted, timeout)
            return self.blocks[wanted - count : wanted]

    def sound(self) -> Samples:
        """What was heard, without the silence around it."""
        sound = to_samples(b"".join(self.blocks))
        loud = np.flatnonzero(sound)
        return sound[loud[0] : loud[-1] + 1] if len(loud) else sound[:0]


def heard(path: Path, seconds: float) -> Samples:
    """What a microphone gives after a press."""
    listener = Listener()
    with contextlib.closing(FileMicrophone(str(path), listener)) as microphone:
        microphone.rewind()
        listener.wait_for_seconds(seconds)
    return listener.sound()


def same(sound: Samples, want: Samples) -> float:
    length = min(len(sound), len(want))
    assert abs(len(sound) - len(want)) < 40
    return float(np.corrcoef(sound[:length], want[:length])[0, 1])


# The microphone.


def test_before_the_first_press_and_after_its_end_a_file_is_silent(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "q.wav", tone(16_000, 0.1), 16_000)
    listener = Listener()
    with contextlib.closing(FileMicrophone(str(path), listener)) as microphone:
        before = listener.wait_for(2)
        microphone.rewind()
        listener.wait_for_seconds(0.2)
        after = listener.wait_for(2)

    assert not any(map(any, before + after))
    assert same(listener.sound(), tone(16_000, 0.1)) > 0.999


def test_every_press_starts_the_file_from_its_beginning(tmp_path: Path) -> None:
    sound = tone(16_000, 1.0)
    sound[0] = 999
    path = write(tmp_path / "q.wav", sound, 16_000)
    listener = Listener()
    with contextlib.closing(FileMicrophone(str(path), listener)) as microphone:
        for _ in range(3):
            microphone.rewind()
            listener.wait_for_seconds(0.2)

    heard = to_samples(b"".join(listener.blocks))
    starts = np.flatnonzero(heard == 999)
    assert len(starts) == 3
    for start in starts:
        assert (heard[start : start + 1600] == sound[:1600]).all()


def test_what_was_heard_until_now_is_handed_over_when_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "q.wav", tone(16_000, 2.0), 16_000)
    listener = Listener()
    with contextlib.closing(FileMicrophone(str(path), listener)) as microphone:
        microphone.rewind()
        begun, before = time.monotonic(), sum(map(len, listener.blocks))
        for _ in range(100):
            microphone.flush()
        passed = time.monotonic() - begun

    got = (sum(map(len, listener.blocks)) - before) / 32_000
    assert got == pytest.approx(passed, abs=0.005)  # no more is lost than is rounded


def test_a_file_comes_at_the_pace_of_a_card_without_drift(tmp_path: Path) -> None:
    path = write(tmp_path / "q.wav", tone(16_000), 16_000)
    listener = Listener()
    busy = threading.Event()

    def slow_listener(block: bytes) -> None:
        listener(block)
        busy.wait(5 * MS)

    with contextlib.closing(FileMicrophone(str(path), slow_listener)):
        listener.wait_for(15)

    came = sum(map(len, listener.blocks[1:15])) / 32_000
    assert listener.times[14] - listener.times[0] == pytest.approx(came, abs=0.05)


@settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(hz=st.integers(4_000, 192_000), channels=st.integers(1, 8))
def test_any_rate_and_any_channels_arrive_as_16_khz_mono(
    tmp_path: Path, hz: int, channels: int
) -> None:
    path = write(tmp_path / "q.wav", tone(hz, 0.06), hz, channels)

    assert same(heard(path, 0.06), tone(16_000, 0.06)) > 0.99


def test_of_several_channels_the_mean_is_taken(tmp_path: Path) -> None:
    left, right = np.full(100, 1000, np.int16), np.full(100, -200, np.int16)
    path = tmp_path / "q.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.stack([left, right], axis=1).tobytes())

    assert set(read(str(path))[0]) == {400}


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_the_extensible_header_is_fine_if_it_holds_16_bit_pcm(
    tmp_path: Path, channels: int
) -> None:
    plain = write(tmp_path / "plain.wav", tone(48_000), 48_000)
    form = struct.pack("<HHIIHH", 0xFFFE, 1, 48_000, 96_000, 2, 16)
    form += struct.pack("<HHI", 22, 16, 4) + b"\x01\0\0\0\0\0\x10\0"
    form += b"\x80\0\0\xaa\0\x38\x9b\x71"
    odd = b"junk\x03\0\0\0abc\0"  # an odd chunk is padded
    rest = odd + b"fmt " + struct.pack("<I", len(form)) + form
    pcm = tone(48_000).tobytes()
    rest += b"data" + struct.pack("<I", len(pcm)) + pcm + b"LIST\x02\0\0\0hi"
    path = tmp_path / "extensible.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(rest)) + b"WAVE" + rest)
    made = sox(plain, tmp_path / "sox.wav", "-c", str(channels))

    assert np.array_equal(read(str(path))[0], read(str(plain))[0])
    assert np.array_equal(read(str(made))[0], read(str(plain))[0])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-b", "8"], "8 bit PCM"),
        (["-b", "24"], "24 bit PCM"),
        (["-b", "32"], "32 bit PCM"),
        (["-e", "floating-point", "-b", "32"], "32 bit float"),
        (["-e", "u-law"], "8 bit u-law"),
        (["-e", "a-law"], "8 bit A-law"),
        (["-e", "ms-adpcm"], "4 bit ADPCM"),
    ],
)
def test_other_sound_is_refused_with_its_kind_and_the_command_that_mends_it(
    tmp_path: Path, options: list[str], said: str
) -> None:
    plain = write(tmp_path / "plain.wav", tone(16_000), 16_000)
    path = sox(plain, tmp_path / "an other.wav", *options)

    with pytest.raises(DeviceError, match=said) as caught:
        FileMicrophone(str(path), print)

    command = str(caught.value).partition("convert it: ")[2]
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    good = read(str(tmp_path / "good.wav"))[0][:4800]  # ADPCM fills its last block
    assert same(good, tone(16_000)) > 0.95


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no WAV"),
        (b"ID3 an MP3", "no WAV"),
        (b"RIFF\0\0\0\0WAVE", "without a format"),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0", "without a format"),
        (b"RIFF\0\0\0\0AVI LIST", "no WAV"),
    ],
)
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "q.wav"
    path.write_bytes(content)

    with pytest.raises(DeviceError, match=said):
        FileMicrophone(str(path), print)


@pytest.mark.parametrize("lost", [1, 2, 1000])
def test_a_file_cut_short_is_refused_rather_than_played_in_part(
    tmp_path: Path, lost: int
) -> None:
    path = write(tmp_path / "q.wav", tone(16_000), 16_000)
    path.write_bytes(path.read_bytes()[:-lost])

    with pytest.raises(DeviceError, match="cut short"):
        FileMicrophone(str(path), print)


def test_zero_channels_or_rate_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "q.wav", tone(16_000), 16_000)
    content = bytearray(path.read_bytes())
    content[22:24] = b"\0\0"
    path.write_bytes(content)

    with pytest.raises(DeviceError, match="0 channels"):
        FileMicrophone(str(path), print)


def test_an_absent_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.wav", tmp_path):
        with pytest.raises(DeviceError, match="cannot read"):
            open_microphone(f"file:{path}", print)


@given(noise=st.binary(max_size=200))
def test_no_content_can_break_the_reader(
    noise: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + noise)

    with contextlib.suppress(DeviceError):
        read(str(path))


def test_a_relative_path_counts_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "q.wav", tone(22_050), 22_050)
    monkeypatch.chdir(tmp_path)

    with contextlib.closing(open_microphone("file:q.wav", Listener())) as microphone:
        assert (microphone.name, microphone.rate) == ("file:q.wav", 22_050)
        assert microphone.alive(time.monotonic())
        assert microphone.overflows == 0


def test_no_block_comes_after_close_and_closing_twice_is_fine(tmp_path: Path) -> None:
    path = write(tmp_path / "q.wav", tone(16_000), 16_000)
    listener = Listener()
    microphone = FileMicrophone(str(path), listener)
    listener.wait_for(2)

    microphone.close()
    count = len(listener.blocks)
    microphone.close()

    assert len(listener.blocks) == count
    assert not microphone.alive(time.monotonic())
    assert not [t for t in threading.enumerate() if t.name == "file microphone"]


def test_a_microphone_that_delivers_nothing_for_a_second_is_not_alive(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "q.wav", tone(16_000), 16_000)
    with contextlib.closing(FileMicrophone(str(path), Listener())) as microphone:
        assert microphone.alive(microphone.last_callback + 900 * MS)
        assert not microphone.alive(microphone.last_callback + 1100 * MS)


def test_a_listener_that_was_stuck_gets_no_flood_and_the_loss_is_counted(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "q.wav", tone(16_000), 16_000)
    listener = Listener()
    stuck = threading.Event()

    def stuck_once(block: bytes) -> None:
        if len(listener.blocks) == 2:
            stuck.wait(400 * MS)
        listener(block)

    with contextlib.closing(FileMicrophone(str(path), stuck_once)) as microphone:
        listener.wait_for(8)
        assert microphone.overflows == 1

    assert listener.times[7] - listener.times[2] > 4 * 20 * MS


# The speaker.


class Tape:
    """A pull that plays what it is given, then silence; waits are by condition."""

    def __init__(self, *parts: Samples) -> None:
        self._left = np.concatenate([*parts, np.zeros(0, np.int16)])
        self._news = threading.Condition()
        self.pulls = 0

    def __call__(self, out: Samples) -> bool:
        with self._news:
            self.pulls += 1
            take = min(len(out), len(self._left))
            out[:take], out[take:] = self._left[:take], 0
            self._left = self._left[take:]
            self._news.notify_all()
        return False

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, 5)

    def wait_until_over(self, pulls: int = 2) -> None:
        """And until some pulls more: what was pulled before them is on disk then."""
        self.wait_for(lambda: not len(self._left))
        wanted = self.pulls + pulls
        self.wait_for(lambda: self.pulls >= wanted)


@contextlib.contextmanager
def speaker(path: Path, tape: Tape) -> Iterator[FileSpeaker]:
    with contextlib.closing(FileSpeaker(str(path), tape)) as opened:
        yield opened


def recorded(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, 24_000)
        pcm = file.readframes(file.getnframes())
        assert len(pcm) == 2 * file.getnframes()
    return to_samples(pcm)


def test_a_speaker_writes_all_that_is_played(tmp_path: Path) -> None:
    tape = Tape(tone(24_000, 0.2))
    with speaker(tmp_path / "a.wav", tape):
        tape.wait_until_over()

    sound = recorded(tmp_path / "a.wav")
    assert np.array_equal(sound[:4800], tone(24_000, 0.2))
    assert not sound[4800:].any()


def test_the_file_is_a_whole_wav_at_any_moment(tmp_path: Path) -> None:
    sound = tone(24_000, 0.6)
    tape = Tape(sound)
    lengths = []
    with speaker(tmp_path / "a.wav", tape):
        while tape.pulls < 35:
            content = (tmp_path / "a.wav").read_bytes()
            riff, data = struct.unpack_from("<4xI32xI", content)
            assert riff == data + 36
            assert len(content) >= data + 44
            with wave.open(io.BytesIO(content)) as file:
                seen = to_samples(file.readframes(file.getnframes()))
            assert np.array_equal(seen[: len(sound)], sound[: len(seen)])
            lengths.append(len(seen))

    assert lengths[0] < 4800
    assert max(lengths) >= 14_400
    assert lengths == sorted(lengths)


def test_a_file_that_has_played_nothing_yet_is_an_empty_wav(tmp_path: Path) -> None:
    tape = Tape()
    with speaker(tmp_path / "a.wav", tape):
        tape.wait_until_over(pulls=4)
        assert len(recorded(tmp_path / "a.wav")) == 0


def test_a_pause_is_kept_but_an_idle_hour_is_not(tmp_path: Path) -> None:
    pause, hour = np.zeros(7200, np.int16), np.zeros(24_000, np.int16)
    word = np.full(480, 5000, np.int16)
    tape = Tape(word, pause, word, hour, word)
    with speaker(tmp_path / "a.wav", tape):
        tape.wait_until_over()

    edges = np.flatnonzero(np.diff(recorded(tmp_path / "a.wav").astype(bool)))
    lengths = np.diff([-1, *edges])
    assert list(lengths[:5]) == [480, 7200, 480, 12_000, 480]


def test_a_speaker_pulls_at_the_pace_of_a_card(tmp_path: Path) -> None:
    tape = Tape()
    with speaker(tmp_path / "a.wav", tape) as opened:
        tape.wait_for(lambda: tape.pulls >= 2)
        start, pulls = time.monotonic(), tape.pulls
        tape.wait_for(lambda: tape.pulls >= pulls + 50)
        assert time.monotonic() - start == pytest.approx(1.0, abs=0.05)
        assert opened.underflows == 0


def test_what_another_run_has_written_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(bytes(99_999))
    with speaker(tmp_path / "a.wav", Tape()):
        assert len(recorded(tmp_path / "a.wav")) == 0


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "such.wav", "/dev/full"):
        with pytest.raises(DeviceError, match="cannot write"):
            open_speaker(f"file:{path}", Tape())


def test_a_speaker_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with contextlib.closing(open_speaker(f"file:{path}", Tape())) as opened:
        assert (opened.name, opened.rate) == (f"file:{path}", 24_000)
        assert opened.alive(opened.last_callback + 900 * MS)
        assert not opened.alive(opened.last_callback + 1100 * MS)


def test_no_pull_comes_after_close_and_closing_twice_is_fine(tmp_path: Path) -> None:
    tape = Tape()
    opened = FileSpeaker(str(tmp_path / "a.wav"), tape)
    tape.wait_for(lambda: tape.pulls >= 2)

    opened.close()
    count = tape.pulls
    opened.close()

    assert tape.pulls == count
    assert not opened.alive(time.monotonic())


def test_a_speaker_that_can_no_longer_write_is_not_alive(tmp_path: Path) -> None:
    tape = Tape(tone(24_000, 2))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with speaker(tmp_path / "a.wav", tape) as opened:
        tape.wait_for(lambda: tape.pulls >= 3)
        writer = next(t for t in threading.enumerate() if t.name == "file speaker")
        resource.setrlimit(resource.RLIMIT_FSIZE, (9001, hard))  # as if it was full
        writer.join(5)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

        assert not writer.is_alive()
        assert not opened.alive(opened.last_callback + 1.1)
    assert len(recorded(tmp_path / "a.wav")) == (9001 - 44) // 2


def test_a_file_stops_growing_where_its_header_could_no_longer_count_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wavefile, "_LARGEST", 3 * 960)
    tape = Tape(tone(24_000, 0.2))
    with speaker(tmp_path / "a.wav", tape) as opened:
        tape.wait_until_over()
        assert opened.alive(time.monotonic())

    assert len(recorded(tmp_path / "a.wav")) == 3 * 480


def test_a_device_may_be_closed_from_its_own_thread(tmp_path: Path) -> None:
    done = threading.Event()

    def pull(out: Samples) -> bool:
        out[:] = 1
        ready.wait(5)
        opened.close()
        done.set()
        return True

    ready = threading.Event()
    opened = FileSpeaker(str(tmp_path / "a.wav"), pull)
    writer = next(t for t in threading.enumerate() if t.name == "file speaker")
    ready.set()

    assert done.wait(5)
    writer.join(5)
    assert not writer.is_alive()
