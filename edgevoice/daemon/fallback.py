"""Which of several models is asked for: the first that can be had."""

from collections.abc import Sequence
from typing import Final

from edgevoice.daemon.backoff import STABLE_S
from edgevoice.live.closing import Ending, Remedy

AGAIN_S: Final = 3600.0
"""After so long a new session tries the first one again, seconds."""

PATIENCE: Final = 2
"""So many internal errors in a row of new sessions, and the model is given up."""


class Fallback:
    """Goes through a list of models; loop's thread only.

    Args:
        models: In order; one at least.
        bound: The one of a session that goes on, to begin with; any other: the first.
        now: Seconds of any clock.
    """

    def __init__(
        self, models: Sequence[str], bound: str = "", now: float = 0.0
    ) -> None:
        self._models = models
        self._at = models.index(bound) if bound in models else 0
        self._since = now
        self._errors = 0

    @property
    def model(self) -> str:
        """The one to ask for."""
        return self._models[self._at]

    def begin(self, now: float, *, resuming: bool) -> bool:
        """A connection is about to be made.

        Args:
            now: On the same clock.
            resuming: It goes on with a session, which is bound to its model.

        Returns:
            Whether the first model is tried again.
        """
        again = self._at > 0 and not resuming and now - self._since >= AGAIN_S
        if again:
            self._at = 0
        return again

    def ended(
        self, ending: Ending, lived: float, now: float, *, resumed: bool
    ) -> str | None:
        """Judge the model by how a connection ended.

        Args:
            ending: How.
            lived: Seconds from setupComplete to its end.
            now: On the clock of ``begin``.
            resumed: It was to go on with a session: then the handle may be at fault.

        Returns:
            The model to be tried at once instead; None if this one stays, or if all
            have been tried.
        """
        retried = ending.remedy is Remedy.RESUME
        failed = ending.internal and retried and lived < STABLE_S and not resumed
        self._errors = self._errors + 1 if failed else 0
        if not ending.no_such_model and self._errors < PATIENCE:
            return None
        self._errors = 0
        self._at = (self._at + 1) % len(self._models)
        self._since = now
        return self.model if self._at else None
