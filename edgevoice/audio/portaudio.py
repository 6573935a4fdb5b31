"""PortAudio, through PyAudio: the only file that imports pyaudio.

What one has to know about it (seen with PyAudio 0.2.14, PortAudio 19.6, ALSA):

* Its list of devices is frozen until it is terminated, which ends all streams.
* Opening and closing wait for ever on a sound server that hangs. So each is done
  in a thread that is left behind when it takes too long.
* It aborts the whole process (``Assertion `self->capture.nfds ||
  self->playback.nfds'``) if it opens an ALSA plugin just when its sound server goes
  or comes. So ALSA is asked first.
* An exception in a callback ends the stream, and so does a block too short.
* Loading and opening print dozens of harmless lines on file descriptor 2.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from edgevoice.audio.arrivals import Arrivals, alsa_opens
from edgevoice.audio.names import (
    KIND,
    DeviceInfo,
    Direction,
    card_ids,
    choose,
    forbidden,
    stable,
)
from edgevoice.audio.quiet import hush_alsa, quiet
from edgevoice.errors import DeviceError

try:
    import pyaudio
except ImportError as error:  # the library, or its compiled part
    raise DeviceError(
        f"PyAudio, which sound cards need, cannot be used ({error}); install"
        " python3-pyaudio, or portaudio19-dev and then edgevoice[sound] with pip"
    ) from error

OPEN_TIMEOUT: Final = 6.0
"""Seconds after which a sound system that does not answer is given up."""

END_TIMEOUT: Final = 1.0
"""Seconds to wait for a stream to close that is ended for a new list."""

MOST_CLOSING: Final = 4
"""Streams whose close may hang at a time; no more are opened then. Each holds a thread
and some memory, so that a driver that hangs at each close must not go on for ever."""

LONGEST_CLOSE: Final = 30.0
"""A close that takes longer will never end, seconds."""

USUAL_RATES: Final = (8_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000)
"""Rates that sound cards may have, in Hz."""

FLAWS: Final[int] = pyaudio.paInputOverflow | pyaudio.paOutputUnderflow
"""Flags of a callback that mean: sound was lost before this block."""

CONTINUE: Final[int] = pyaudio.paContinue
"""A callback's answer: go on."""
ABORT: Final[int] = pyaudio.paAbort
"""A callback's answer: end the stream."""

Callback = Callable[
    [bytes | None, int, Mapping[str, float], int], tuple[bytes | None, int]
]
"""What PyAudio calls in PortAudio's thread: data, frames, times, flags."""

T = TypeVar("T")


@dataclass(frozen=True)
class Format:
    """How to open a device: its rate, channels, and frames in a block."""

    hz: int
    channels: int
    frames: int


