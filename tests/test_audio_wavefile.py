import contextlib
import struct
import subprocess
import threading
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.audio.devices import open_microphone
from edgevoice.audio.samples import Samples, to_samples
from edgevoice.audio.wavefile import FileMicrophone, read
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


def sound_in(path: Path) -> Samples:
    return to_samples(read(str(path))[0])


def same(sound: Samples, want: Samples) -> float:
    length = min(len(sound), len(want))
    assert abs(len(sound) - len(want)) < 40
    return float(np.corrcoef(sound[:length], want[:length])[0, 1])


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


def test_the_first_of_a_press_comes_soon_if_it_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "q.wav", tone(16_000, 1.0), 16_000)
    listener = Listener()
    waits = []
    with contextlib.closing(FileMicrophone(str(path), listener)) as microphone:
        for _ in range(5):
            microphone.rewind()
            microphone.hurry()
            pressed = time.monotonic()
            listener.wait_for(1)
            waits.append(listener.times[-1] - pressed)

    assert min(waits[1:]) < 0.06  # not 0.1


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

    assert set(sound_in(path)) == {400}


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

    assert np.array_equal(sound_in(path), sound_in(plain))
    assert np.array_equal(sound_in(made), sound_in(plain))


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
    good = sound_in(tmp_path / "good.wav")[:4800]  # ADPCM fills its last block
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
