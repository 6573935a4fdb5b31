"""The settings: what may stand in the TOML file, and where the credential is.

Each table is a struct; the range of a key is in its type. A mistake is told with
the key's path and the nearest right name, all of them at once.
"""

import difflib
import os
import re
import stat
import tomllib
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct, field

from edgevoice.errors import ConfigError, CredentialError
from edgevoice.live import endpoint

SYSTEM_FILE: Final = Path("/etc/edgevoice/edgevoice.toml")

CREDENTIAL_NAME: Final = "gemini-api-key"
"""Name of the file in ``$CREDENTIALS_DIRECTORY`` (systemd ``LoadCredential=``)."""

INSTRUCTIONS: Final = (
    "You are a voice assistant in a small box with a button. "
    "Answer in the language of the question, in one to three short sentences, "
    "unless more is asked for. Your answer is spoken: no lists, no markup."
)


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table: immutable, named, nothing unknown."""


class Compression(Settings, frozen=True):
    """``[live.compression]``: every turn pays for the whole context."""

    trigger_tokens: Annotated[int, Meta(ge=0, le=1_000_000)] = 16_000
    """Context size that starts a compression, tokens; 0 never compresses."""
    target_tokens: Annotated[int, Meta(ge=0, le=1_000_000)] = 8_000
    """Context size after it, tokens; 0 leaves it half of the trigger."""


class SessionSettings(Settings, frozen=True):
    """``[live.session]``."""

    idle_reset_minutes: Annotated[float, Meta(ge=0, le=1440)] = 10
    """A pause this long starts a new conversation, minutes; 0 never does."""
    connection_minutes: Annotated[float, Meta(ge=0, le=60)] = 9
    """A connection this old is replaced in the next pause; 0: only if it must be."""


class Live(Settings, frozen=True):
    """``[live]``: the server, the model, how it answers."""

    endpoint: str = "wss://generativelanguage.googleapis.com"
    api_version: Literal["v1beta", "v1alpha", "v1"] = "v1beta"
    model: Annotated[str, Meta(min_length=1)] = "gemini-3.8-live"
    instructions: str = INSTRUCTIONS
    instructions_file: str = ""
    voice: str = ""
    language: str = ""
    transcripts: bool = True
    key_file: str = ""
    answer_timeout_s: Annotated[float, Meta(ge=2, le=120)] = 15
    keep_s: Annotated[float, Meta(ge=0, le=3600)] = 300
    compression: Compression = field(default_factory=Compression)
    session: SessionSettings = field(default_factory=SessionSettings)


class Microphone(Settings, frozen=True):
    """``[microphone]``."""

    device: Annotated[str, Meta(min_length=1)] = "default"
    pre_roll_ms: Annotated[int, Meta(ge=0, le=2000)] = 400
    """Sound from before the press that is sent with it; 0: closed until a press."""
    tail_ms: Annotated[int, Meta(ge=0, le=2000)] = 200
    """Sound after the release that is sent with it."""


class Speaker(Settings, frozen=True):
    """``[speaker]``."""

    device: Annotated[str, Meta(min_length=1)] = "default"
    volume: Annotated[int, Meta(ge=0, le=100)] = 80
    earcons: bool = True


class Button(Settings, frozen=True):
    """``[button]``."""

    source: Annotated[str, Meta(pattern="^(gpio|keyboard|none|evdev:.+)$")] = "gpio"
    pin: Annotated[int, Meta(ge=0, le=27)] = 17
    mode: Literal["hold", "toggle"] = "hold"
    tap_ms: Annotated[int, Meta(ge=0, le=1000)] = 200
    max_hold_s: Annotated[int, Meta(ge=1, le=300)] = 120


class Indicator(Settings, frozen=True):
    """``[indicator]``."""

    pin: Annotated[int, Meta(ge=-1, le=27)] = 25
    """Header pin of the LED, BCM number; -1: no LED."""


class Control(Settings, frozen=True):
    """``[control]``."""

    socket: str = ""


class Budget(Settings, frozen=True):
    """``[budget]``: what a day may cost."""

    daily: Annotated[float, Meta(ge=0, le=100_000)] = 0
    """Money a day, in the currency of the prices; 0: no budget."""


Price: TypeAlias = Annotated[float, Meta(ge=-1, le=100_000)]
"""For a million tokens; below 0: the built-in price of the model."""


class PriceSettings(Settings, frozen=True):
    """``[prices]``: other prices than the built-in ones of ``live.usage``."""

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"
    input_text: Price = -1
    input_audio: Price = -1
    input_image: Price = -1
    output_text: Price = -1
    output_audio: Price = -1
    cached: Annotated[float, Meta(ge=0, le=1)] = 1
    """The part of its price that is paid for input that the server had kept."""


class Configuration(Settings, frozen=True):
    """Everything in the file."""

    live: Live = field(default_factory=Live)
    microphone: Microphone = field(default_factory=Microphone)
    speaker: Speaker = field(default_factory=Speaker)
    button: Button = field(default_factory=Button)
    indicator: Indicator = field(default_factory=Indicator)
    control: Control = field(default_factory=Control)
    budget: Budget = field(default_factory=Budget)
    prices: PriceSettings = field(default_factory=PriceSettings)


def find(explicit: str | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The settings file to use, or None for the built-in defaults.

    One that is named (``--config`` or ``$EDGEVOICE_CONFIG``) is taken whether it
    exists or not; the others only if they do. The system's, which a package brings
    with every key commented out, does not hide a person's own before it sets anything.
    """
    named = explicit or environ.get("EDGEVOICE_CONFIG")
    if named:
        return Path(named)
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config"
    own = Path(home) / "edgevoice" / "edgevoice.toml"
    # isfile is False too where we may not look
    if os.path.isfile(own) and sets_nothing(SYSTEM_FILE):
        return own
    for path in (SYSTEM_FILE, own):
        if os.path.isfile(path):
            return path
    return None