class Library:
    """PortAudio, loaded when first needed and shared by all streams."""

    def __init__(self, make: Callable[[], Any] = pyaudio.PyAudio) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._pa: Any = None
        self._devices: dict[DeviceInfo, int] = {}
        self._arrivals = Arrivals()
        self._streams: set[Any] = set()
        self._closing: dict[threading.Thread, float] = {}
        """Threads that close a stream, and since when."""
        self._stuck: threading.Thread | None = None

    def devices(self) -> list[DeviceInfo]:
        """All devices, as they were when the list was made.

        Raises:
            DeviceError: The sound system does not answer.
        """
        with self._lock:
            if not self._pa:
                self._load()
            return list(self._devices)

    def refresh(self) -> bool:
        """Make the list of devices anew, which is only possible while none is open.

        Returns:
            Whether it was made anew.

        Raises:
            DeviceError: The sound system does not answer.
        """
        with self._lock:
            if self._streams or self._closing:
                return False
            self._load()
            return True

    def refresh_for(self, wanted: str, direction: Direction) -> bool:
        """Make the list anew for a device that cannot be opened with the old one.

        This ends the streams that are open; whoever has one sees that it is no longer
        ``running`` and opens it again. Otherwise a microphone could never be plugged
        in while the speaker is open. It is only done if that promises something.

        Returns:
            Whether it was made anew.

        Raises:
            DeviceError: The sound system does not answer.
        """

        def promise() -> bool:
            return self._arrivals.promise(wanted, direction)

        with self._lock:
            if self._closing:
                return False
            if self._streams and not self._within(OPEN_TIMEOUT, promise, bool):
                return False
            for raw in list(self._streams):
                self._end(raw, END_TIMEOUT)
            if self._closing:
                return False
            self._load()
            return True

    def find(self, wanted: str, direction: Direction) -> DeviceInfo:
        """The device that a setting means.

        Raises:
            DeviceError: See ``choose``; or use of the cards is not allowed.
        """
        try:
            return choose(wanted, direction, self.devices(), card_ids().values())
        except DeviceError as error:
            raise DeviceError(forbidden() or str(error)) from None

    def rates(self, device: DeviceInfo, direction: Direction) -> list[int]:
        """The usual rates that a device takes, in Hz, while nobody has it open.

        Raises:
            DeviceError: The sound system does not answer.
        """

        def ask() -> list[int]:
            return [hz for hz in USUAL_RATES if self._takes(index, direction, hz)]

        with self._lock:
            index = self._devices.get(device, -1)
            return self._within(OPEN_TIMEOUT, ask, bool) if index >= 0 else []

    def open(
        self,
        device: DeviceInfo,
        direction: Direction,
        formats: Iterable[Format],
        callback: Callback,
    ) -> Any:
        """Start a stream in the first format that the device takes.

        The next format is asked for only when the one before was refused.

        Returns:
            The stream of PyAudio.

        Raises:
            DeviceError: None will do, or the sound system does not answer.
        """

        def start() -> Any:
            refused: OSError | None = None
            # A card itself does not abort, and may refuse to be opened twice.
            plugin = not device.name.startswith("hw:")
            if plugin and alsa_opens(device.name, direction) is False:
                raise DeviceError(_refusal(device.name, direction, None))
            for form in formats:
                try:
                    return self._start(index, direction, form, callback)
                except OSError as error:
                    refused = refused or error
                    if error.errno == pyaudio.paDeviceUnavailable:
                        break
            raise DeviceError(_refusal(device.name, direction, refused))

        with self._lock:
            if len(self._closing) >= MOST_CLOSING:
                raise DeviceError(NO_ANSWER)
            index = self._devices.get(device, -1)
            if index < 0 or self._arrivals.outdated(device):
                raise DeviceError(_refusal(device.name, direction, None))
            raw = self._within(OPEN_TIMEOUT, start, lambda late: late.close())
            self._streams.add(raw)
            self._arrivals.kept(direction)
            return raw

    def running(self, raw: Any) -> bool:
        """Whether this stream was neither closed nor ended."""
        return raw in self._streams

    def hangs(self, now: float) -> bool:
        """Whether PortAudio has hung for so long that only a restart mends it.

        Until a close has ended no new list of devices can be made.

        Args:
            now: ``time.monotonic()``.
        """
        return any(
            now - since > LONGEST_CLOSE for since in tuple(self._closing.values())
        )

    def close(self, raw: Any, timeout: float) -> None:
        """Close a stream; never takes longer than this."""
        deadline = time.monotonic() + timeout
        # PortAudio's calls must not overlap, but one that hangs must not hold us up.
        locked = self._lock.acquire(timeout=timeout)
        try:
            self._end(raw, max(0.0, deadline - time.monotonic()))
        finally:
            if locked:
                self._lock.release()

    def _end(self, raw: Any, timeout: float) -> None:
        """Close a stream in a thread that is left behind if it hangs."""
        if raw not in self._streams:
            return
        self._streams.discard(raw)

        def work() -> None:
            with contextlib.suppress(OSError):  # it is gone already
                raw.close()
            self._closing.pop(thread, None)

        thread = threading.Thread(target=work, name="close sound", daemon=True)
        self._closing[thread] = time.monotonic()
        thread.start()
        thread.join(timeout)

    def _load(self) -> None:
        """Load PortAudio, or load it again; the lock is held."""
        old, self._pa, self._devices = self._pa, None, {}

        def load() -> Any:
            if old:
                old.terminate()
            hush_alsa()
            return self._make()

        self._pa = self._within(OPEN_TIMEOUT, load, lambda late: late.terminate())
        self._arrivals.listed()
        self._devices = _devices(self._pa, self._arrivals.cards)

    def _start(
        self, index: int, direction: Direction, form: Format, callback: Callback
    ) -> Any:
        return self._pa.open(
            format=pyaudio.paInt16,
            channels=form.channels,
            rate=form.hz,
            frames_per_buffer=form.frames,
            stream_callback=callback,
            **{direction: True, f"{direction}_device_index": index},
        )

    def _takes(self, index: int, direction: Direction, hz: int) -> bool:
        one: dict[str, Any] = {f"{direction}_device": index}
        one |= {f"{direction}_channels": 1, f"{direction}_format": pyaudio.paInt16}
        try:
            return bool(self._pa.is_format_supported(hz, **one))
        except ValueError:  # its way to say no
            return False

    def _within(
        self, timeout: float, work: Callable[[], T], dispose: Callable[[T], object]
    ) -> T:
        """Work in a thread that is left behind after a time; the lock is held."""
        if self._stuck and self._stuck.is_alive():
            raise DeviceError(NO_ANSWER)
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                result = work()
            except OSError as error:
                if outcome.set_running_or_notify_cancel():
                    outcome.set_exception(error)
                return
            if outcome.set_running_or_notify_cancel():
                outcome.set_result(result)
            else:
                dispose(result)

        thread = threading.Thread(target=run, name="open sound", daemon=True)
        with quiet():
            thread.start()
            try:
                return outcome.result(timeout)
            except TimeoutError:
                if not outcome.cancel():
                    return outcome.result()
        self._stuck = thread
        raise DeviceError(NO_ANSWER)


NO_ANSWER: Final = (
    "the sound system does not answer; restart it"
    " (`systemctl --user restart pipewire pulseaudio`), or plug the card in again"
)

library: Final = Library()
"""The one PortAudio of this process."""


def _refusal(name: str, direction: Direction, error: OSError | None) -> str:
    """Why a device could not be opened, and what mends it."""
    what = f"{KIND[direction]} {name!r}"
    if error and error.errno == pyaudio.paDeviceUnavailable:
        return f"{what} is in use by another program; `fuser -v /dev/snd/*` shows which"
    reason = (error and error.strerror) or "it is gone"
    return (
        f"{what} cannot be opened ({reason}); is it still plugged in and switched on?"
    )


def _devices(pa: Any, cards: Mapping[int, str]) -> dict[DeviceInfo, int]:
    """Each device and its index, which is good until PortAudio is loaded again."""
    defaults: dict[Direction, int] = {}
    with contextlib.suppress(OSError):
        defaults["input"] = pa.get_default_input_device_info()["index"]
    with contextlib.suppress(OSError):
        defaults["output"] = pa.get_default_output_device_info()["index"]
    found = {}
    for index in range(pa.get_device_count()):
        raw = pa.get_device_info_by_index(index)
        name, description = stable(raw["name"], cards)
        device = DeviceInfo(
            name=name,
            description=description,
            inputs=raw["maxInputChannels"],
            outputs=raw["maxOutputChannels"],
            hz=int(raw["defaultSampleRate"]),
            default_for=tuple(way for way, at in defaults.items() if at == index),
        )
        found[device] = index
    return found
