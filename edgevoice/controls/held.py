"""Who is holding the talk button, when there is more than one.

Pure: no thread, no clock. The grip may move from the button to a key or to
``edgevoice press`` without a gap: the talk goes on while *any* source is held.
"""


class HeldSources:
    """The set of sources that are held down now.

    A source is a name: ``gpio:17``, ``keyboard``, ``socket``. Used from one thread.
    """

    def __init__(self) -> None:
        self._held: set[str] = set()

    @property
    def held(self) -> frozenset[str]:
        """The sources that are held; empty when nobody talks."""
        return frozenset(self._held)

    def press(self, source: str) -> bool:
        """Note that this source is held; True if it is the first: talk begins."""
        first = not self._held
        self._held.add(source)
        return first

    def release(self, source: str) -> bool:
        """Note that this source was let go; True if it was the last: talk ends."""
        if source not in self._held:
            return False
        self._held.remove(source)
        return not self._held

    def toggle(self, source: str) -> bool:
        """Press this source if it is not held, else release it.

        Returns:
            True if talk began or ended by it; ``held`` says which.
        """
        if source in self._held:
            return self.release(source)
        return self.press(source)

    def release_all(self) -> bool:
        """Forget every source (held too long); True if any was held."""
        any_held = bool(self._held)
        self._held.clear()
        return any_held
