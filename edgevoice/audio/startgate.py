"""How much of a response is gathered before it starts to be heard.

More of it hides more jitter; less of it answers sooner. So it follows what the chunks
of past responses did. Pure: whoever calls says what time it is.

A response that had been played from its first chunk on would have run dry wherever a
chunk came later than the sound before it lasts. The latest chunk, against the earliest
of the first ones, says how long playing should have waited, and with it how much sound
had come by then: that much the response *needed*. A server that sends faster than it is
heard needs little, however it jitters.

The gate rises at once to what a response needed. It falls slowly, by half for each
minute of sound, so that one lucky answer does not make the next one stutter, while an
unlucky one is forgotten within some ten. A chunk that is later than half a second is no
jitter, but a stall or a pause in which a tool ran: no gate would have helped, so
nothing is learnt of it, and the response is measured anew from there.

A new link begins with what was learnt: most are renewed every few minutes from the same
place over the same network. One over a worse network costs one gap, then it is known.
"""

from typing import Final

LEAST_S: Final = 0.06
"""Least sound gathered before a start, seconds: two chunks of 40 ms."""

MOST_S: Final = 0.4
"""Most sound gathered, seconds; more is felt as a slow answer."""

FIRST_S: Final = 0.25
"""Sound gathered while nothing is known, seconds. Gaps of 150 to 180 ms inside
a response are common (livekit/agents pull request 7238)."""

MORE_S: Final = 0.1
"""What is gathered beyond it after an underrun, seconds: two gaps are worse than one
that is a little longer."""

MARGIN_S: Final = 0.02
"""What is gathered beyond what a response needed, seconds: half a chunk."""

STALL_S: Final = 0.5
"""A chunk that is later than this, in seconds, is no jitter."""

EARLY_S: Final = 0.2
"""Sound at the beginning whose earliest chunk is what others are measured against: the
very first may itself be late, and seconds later a fast server is far ahead."""

HALF_S: Final = 60.0
"""Sound in time, in seconds, that takes the gate half the way down."""


class StartGate:
    """Learns from the chunks of each response; not for two threads at once.

    Args:
        prefill: Seconds to begin with.

    Attributes:
        prefill: Seconds to gather before the next response starts.
    """

    def __init__(self, prefill: float = FIRST_S) -> None:
        self.prefill = prefill
        self._needed = 0.0
        """What the present response needs so far, seconds of sound."""
        self._heard = 0.0
        """Seconds of sound that it has brought."""
        self._run = _Run(0.0)

    @property
    def refill(self) -> float:
        """Seconds to gather after an underrun."""
        return min(MOST_S, max(self.prefill, self._needed) + MORE_S)

    def arrived(self, duration: float, now: float) -> None:
        """A chunk of the present response has come.

        Args:
            duration: Its length, seconds.
            now: Any steady clock, seconds.
        """
        if not self._heard or self._run.lateness(now) > STALL_S:
            self._run = _Run(now)
        self._needed = max(self._needed, self._run.arrived(duration, now))
        self._heard += duration

    def ended(self) -> None:
        """No more of the response will come: learn from it, if there was any."""
        needed = min(MOST_S, max(LEAST_S, self._needed))
        kept = 0.5 ** (self._heard / HALF_S)
        if not self._heard:
            return
        if needed < self.prefill:
            needed += (self.prefill - needed) * kept
        self.prefill = needed
        self._needed = self._heard = 0.0


class _Run:
    """Chunks that follow one another, measured against playing from the first on."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._gathered = 0.0
        """Seconds of sound that have come."""
        self._earliest = 0.0
        """Seconds by which the earliest of the first chunks was late; 0.0 or less."""
        self._latest = 0.0
        """Seconds by which the latest chunk so far was later than that."""
        self._starts: list[tuple[float, float]] = []
        """When playing could have started: seconds since the first chunk, and what had
        been gathered before the chunk that came then; as far as a gate may go."""

    def lateness(self, now: float) -> float:
        """By how many seconds a chunk that came now would be late."""
        return now - self._began - self._gathered

    def arrived(self, duration: float, now: float) -> float:
        """Take a chunk; what the run needs if this is its latest, else 0.0."""
        late = self.lateness(now) - self._earliest
        if self._gathered < EARLY_S:
            self._earliest = min(self._earliest, self.lateness(now))
        if self._gathered < MOST_S:
            self._starts.append((now - self._began, self._gathered))
        self._gathered += duration
        if late <= self._latest:
            return 0.0
        self._latest = late
        # The first moment at which playing could have started and not run dry.
        fitting = (gathered for at, gathered in self._starts if at >= late)
        return next(fitting, MOST_S) + MARGIN_S
