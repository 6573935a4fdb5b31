"""The state in one line of plain words: what ``systemctl status`` shows as Status."""

import asyncio
from typing import Any, Final

from edgevoice.daemon import supervisor
from edgevoice.daemon.appliance import Appliance
from edgevoice.report import duration

REFRESH_S: Final = 60.0
"""How often the line is told anew though nothing happened, seconds: the link ages."""


async def keep_told(appliance: Appliance, stopped: asyncio.Event) -> None:
    """Tell systemd the state at every change, until cancelled or ``stopped``."""
    clock = asyncio.get_running_loop().time
    told = ""

    def tell(_: dict[str, Any] | None = None) -> None:
        nonlocal told
        words = in_words(appliance, clock())
        if words != told and not stopped.is_set():
            told = words
            supervisor.notify(STATUS=words)

    stop_listening = appliance.news.listen(tell)
    try:
        while True:
            tell()
            await asyncio.sleep(REFRESH_S)
    finally:
        stop_listening()


def in_words(appliance: Appliance, now: float) -> str:
    """What it does, how its link is, and what is wrong.

    Args:
        appliance: Whose state.
        now: Loop's clock, seconds.

    Returns:
        For example ``ready: link up for 3 h 12 min``, ``listening: link up``,
        ``idle: waiting for the server: cannot connect: ...; no microphone: ...``.
    """
    sound = appliance.sound
    problems = {
        "no button": appliance.control_error,
        "no lamp": appliance.lamp_error,
        "no microphone": sound.microphone.error,
        "no speaker": sound.speaker.error,
    }
    wrong = [f"{what}: {error}" for what, error in problems.items() if error]
    well = appliance.link.status == "up" and not wrong
    does = "ready" if well and appliance.phase == "idle" else appliance.phase
    parts = [f"{does}: {_link(appliance, now)}", *wrong]
    parts += filter(None, (appliance.budget.error, appliance.settings_error))
    if (money := appliance.budget.purse.money_today) > 0:
        parts.append(f"{appliance.budget.purse.words(money)} today")
    return "; ".join(parts)


def _link(appliance: Appliance, now: float) -> str:
    link = appliance.link
    match link.status:
        case "up":
            since = now if link.reached_since is None else link.reached_since
            age = round(now - since)
            return f"link up for {duration(age)}" if age >= 60 else "link up"
        case "refused":
            return f"the server refuses: {link.error}"
        case _ if link.error:
            return f"waiting for the server: {link.error}"
        case _:
            return "connecting to the server"
