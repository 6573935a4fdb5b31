"""When the talk key is down: the ladder from real key events to toggling.

Pure: keystrokes and time go in, ``PRESS``, ``RELEASE`` and ``Method`` come out.

1. *kitty*: the terminal reports press and release.
2. *repeat*: it does not, but the system repeats a held key. The first byte is the
   press; the key is up when no repeat came for a while.
3. *toggle*: one press begins, the next ends; the only one that is right everywhere.
   By wish (the ``t`` key, ``mode = "toggle"``), or by itself after three presses
   that did not repeat in a terminal where none ever has: either nothing repeats
   here, or the person prefers to tap. The first key that does repeat ends that.
"""

from typing import Final, TypeAlias

from edgevoice.controls.keyevents import Key, Method
from edgevoice.controls.keystrokes import Kind, Stroke

Events: TypeAlias = list[Key | Method]

ARM: Final = 0.75
"""Seconds to wait for the first repeat. Systems wait 250 to 660 ms before they repeat
(Linux console 250, GNOME 500, X11 660). So a tap lasts as long as this, too, and two
taps within it count as one."""

SLOWEST_REPEAT: Final = 0.25
"""Seconds; longer gaps are not learned. Usual are 30 to 100 ms."""

CERTAIN_REPEAT: Final = 0.12
"""Seconds; a third stroke this soon after the second is not from fingers."""

SHORTEST_WINDOW: Final = 0.18
LONGEST_WINDOW: Final = 0.6
"""Seconds without a repeat after which the key is up: 2.5 learned gaps, within this."""

TAPS_UNTIL_TOGGLE: Final = 3
"""Presses in a row without a repeat, where none ever was, that mean: toggle."""


class AutoRepeat:
    """Infers from the repeats of one key when it is down.

    Attributes:
        deadline: The key is up if nothing comes until then; None: it is up.
        strokes: Bytes of the press that is on (or was last); 1: it has not repeated.
        repeats: That press has certainly repeated.
    """

    def __init__(self) -> None:
        self.deadline: float | None = None
        self.repeats = False
        self.strokes = 0
        self._last = 0.0
        self._gap = 0.16  # careful until the first hold has taught us better

    def stroke(self, now: float) -> bool:
        """The key's byte came; True if that is a press, not a repeat."""
        gap, self._last = now - self._last, now
        if self.deadline is None:
            self.repeats, self.strokes, self.deadline = False, 1, now + ARM
            return True
        self.strokes += 1
        if self.strokes > 2 and gap <= SLOWEST_REPEAT:
            # Not the gap before the first repeat: that is the system's delay.
            # The largest lately, since a network delivers repeats in bursts.
            self._gap = max(gap, 0.9 * self._gap)
            self.repeats = self.repeats or gap <= CERTAIN_REPEAT
        window = min(max(2.5 * self._gap, SHORTEST_WINDOW), LONGEST_WINDOW)
        self.deadline = now + window
        return False

    def expire(self, now: float) -> bool:
        """True, once, if the key came up."""
        if self.deadline is None or now < self.deadline:
            return False
        self.deadline = None
        return True


class TalkKey:
    """Turns strokes of the talk keys into press and release.

    Whatever comes, a ``PRESS`` is followed by a ``RELEASE`` after ``max_hold``
    seconds without a stroke, and never by another ``PRESS``.
    """

    def __init__(self, toggle: bool, max_hold: float) -> None:
        self.kitty = False
        self._toggle = toggle
        self._max_hold = max_hold
        self._taps = 0  # in a row, without a repeat; see toggling; -1: it does repeat
        self._talking_until: float | None = None
        self._down: set[int] = set()
        self._repeat = AutoRepeat()

    @property
    def method(self) -> Method:
        """Which rung of the ladder is in force."""
        if self._toggle or (self._taps >= TAPS_UNTIL_TOGGLE and not self.kitty):
            return Method.TOGGLE
        return Method.KITTY if self.kitty else Method.REPEAT

    @property
    def deadline(self) -> float | None:
        """When to call ``expire`` if nothing else comes."""
        times = (self._talking_until, self._repeat.deadline)
        return min((time for time in times if time is not None), default=None)

    def stroke(self, stroke: Stroke, now: float) -> Events:
        """A stroke of a talk key."""
        if self._talking_until is not None:
            self._talking_until = now + self._max_hold
        if stroke.kind is Kind.TYPED:
            return self._typed(now)
        if stroke.kind is Kind.PRESS:
            first = not self._down
            self._down.add(stroke.key)
            return self._went_down(now) if first else []
        if stroke.kind is Kind.RELEASE and stroke.key in self._down:
            self._down.remove(stroke.key)
            return self._came_up() if not self._down else []
        return []

    def expire(self, now: float) -> Events:
        """Time has passed: was the key let go, or held for too long?"""
        events: Events = []
        if self._repeat.expire(now):
            events += self._came_up()
            events += self._count_tap()
        if self._talking_until is not None and now >= self._talking_until:
            events += self.let_go()
        return events

    def let_go(self) -> Events:
        """End the talk whatever is down (focus lost, a message is being typed)."""
        self._down.clear()
        self._repeat.deadline = None
        return self._end()

    def focus_lost(self) -> Events:
        """The key's release will go to another window."""
        return self.let_go() if self.method is Method.KITTY else []

    def switch(self) -> Events:
        """The person wants the other one of hold and toggle."""
        before = self.method
        self._toggle = before is not Method.TOGGLE
        self._taps = min(self._taps, 0)
        return [*self.let_go(), self.method]

    def use_kitty(self, kitty: bool) -> Events:
        """The terminal does, or does not, report press and release."""
        before, self.kitty = self.method, kitty
        if self.method is before:
            return []
        return [*self.let_go(), self.method]

    def _typed(self, now: float) -> Events:
        if self._repeat.stroke(now):
            return self._went_down(now)
        if not self._repeat.repeats or self._taps < 0:
            return []
        before, self._taps = self.method, -1
        if self.method is before:
            return []
        return [self.method, *(self._begin(now))]  # they are holding it: talk

    def _went_down(self, now: float) -> Events:
        if self.method is Method.TOGGLE and self._talking_until is not None:
            return self._end()
        return self._begin(now)

    def _came_up(self) -> Events:
        return [] if self.method is Method.TOGGLE else self._end()

    def _count_tap(self) -> Events:
        before = self.method
        if self._taps < 0 or before is Method.TOGGLE:
            return []
        self._taps = self._taps + 1 if self._repeat.strokes == 1 else 0
        after = self.method
        return [] if after is before else [after]

    def _begin(self, now: float) -> Events:
        if self._talking_until is not None:
            return []
        self._talking_until = now + self._max_hold
        return [Key.PRESS]

    def _end(self) -> Events:
        if self._talking_until is None:
            return []
        self._talking_until = None
        return [Key.RELEASE]