def sets_nothing(path: Path) -> bool:
    """Whether a settings file is all comments and heads of tables."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return not [*_set_keys(table)]


def _set_keys(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _set_keys(value)
        else:
            yield key


def load(path: Path | None) -> Configuration:
    """Read and check a settings file; None gives the defaults.

    Raises:
        ConfigError: One line for every mistake in it.
    """
    if path is None:
        return Configuration()
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    return parse(text, path)


def parse(text: str, path: Path) -> Configuration:
    """Check the text of a settings file; ``path`` is for what is said of it.

    Raises:
        ConfigError: One line for every mistake in it.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    mistakes = [*_mistakes(Configuration, table, "")]
    if not mistakes:
        configuration = msgspec.convert(table, Configuration)
        mistakes = [*_contradictions(configuration)]
        if not mistakes:
            return configuration
    raise ConfigError(*(f"{path}: {mistake}" for mistake in mistakes))


def _mistakes(
    kind: type[Settings], table: Mapping[str, Any], prefix: str
) -> Iterator[str]:
    """Every mistake in a table, not just the first."""
    hints = typing.get_type_hints(kind, include_extras=True)
    for key, value in table.items():
        name = prefix + (key if key.isprintable() else repr(key))
        if key not in hints:
            yield f"{name}: unknown key; {_nearest(key, hints, prefix)}"
        elif isinstance(hints[key], type) and issubclass(hints[key], Settings):
            if isinstance(value, dict):
                yield from _mistakes(hints[key], value, f"{name}.")
            else:
                yield f"{name}: is a table; write [{name}]"
        else:
            try:
                msgspec.convert(value, hints[key])
            except msgspec.ValidationError as error:
                wrong = _choices(hints[key]) or _in_words(str(error))
                wrong = wrong[0].lower() + wrong[1:]
                # Some write the key itself where its file belongs.
                shown = name if key == "key_file" else f"{name} = {value!r}"
                yield f"{shown}: {wrong}"


def _in_words(error: str) -> str:
    """What msgspec says, for somebody who does not know Python's types."""
    for kind, words in _KINDS.items():
        error = re.sub(rf"\b{kind}\b", words, error)
    return error.replace("`", "")


_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "object": "a table",
    "array": "a list",
}


def _nearest(key: str, hints: Mapping[str, Any], prefix: str) -> str:
    """What was meant: a name like it here, or the same name in another table."""
    near = difflib.get_close_matches(key, hints, n=1, cutoff=0.6)
    meant = [f"{prefix}{near[0]}"] if near else _paths(Configuration, key)
    if meant:
        return f"did you mean {' or '.join(meant)}?"
    return "known here: " + ", ".join(hints)


def _paths(kind: type[Settings], key: str, prefix: str = "") -> list[str]:
    """Every place in the settings where this key may stand."""
    found = []
    for name, hint in typing.get_type_hints(kind).items():
        if name == key:
            found.append(f"{prefix}{name}")
        if isinstance(hint, type) and issubclass(hint, Settings):
            found += _paths(hint, key, f"{prefix}{name}.")
    return found


