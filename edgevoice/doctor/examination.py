"""All checks in order: what others rest on comes first."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from edgevoice import config
from edgevoice.config import Configuration
from edgevoice.daemon.threads import LooseThreads
from edgevoice.doctor import machine, permissions, units
from edgevoice.doctor.button import EVDEV, check_button, check_lamp
from edgevoice.doctor.camera import check_camera
from edgevoice.doctor.finding import Finding, State, skipped, wrong
from edgevoice.doctor.offered import check_mcp, check_tools
from edgevoice.doctor.person import Person
from edgevoice.doctor.running import HELD, ask_daemon, devices_of
from edgevoice.doctor.settings import check_key, check_settings
from edgevoice.doctor.sound import check_microphone, check_speaker

Check: TypeAlias = Callable[[], list[Finding]]

LIMIT_S: Final = 90.0
"""A check that takes longer hangs, seconds. All have shorter limits of their own."""

GROUPS: Final = ("audio", "gpio")
"""Those that the system unit joins: ``SupplementaryGroups=``."""

_HANGS: Final = "restart the machine; if that does not help, report it with --bundle"
_UNREAD: Final = "the settings cannot be read"


@dataclass(frozen=True)
class Circumstances:
    """What is examined, and who helps.

    Attributes:
        path: The settings file; None for the built-in ones.
        socket: Where a running daemon listens.
        person: Who presses, speaks and looks; None if there is nobody to ask.
    """

    path: Path | None
    socket: Path
    person: Person | None


def examine(circumstances: Circumstances) -> Iterator[Finding]:
    """Try every part; each finding comes as soon as it is known."""
    settings, finding = check_settings(circumstances.path)
    yield finding
    status: dict[str, Any] | None
    status, finding = ask_daemon(circumstances.socket)
    yield finding
    if settings is None:
        yield skipped("session", _UNREAD)
    else:
        yield from _server(settings, circumstances.path)
    if status is not None:
        yield from devices_of(status)
    elif settings is None:
        yield from (skipped(name, _UNREAD) for name in ("microphone", "speaker"))
    else:
        yield from _devices(settings, circumstances.person)
    if settings is None:
        yield from (skipped(name, _UNREAD) for name in ("tools", "mcp", "camera"))
    else:
        yield from _abilities(settings, circumstances.person)
    yield from _machine(settings, held=status is not None)


def _server(settings: Configuration, path: Path | None) -> Iterator[Finding]:
    from edgevoice.daemon.server import server_of
    from edgevoice.doctor.server import check_server, check_token

    source = server_of(settings, "").source
    key, finding = (
        check_key(settings.live, path) if source is None else check_token(source)
    )
    yield finding
    server = server_of(settings, key or "")
    yield from _within_limit(
        "session",
        lambda: check_server(server.address, key, server.options, server.fallbacks),
    )


def _devices(settings: Configuration, person: Person | None) -> Iterator[Finding]:
    microphone, speaker = settings.microphone.device, settings.speaker.device

    def speak() -> None:
        if person:
            person.tell("Say something now, for three seconds.")

    heard = [
        *_within_limit(
            "microphone",
            lambda: check_microphone(microphone, spoken=bool(person), ready=speak),
        )
    ]
    yield from heard
    ear = microphone if heard[0].state is State.OK else None
    volume = settings.speaker.volume
    yield from _within_limit(
        "speaker", lambda: check_speaker(speaker, volume, ear, person)
    )
    source, pin = settings.button.source, settings.button.pin
    yield from _within_limit("button", lambda: check_button(source, pin, person))
    lamp = settings.indicator.pin
    yield from _within_limit("lamp", lambda: [check_lamp(source, lamp, person)])


def _abilities(settings: Configuration, person: Person | None) -> Iterator[Finding]:
    """What the model may do and see; none of it is held by a running daemon."""
    service = units.is_enabled()
    checks: dict[str, Callable[[], Finding]] = {
        "tools": lambda: check_tools(settings),
        "mcp": lambda: check_mcp(settings),
        "camera": lambda: check_camera(settings.camera, person, service=service),
    }
    for name, check in checks.items():
        yield from _within_limit(name, _alone(check))


def _machine(settings: Configuration | None, *, held: bool) -> Iterator[Finding]:
    user = units.person_behind(os.environ)
    source = settings.button.source if settings else "none"
    unit = units.check_unit()
    installed = unit.state is not State.SKIPPED
    as_service = os.getuid() == 0 and installed
    state = machine.SYSTEM_STATE if as_service else config.state_directory()
    service = installed and units.is_enabled()
    checks: dict[str, Callable[[], Finding]] = {
        "permissions": lambda: _permissions(
            source, user.pw_name, service=service, held=held
        ),
        "groups": lambda: units.check_groups(GROUPS, installed=installed),
        "installed": units.check_installed,
        "variant": lambda: units.check_variant(user),
        "unit": lambda: unit,
        "user-unit": lambda: units.check_unit(user),
        "linger": lambda: units.check_linger(user),
        "wifi": machine.check_wifi,
        "power": machine.check_power,
        "disk": lambda: machine.check_disk(state),
        "memory": machine.check_memory,
    }
    for name, check in checks.items():
        yield from _within_limit(name, _alone(check))


def _permissions(source: str, user: str, *, service: bool, held: bool) -> Finding:
    """Judge whoever is to use the devices; a person's daemon that runs may."""
    pedal = [source.removeprefix(EVDEV)] if source.startswith(EVDEV) else []
    patterns = [*permissions.DEVICES, *pedal]
    if service:
        groups = [*GROUPS, *(["input"] if pedal else [])]
        return permissions.check_service_permissions(groups, patterns)
    if held:
        return skipped("permissions", HELD)
    return permissions.check_permissions(user, patterns)


def _alone(check: Callable[[], Finding]) -> Check:
    return lambda: [check()]


def _within_limit(name: str, check: Check, limit: float = LIMIT_S) -> list[Finding]:
    """Run a check in a thread that is left behind if it hangs."""
    try:
        return LooseThreads().submit(check).result(limit)
    except TimeoutError:
        return [wrong(name, f"did not end within {limit:.0f} s", _HANGS)]
