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

from edgevoice import tool_mistakes
from edgevoice.errors import ConfigError, CredentialError
from edgevoice.live import endpoint, models
from edgevoice.tools import names

SYSTEM_FILE: Final = Path("/etc/edgevoice/edgevoice.toml")

CREDENTIAL_NAME: Final = "gemini-api-key"
"""Name of the file in ``$CREDENTIALS_DIRECTORY`` (systemd ``LoadCredential=``)."""

INSTRUCTIONS: Final = (
    "You are a voice assistant in a small box with a button. "
    "Answer in the language of the question, in one to three short sentences, "
    "unless more is asked for. Your answer is spoken: no lists, no markup."
)

BuiltIn: TypeAlias = Literal[
    "volume", "stop", "new_conversation", "date_and_time", "device_status"
]
"""Functions of edgevoice itself that the model may call."""

BUILT_IN: Final[tuple[BuiltIn, ...]] = typing.get_args(BuiltIn)


SECRET: Final = frozenset(
    {"key_file", "token_command", "token_url", "token_secret_file"}
    | {"secrets", "headers", "environment"}
)
"""Keys into which some write a secret: their values are not shown."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table: immutable, named, nothing unknown."""


Name: TypeAlias = Annotated[str, Meta(min_length=1)]


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


class Generation(Settings, frozen=True):
    """``[live.generation]``: how the model chooses its words."""

    temperature: Annotated[float, Meta(ge=-1, le=2)] = -1
    """How freely; below 0 it is left to the model."""
    top_p: Annotated[float, Meta(ge=-1, le=1)] = -1
    """Share of the likeliest words to choose from; below 0: left to the model."""
    top_k: Annotated[int, Meta(ge=0, le=1000)] = 0
    """Number of the likeliest words to choose from; 0: left to the model."""
    max_output_tokens: Annotated[int, Meta(ge=0, le=65_536)] = 0
    """Where an answer is cut off, tokens; 0: left to the model."""
    seed: Annotated[int, Meta(ge=-1, le=2_147_483_647)] = -1
    """The same one for the same words again; -1: chance."""
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] = 0
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] = 0
    media_resolution: Literal["", "low", "medium", "high"] = ""


class Thinking(Settings, frozen=True):
    """``[live.thinking]``: a level or a budget, as the model takes it."""

    level: Literal["", "minimal", "low", "medium", "high"] = ""
    budget: Annotated[int, Meta(ge=-1, le=65_536)] = -1
    """Tokens; 0 thinks nothing, -1 leaves it to the model."""
    thoughts: bool = False
    """Have them told, to ``edgevoice watch``."""


class Transcription(Settings, frozen=True):
    """``[live.transcription]``: what helps to write down what is said."""

    languages: list[str] = field(default_factory=list)
    vocabulary: list[str] = field(default_factory=list)


class Translation(Settings, frozen=True):
    """``[live.translation]``, for models that interpret."""

    target: str = ""
    echo: bool = False


class Live(Settings, frozen=True):
    """``[live]``: the server, the model, how it answers."""

    endpoint: str = "wss://generativelanguage.googleapis.com"
    api_version: Literal["v1beta", "v1alpha", "v1"] = "v1beta"
    model: Name | Annotated[list[Name], Meta(min_length=1)] = "gemini-3.8-live"
    """One, or several in order: the next is tried when one is not to be had."""
    instructions: str = INSTRUCTIONS
    instructions_file: str = ""
    voice: str = ""
    language: str = ""
    transcripts: bool = True
    key_file: str = ""
    token_command: list[str] = []
    """Program and arguments; prints a token for a session."""
    token_url: str = ""
    token_method: Literal["POST", "GET"] = "POST"
    token_secret_file: str = ""
    answer_timeout_s: Annotated[float, Meta(ge=2, le=120)] = 15
    keep_s: Annotated[float, Meta(ge=0, le=3600)] = 300
    google_search: bool = False
    code_execution: bool = False
    url_context: bool = False
    proactive_audio: bool = False
    affective_dialog: bool = False
    safety: Literal["", "low", "medium", "high", "none"] = ""
    """How likely harm must be to be blocked."""
    compression: Compression = field(default_factory=Compression)
    session: SessionSettings = field(default_factory=SessionSettings)
    generation: Generation = field(default_factory=Generation)
    thinking: Thinking = field(default_factory=Thinking)
    transcription: Transcription = field(default_factory=Transcription)
    translation: Translation = field(default_factory=Translation)


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


class Camera(Settings, frozen=True):
    """``[camera]``: a command that prints a JPEG or PNG."""

    command: list[Annotated[str, Meta(min_length=1)]] = field(default_factory=list)
    """The program and its arguments; no shell. Empty: there is no camera."""
    when: Literal["never", "asked", "press"] = "asked"
    """At ``edgevoice look`` without a file, or at each press."""
    timeout_s: Annotated[float, Meta(ge=1, le=30)] = 5
    """A camera that takes longer is ended, seconds."""
    size: Annotated[int, Meta(ge=64, le=1024)] = 768
    """Longest side of what the model is shown, pixels."""