def _choices(hint: Any) -> str:
    """What may stand there, if that is one of a few; else nothing."""
    if typing.get_origin(hint) is Literal:
        return "must be one of " + ", ".join(typing.get_args(hint))
    if hint == typing.get_type_hints(Button, include_extras=True)["source"]:
        return "must be one of gpio, keyboard, none, evdev:/dev/input/by-id/NAME"
    return ""


def _contradictions(settings: Configuration) -> Iterator[str]:
    """What is wrong though each key by itself is right."""
    live = settings.live
    try:
        endpoint.check(live.endpoint)
    except ConfigError as error:
        yield f"live.endpoint: {error}"
    pair = live.compression
    if pair.trigger_tokens and pair.target_tokens >= pair.trigger_tokens:
        yield (
            f"live.compression.target_tokens = {pair.target_tokens}: must be less "
            f"than trigger_tokens ({pair.trigger_tokens})"
        )
    uses_gpio = settings.button.source == "gpio"
    if uses_gpio and settings.button.pin == settings.indicator.pin:
        yield f"indicator.pin = {settings.indicator.pin}: is the button's pin too"
    try:
        instructions(live)
    except ConfigError as error:
        yield str(error)


def instructions(live: Live) -> str:
    """The system instruction, from the file if one is named.

    Raises:
        ConfigError: The file cannot be read.
    """
    if not live.instructions_file:
        return live.instructions
    try:
        return Path(live.instructions_file).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"live.instructions_file = {live.instructions_file!r}: "
            f"cannot be read: {error.strerror}"
        ) from None
    except ValueError:
        raise ConfigError(
            f"live.instructions_file = {live.instructions_file!r}: is not UTF-8 text"
        ) from None


# -- the credential ------------------------------------------------------------


def credential(live: Live, environ: Mapping[str, str] = os.environ) -> str:
    """The API key or ephemeral token.

    In this order: systemd's credential, ``key_file``, ``$GEMINI_API_KEY``.

    Raises:
        CredentialError: There is none, or its file is open to others. The text
            never holds the key.
    """
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if directory:
        path = Path(directory) / CREDENTIAL_NAME
        # The unit brings a blank one where the person has made none: look further.
        if os.path.exists(path) and (key := _read_key(path, "credential").strip()):
            return checked_key(key, f"credential {path}")
    if live.key_file:
        path = Path(os.path.expanduser(live.key_file))
        return checked_key(_read_key(path, "key_file"), f"key file {path}")
    if environ.get("GEMINI_API_KEY", "").strip():
        return checked_key(environ["GEMINI_API_KEY"], "$GEMINI_API_KEY")
    raise CredentialError(
        "no API key: set GEMINI_API_KEY, or live.key_file in the settings, or as a "
        f"service LoadCredential={CREDENTIAL_NAME}"
    )


def _read_key(path: Path, kind: Literal["credential", "key_file"]) -> str:
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            # systemd's own copy is 0440, in a folder that only the service can enter.
            group = stat.S_IRWXG if kind == "key_file" else 0
            if mode & (group | stat.S_IRWXO):
                raise CredentialError(
                    f"key file {path} can be read by others: chmod 600 {path}"
                )
            return file.read(4096)
    except OSError as error:
        # Its name stays out of the text: it may be the key itself.
        raise CredentialError(
            f"the file that {_NAMED_BY[kind]} names cannot be read: {error.strerror}"
        ) from None
    except ValueError:
        raise CredentialError(
            f"the file that {_NAMED_BY[kind]} names holds no API key"
        ) from None


_NAMED_BY: Final = {
    "credential": f"LoadCredential={CREDENTIAL_NAME}",
    "key_file": "live.key_file (a path, not the key)",
}


def checked_key(key: str, where: str) -> str:
    """A key without the space around it.

    Raises:
        CredentialError: It cannot be one; the text never holds it.
    """
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise CredentialError(f"{where} holds no API key (one line, no spaces)")
    return key


# -- where things are ------------------------------------------------------------


def socket_path(control: Control, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the daemon listens for commands."""
    if control.socket:
        return Path(control.socket)
    if environ.get("RUNTIME_DIRECTORY"):
        return Path(environ["RUNTIME_DIRECTORY"]) / "control.sock"
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return Path(runtime) / "edgevoice" / "control.sock"


def state_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where what outlives a restart is kept."""
    if environ.get("STATE_DIRECTORY"):
        return Path(environ["STATE_DIRECTORY"])
    home = environ.get("XDG_STATE_HOME") or (
        Path(environ.get("HOME", "/")) / ".local" / "state"
    )
    return Path(home) / "edgevoice"
