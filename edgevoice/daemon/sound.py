"""Everything that sounds: microphone to utterance, playout to speaker, volume.

The devices' threads hand over blocks and pull blocks; all else is the loop's.
"""

import time
from collections.abc import Callable
from typing import TypeAlias

from edgevoice.audio import devices, earcons
from edgevoice.audio.capture import Capture
from edgevoice.audio.devices import (
    Microphone,
    Speaker,
    behind_server,
    open_microphone,
    open_speaker,
)
from edgevoice.audio.earcons import Earcon
from edgevoice.audio.playout import Heard, Playout
from edgevoice.audio.utterance import Utterance
from edgevoice.config import Configuration
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.keeper import Keeper
from edgevoice.daemon.standby import Standby

Post: TypeAlias = Callable[..., None]
"""Calls a function on the loop's thread; from any thread, never blocks."""


class Sound:
    """The ears and the mouth of an appliance; loop's thread, but for devices' calls.

    Devices come and go. If the microphone goes in mid utterance, what was said until
    then is sent. If the speaker goes in mid answer and is back before the answer is
    complete, the rest is heard; an answer that is complete while there is no speaker
    is lost, and told so.

    Args:
        settings: Names of the devices, pre-roll, volume.
        bell: Rung when a message's worth of an utterance has come.
        post: See ``Post``.
        on_heard: Told on the loop when a response starts and ends to be heard.
        on_change: Told on the loop when a device came or went.

    Attributes:
        playout: What is still to be heard.
        last_block: The newest piece of the utterance, for a level meter.
    """

    def __init__(
        self,
        settings: Configuration,
        bell: Bell,
        post: Post,
        on_heard: Callable[[Heard], None],
        on_change: Callable[[], None],
    ) -> None:
        self.playout = Playout(wake=self._wake_speaker)
        self.volume, self.muted = settings.speaker.volume, False
        self.last_block = b""
        self._settings = settings
        self._bell = bell
        self._post = post
        self._on_heard = on_heard
        self._on_change = on_change
        self._capture = self._new_capture()
        self.answering = False
        """An answer is awaited or under way: what plays it had better be open."""
        self.recording: Utterance | None = None
        """The utterance that is being recorded, if one is."""
        self._standby = Standby(time.monotonic())
        self.microphone = self._keep_microphone()
        self.speaker = self._keep_speaker()
        self.set_volume()

    def use(self, settings: Configuration) -> None:
        """Take other devices and another pre-roll; called in a pause."""
        before, self._settings = self._settings, settings
        if settings.speaker != before.speaker:
            self._standby = Standby(time.monotonic())  # whether it works is to be seen
        if settings.microphone.pre_roll_ms != before.microphone.pre_roll_ms:
            self._capture = self._new_capture()
        self.microphone.use(settings.microphone.device)
        self.speaker.use(settings.speaker.device)

    # -- the ears ------------------------------------------------------------------

    def forget_pre_roll(self) -> None:
        """What was heard before the press was our own loudspeaker."""
        self._capture.forget()

    def record(self) -> Utterance:
        """Begin an utterance, with what was heard just before.

        Whoever presses while there is no microphone hears it at once, not only after
        speaking.
        """
        if self.microphone.state == "missing":
            self.signal(Earcon.FAILED)
        self.recording = Utterance(self._begin_capture())
        return self.recording

    def record_more(self, utterance: Utterance) -> None:
        """Go on with an utterance that still waits to be sent."""
        utterance.reopen()
        utterance.add(self._begin_capture())
        self.recording = utterance

    def _begin_capture(self) -> bytes:
        """Returns the pre-roll."""
        device = self.microphone.device
        if device is not None:
            device.flush()
        pre_roll = self._capture.record()
        if device is not None:
            device.rewind()
            if not pre_roll:
                device.hurry()
        return pre_roll

    def end_recording(self) -> None:
        """The utterance is over: what was heard until now belongs to it."""
        device = self.microphone.device
        if self.recording is not None and device is not None:
            device.flush()
        self._gather()
        self._capture.end()
        self.recording = None

    def _gather(self) -> None:
        """Add to the utterance what the microphone has heard."""
        pcm = self._capture.take()
        if self.recording is not None and pcm:
            self.recording.add(pcm)
            self.last_block = pcm
            self._bell.ring()

    def _new_capture(self) -> Capture:
        return Capture(
            self._settings.microphone.pre_roll_ms / 1000,
            deaf=lambda: self.sounding,
            gathered=lambda: self._post(self._gather),
        )

    def _keep_microphone(self) -> Keeper[Microphone]:
        def always() -> bool:
            return self._settings.microphone.pre_roll_ms > 0

        def open_it(name: str) -> Microphone:
            device = open_microphone(name, lambda pcm: self._capture.add(pcm))
            if not always():  # it is opened for a press that has begun
                device.rewind()
                device.hurry()
            return device

        return Keeper(
            "microphone",
            self._settings.microphone.device,
            open_it,
            wanted=lambda: always() or self.recording is not None,
            changed=self._microphone_changed,
            bell=self._bell,
            clock=time.monotonic,
        )

    def _microphone_changed(self) -> None:
        if self.microphone.device is None:
            self._capture.forget()  # it would be old at the next press
        self._on_change()

    # -- the mouth -----------------------------------------------------------------

    def signal(self, earcon: Earcon) -> None:
        """Play a short signal, if the settings want any; never later than now."""
        if self._settings.speaker.earcons and self.speaker.state != "missing":
            self.playout.sound(earcons.samples(earcon))

    def silence(self) -> None:
        """Be silent at once; throw away what is still to be heard.

        A sound server has taken more of it than a person who interrupts wants to wait
        for, so it is told to drop that.
        """
        device = self.speaker.device
        cut = self.sounding and device is not None and behind_server(device.name)
        self.playout.flush()
        if cut and not self._settings.speaker.always_on:
            self.playout.sound(b"")  # the fade would come behind the gap
            self.speaker.renew()

    @property
    def sounding(self) -> bool:
        """Whether the loudspeaker is being given sound now."""
        return self.speaker.device is not None and self.playout.sounding

    @property
    def unheard(self) -> bool:
        """Whether a complete response waits for a speaker that cannot be opened."""
        return self.speaker.absent and self.playout.complete

    def set_volume(
        self, volume: int | None = None, *, muted: bool | None = None
    ) -> None:
        """Set loudness (0 to 100) or mute the loudspeaker; None leaves it."""
        self.volume = self.volume if volume is None else volume
        self.muted = self.muted if muted is None else muted
        self.playout.set_volume(self.volume, muted=self.muted)

    def _keep_speaker(self) -> Keeper[Speaker]:
        return Keeper(
            "speaker",
            self._settings.speaker.device,
            lambda name: open_speaker(name, self._pull),
            wanted=self._speaker_wanted,
            changed=self._speaker_changed,
            bell=self._bell,
            clock=time.monotonic,
        )

    def _speaker_wanted(self) -> bool:
        """While something is to be heard, or soon may be; a file has no rest."""
        settings, playout = self._settings.speaker, self.playout
        if settings.always_on or settings.device.startswith("file:"):
            return True
        needed = self.recording is not None or playout.sounding or playout.complete
        needed = needed or playout.buffered > 0 or self.answering
        # One that is missing is waited for, however long that takes.
        needed = needed or self.speaker.error is not None
        return self._standby.awake(needed=needed, now=time.monotonic())

    def _speaker_changed(self) -> None:
        if self.speaker.state == "missing":
            self.playout.sound(b"")  # a signal would come too late
        if self.speaker.device is not None:  # it may sleep since before it was known
            self.speaker.device.wake()
        self._on_change()

    def _pull(self, count: int) -> bytes:
        """Sound for the speaker; runs in its thread."""
        pcm, heard = self.playout.pull(count)
        if heard:
            self._post(self._on_heard, heard)
        return pcm

    def _wake_speaker(self) -> None:
        if self.speaker.device is not None:
            self.speaker.device.wake()
        else:  # it may rest, see ``_speaker_wanted``
            self._bell.ring()

    # -- both ----------------------------------------------------------------------

    @property
    def error(self) -> str | None:
        """What is wrong with a device, one line."""
        return self.microphone.error or self.speaker.error

    def alive(self) -> bool:
        """Whether an open microphone still delivers; for the watchdog.

        One that is missing or not wanted is waited for and no reason to restart; a
        sound system that hangs is one.
        """
        if devices.hang(time.monotonic()):
            return False
        device = self.microphone.device
        if device is None:
            return not self.microphone.stuck
        return device.alive(time.monotonic())