class Control(Settings, frozen=True):
    """``[control]``."""

    socket: str = ""


class Functions(Settings, frozen=True):
    """``[functions]``: what the model may call without more ado."""

    builtin: tuple[BuiltIn, ...] = BUILT_IN
    installed: tuple[Annotated[str, Meta(pattern=names.LEGAL)], ...] = ()
    """Python functions that other packages offer, by their names (entry points)."""
    confirm: tuple[str, ...] = ()
    """Names of those of either kind that ask for a press of the button."""
    timeout_s: Annotated[float, Meta(ge=1, le=3600)] = 20


class ToolSettings(Settings, frozen=True):
    """``[[tools]]``: a command that the model may run; one table for each."""

    name: Annotated[str, Meta(pattern=names.LEGAL)]
    description: Annotated[str, Meta(min_length=1, max_length=2000)]
    command: tuple[str, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    """A JSON schema, or its short form; see ``tools.schema.schema_of``."""
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Variables by their files, or by the names of credentials that systemd gives."""
    stdin: bool = False
    stream: bool = False
    background: bool = False
    scheduling: Literal["INTERRUPT", "WHEN_IDLE", "SILENT"] = "WHEN_IDLE"
    confirm: Literal["never", "press"] = "never"
    timeout_s: Annotated[float, Meta(ge=1, le=3600)] = 10


class McpSettings(Settings, frozen=True):
    """``[[mcp]]``: an MCP server whose tools the model may call; one table for each."""

    name: Annotated[str, Meta(pattern=names.LEGAL)]
    command: tuple[str, ...] = ()
    url: Annotated[str, Meta(pattern="^(https?://[^/].*)?$")] = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers by their files; see ``ToolSettings.secrets``."""
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    """Names of its tools that the model may call; empty: all."""
    confirm: Literal["never", "press"] = "never"
    timeout_s: Annotated[float, Meta(ge=1, le=120)] = 20


class History(Settings, frozen=True):
    """``[history]``: what was said, on disk."""

    file: str = ""
    """Where it is written; relative to the state directory. Empty: nowhere."""
    max_kb: Annotated[int, Meta(ge=10, le=1_000_000)] = 1000
    """Size at which a new file is begun, kilobytes; one old file is kept."""


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
    history: History = field(default_factory=History)
    camera: Camera = field(default_factory=Camera)
    control: Control = field(default_factory=Control)
    functions: Functions = field(default_factory=Functions)
    tools: tuple[ToolSettings, ...] = ()
    mcp: tuple[McpSettings, ...] = ()
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
        elif entry := entry_of(hints[key]):
            yield from _mistakes_in_list(entry, value, name)
        else:
            try:
                msgspec.convert(value, hints[key])
            except msgspec.ValidationError as error:
                wrong = _choices(hints[key]) or _in_words(str(error))
                wrong = wrong[0].lower() + wrong[1:]
                # Some write the key itself where its file belongs.
                shown = name if key in SECRET else f"{name} = {value!r}"
                yield f"{shown}: {wrong}"
    for key in _required(kind):
        if key not in table:
            yield f"{prefix}{key}: is missing"


def entry_of(hint: Any) -> type[Settings] | None:
    """The struct of one table of a list, as ``[[tools]]``; None if it is none."""
    inner = typing.get_args(hint)
    if typing.get_origin(hint) is not tuple or not isinstance(inner[0], type):
        return None
    return inner[0] if issubclass(inner[0], Settings) else None


def _mistakes_in_list(kind: type[Settings], tables: Any, name: str) -> Iterator[str]:
    """Those in a list of tables; the first is ``tools[1]``."""
    if not isinstance(tables, list):
        yield f"{name}: is a list of tables; write [[{name}]]"
        return
    for number, table in enumerate(tables, 1):
        if isinstance(table, dict):
            yield from _mistakes(kind, table, f"{name}[{number}].")
        else:
            yield f"{name}[{number}]: is a table; write [[{name}]]"


def _required(kind: type[Settings]) -> Iterator[str]:
    for one in msgspec.structs.fields(kind):
        if one.required:
            yield one.name


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
        elif entry := entry_of(hint):
            found += _paths(entry, key, f"{prefix}{name}[].")
    return found


def _choices(hint: Any) -> str:
    """What may stand there, if that is one of a few; else nothing."""
    if typing.get_origin(hint) is Literal:
        return "must be one of " + ", ".join(v or '""' for v in typing.get_args(hint))
    if typing.get_origin(hint) is tuple and typing.get_origin(_first(hint)) is Literal:
        return "must be a list, of " + ", ".join(typing.get_args(_first(hint)))
    if hint == typing.get_type_hints(ToolSettings, include_extras=True)["name"]:
        return "must be letters, digits, _, . and -, a letter first, 64 at most"
    if hint == typing.get_type_hints(McpSettings, include_extras=True)["url"]:
        return "must be an address: https://HOST/mcp"
    if hint == typing.get_type_hints(Button, include_extras=True)["source"]:
        return "must be one of gpio, keyboard, none, evdev:/dev/input/by-id/NAME"
    return ""


def _first(hint: Any) -> Any:
    return typing.get_args(hint)[0]


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
    camera = settings.camera
    if camera.when == "press" and not camera.command:
        yield "camera.when = 'press': needs a camera.command that takes the picture"
    yield from _token_mistakes(live)
    if settings.history.file and not live.transcripts:
        yield "history.file: needs live.transcripts = true, else there is no text"
    wrong = (
        refusal
        for model in model_names(live)
        for refusal in models.refusals(model, live.api_version, {*_asked(live)})
    )
    for key, why in dict.fromkeys(wrong):
        yield f"live.{key}: {why}"
    uses_gpio = settings.button.source == "gpio"
    if uses_gpio and settings.button.pin == settings.indicator.pin:
        yield f"indicator.pin = {settings.indicator.pin}: is the button's pin too"
    try:
        instructions(live)
    except ConfigError as error:
        yield str(error)
    yield from tool_mistakes.mistakes(settings)


def _token_mistakes(live: Live) -> Iterator[str]:
    """What is wrong with where the tokens come from; none of it is shown."""
    if live.token_command and live.token_url:
        yield "live.token_url: there is live.token_command, too; take one of them away"
    if live.token_command and not live.token_command[0]:
        yield "live.token_command: begins with an empty text; name a program"
    if live.token_url:
        try:
            endpoint.check_token_url(live.token_url)
        except ConfigError as error:
            yield f"live.token_url: {error}"
    elif live.token_secret_file:
        yield "live.token_secret_file: is for live.token_url, which is not set"


def model_names(live: Live) -> tuple[str, ...]:
    """The models in the order in which they are tried; one at least."""
    return (live.model,) if isinstance(live.model, str) else tuple(live.model)


def _asked(table: Settings, prefix: str = "") -> Iterator[str]:
    """The keys that are not at their defaults, as ``thinking.level``."""
    default = type(table)()
    for name in table.__struct_fields__:
        value = getattr(table, name)
        if isinstance(value, Settings):
            yield from _asked(value, f"{prefix}{name}.")
        elif value != getattr(default, name):
            yield f"{prefix}{name}"


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

Kind: TypeAlias = Literal["credential", "key_file", "token_secret_file"]
"""Who names the file of a secret."""


def credential(live: Live, environ: Mapping[str, str] = os.environ) -> str:
    """The API key or ephemeral token.

    In this order: systemd's credential, ``key_file``, ``$GEMINI_API_KEY``. With
    ``token_command`` or ``token_url`` none of them counts.

    Returns:
        The credential; empty if a token is to be fetched for each session.

    Raises:
        CredentialError: There is none, or its file is open to others. The text
            never holds the key.
    """
    if fetches_tokens(live):
        return ""
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


def fetches_tokens(live: Live) -> bool:
    """Whether a token is fetched for each session, so that no key counts."""
    return bool(live.token_command or live.token_url)


def token_secret(path: str) -> str:
    """The secret that ``token_secret_file`` holds.

    Raises:
        CredentialError: It cannot be read, or others can read it.
    """
    file = Path(os.path.expanduser(path))
    secret = _read_key(file, "token_secret_file")
    return checked_key(secret, "live.token_secret_file", "secret")


def _read_key(path: Path, kind: Kind) -> str:
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            # systemd's own copy is 0440, in a folder that only the service can enter.
            group = 0 if kind == "credential" else stat.S_IRWXG
            if mode & (group | stat.S_IRWXO):
                what = "secret" if kind == "token_secret_file" else "key"
                raise CredentialError(
                    f"{what} file {path} can be read by others: chmod 600 {path}"
                )
            return file.read(4096)
    except OSError as error:
        # Its name stays out of the text: it may be the key itself.
        raise CredentialError(
            f"the file that {_NAMED_BY[kind]} names cannot be read: {error.strerror}"
        ) from None
    except ValueError:
        raise CredentialError(
            f"the file that {_NAMED_BY[kind]} names holds no {_HOLDS[kind]}"
        ) from None


_NAMED_BY: Final = {
    "credential": f"LoadCredential={CREDENTIAL_NAME}",
    "key_file": "live.key_file (a path, not the key)",
    "token_secret_file": "live.token_secret_file (a path, not the secret)",
}
_HOLDS: Final = {
    "credential": "API key",
    "key_file": "API key",
    "token_secret_file": "secret",
}


def checked_key(key: str, where: str, what: str = "API key") -> str:
    """A key, or what else is meant, without the space around it.

    Raises:
        CredentialError: It cannot be one; the text never holds it.
    """
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise CredentialError(f"{where} holds no {what} (one line, no spaces)")
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
