"""The other tables, and ``Configuration``, which holds them all."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, field

from edgevoice.config.live_table import Live
from edgevoice.config.table import Settings
from edgevoice.config.tool_tables import Functions, McpSettings, ToolSettings


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
    always_on: bool = False
    """Whether the card runs while there is nothing to be heard."""


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
