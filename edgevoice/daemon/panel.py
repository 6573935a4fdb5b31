"""The lamp, the status line, whatever shows the signal: kept in line with the state."""

from edgevoice.controls.control import Indicator, Signal


class Panel:
    """All indicators of one appliance; loop's thread only."""

    def __init__(self) -> None:
        self._indicators: list[Indicator] = []
        self._shown = Signal.OFFLINE

    def add(self, indicator: Indicator) -> None:
        """Show the signal here too, from now on."""
        self._indicators.append(indicator)
        indicator.show(self._shown)

    def remove(self, indicator: Indicator) -> None:
        """Show nothing there any more."""
        self._indicators.remove(indicator)

    def show(self, signal: Signal) -> None:
        """Show this signal everywhere; the same again changes nothing."""
        if signal is not self._shown:
            self._shown = signal
            for indicator in self._indicators:
                indicator.show(signal)


def signal_for(
    phase: str, link: str, *, broken: bool, asks: bool = False, budget: bool = False
) -> Signal:
    """The signal for a state: what the person does comes first, then what is wrong.

    Args:
        phase: ``idle``, ``listening``, ``thinking`` or ``speaking``.
        link: ``up``, ``connecting``, ``down`` or ``refused``.
        broken: A device or the button is missing.
        asks: A call waits for the person's press.
        budget: The day's budget is spent, or the person is warned of it.
    """
    if asks:
        return Signal.ASKING
    if phase == "thinking" and link != "up":
        return Signal.OFFLINE  # it is kept; nobody thinks about it
    if phase != "idle":
        return Signal(phase)
    if broken or link == "refused":
        return Signal.ERROR
    if budget:
        return Signal.BUDGET
    return Signal.IDLE if link == "up" else Signal.OFFLINE
