"""Tokens of a turn to money. Pure.

What Google bills: every turn the whole context anew, sound that was said earlier
included and as sound; what is thought, at the price of text; results of Google's own
tools, as input. The transcripts cost nothing. Not in any count, and so not here: Google
Search (free up to a number of searches a month, then by the search).
Sources: Live API, "Best practices" (pricing and billing); Google's staff in
discuss.ai.google.dev/t/140340; a bill that was the sum of all turns' counts within
3 %, .../t/173248; counts whose details leave some tokens out, .../t/188765.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

from edgevoice.live import incoming

MILLION: Final = 1_000_000

AUDIO_TOKENS_PER_S: Final = 32
"""The most that a second of sound counts, either way; Live models count about 25."""

ANSWER_S: Final = 60
"""An answer that is longer than this is not reckoned with, seconds."""

PRICED_ON: Final = "2026-09-28"
"""When the prices below stood on ai.google.dev/gemini-api/docs/pricing (paid tier)."""


class Prices(Struct, frozen=True, kw_only=True):
    """US dollars, or what else the settings say, for a million tokens.

    Attributes:
        cached: What part of its price is to be paid for input that the server had
            kept. 1: all of it, since Google names no lower price for Live models.
    """

    input_text: float
    input_audio: float
    input_image: float
    output_text: float
    output_audio: float
    cached: float = 1.0

    def of(self, kind: str) -> float:
        """The price of a million tokens of one of ``KINDS``."""
        return float(getattr(self, "output_text" if kind == "thoughts" else kind))


_TRANSLATE: Final = Prices(
    input_text=3.5, input_audio=3.5, input_image=3.5, output_text=21, output_audio=21
)
FAMILIES: Final[Mapping[str, Prices]] = {
    # with and without extended thinking
    "gemini-3.8-live": Prices(
        input_text=0.75, input_audio=3, input_image=1, output_text=4.5, output_audio=12
    ),
    "gemini-3.1-flash-live": Prices(
        input_text=0.75, input_audio=3, input_image=1, output_text=4.5, output_audio=12
    ),
    "gemini-2.5-flash-native-audio": Prices(
        input_text=0.5, input_audio=3, input_image=3, output_text=2, output_audio=12
    ),
    "gemini-3.5-live-translate": _TRANSLATE,
    "gemini-3.5-transcribe-live": _TRANSLATE,
}
"""By how the model's name begins."""

KINDS: Final = (
    "input_text",
    "input_audio",
    "input_image",
    "output_text",
    "output_audio",
    "thoughts",
)
"""Everything that is counted by itself."""

_MODALITIES: Final = {
    "TEXT": "text",
    "DOCUMENT": "text",
    "IMAGE": "image",
    "VIDEO": "image",
}
"""All else counts as audio, the dearest: too much is better told than too little."""


def prices_of(model: str) -> Prices | None:
    """What Google asks for a model; None if it is not known."""
    name = model.removeprefix("models/")
    return next((p for f, p in FAMILIES.items() if name.startswith(f)), None)


def dearest() -> Prices:
    """The highest price of each kind in any family: for a model that is not known."""
    names = Prices.__struct_fields__
    highest = {n: max(getattr(p, n) for p in FAMILIES.values()) for n in names}
    return Prices(**highest)


class Sum(Struct, frozen=True, kw_only=True):
    """What one turn or many came to.

    Attributes:
        turns: How many of the model's turns.
        tokens: By one of ``KINDS``; those that are none are left out.
        money: In the currency of the prices.
    """

    turns: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    money: float = 0.0

    def plus(self, other: "Sum", times: int = 1) -> "Sum":
        """Both together; with ``times`` -1 this without the other."""
        tokens = Counter(self.tokens)
        for kind, count in other.tokens.items():
            tokens[kind] += times * count
        money = round(self.money + times * other.money, 9)
        return Sum(
            turns=max(0, self.turns + times * other.turns),
            tokens=dict(+tokens),
            money=max(0.0, money),
        )

    @property
    def total(self) -> int:
        """All tokens."""
        return sum(self.tokens.values())


def bill(usage: incoming.Usage, prices: Prices) -> Sum:
    """What one turn comes to."""
    tokens = _tokens(usage)
    money = sum(count * prices.of(kind) for kind, count in tokens.items())
    money -= _discount(usage, tokens, prices)
    return Sum(turns=1, tokens=dict(+tokens), money=round(money / MILLION, 9))


def _tokens(usage: incoming.Usage) -> Counter[str]:
    tokens: Counter[str] = Counter()
    for direction, count, details in (
        ("input", usage.prompt, usage.prompt_details),
        ("input", usage.tools, usage.tools_details),
        ("output", usage.response, usage.response_details),
    ):
        for modality, number in details.items():
            tokens[_kind(direction, modality)] += number
        # The details may be missing, or leave out tokens that are billed.
        tokens[f"{direction}_audio"] += max(0, count - sum(details.values()))
    tokens["thoughts"] += usage.thoughts
    return tokens


def _kind(direction: str, modality: str) -> str:
    kind = f"{direction}_{_MODALITIES.get(modality, 'audio')}"
    return kind if kind in KINDS else f"{direction}_audio"


def _discount(usage: incoming.Usage, tokens: Counter[str], prices: Prices) -> float:
    """What need not be paid, for a million; of what has no kind, nothing."""
    kept: Counter[str] = Counter()
    for modality, number in usage.cached_details.items():
        kept[_kind("input", modality)] += number
    full = sum((kept & tokens)[kind] * prices.of(kind) for kind in kept)
    return full * (1 - prices.cached)


def most_for_next(context: Sum, prices: Prices, hold_s: float) -> float:
    """What the next turn costs at most.

    The context as it is, the longest question, and an answer of ``ANSWER_S``. What
    tools and long thought add is not in it.

    Args:
        context: The turn before: all of it but the thoughts is the context now.
        prices: Of the model.
        hold_s: The longest question, seconds.
    """
    sound = AUDIO_TOKENS_PER_S
    millionths = hold_s * sound * prices.input_audio
    millionths += ANSWER_S * sound * prices.output_audio
    for kind, count in context.tokens.items():
        if kind != "thoughts":
            millionths += count * prices.of(kind.replace("output", "input"))
    return round(millionths / MILLION, 9)


class OnceATurn:
    """Which counts stand for which turn: of those of one generation only the last.

    Several messages of a turn may carry counts, the same again or more of them; to
    add them up would bill the context twice. A turn is the model's: it begins with
    what the model says, and ends with ``turnComplete``, with the link, or where the
    next one begins. So one that nobody asked for, was talked over, or lost its link
    counts once, too.

    A function call makes two generations of a turn, and what is known of their counts
    is not one thing. The Developer API sends one count at the end of the turn, with
    the prompt once, and the tokens of the call among the response's (recordings of
    2.5 native audio and 3.1, pydantic-ai tests/realtime/cassettes/test_google_ws). A
    gateway to Vertex ends a turn for each, with a count of its own (test_parity_ws
    there). Counts on the message of the call itself were seen, too (litellm pull
    request 26590, strands-agents/harness-sdk 3725); that would be all of the first
    generation. The prompt tells these apart: within a generation it does not change,
    and that of the one after a call holds the call and its result, so it is longer.
    Hence a count after a call with a longer prompt stands beside the one before it,
    and one with the same prompt takes its place, also behind a ``turnComplete``:
    extended thinking ends several turns for one question. Should a server count a
    whole turn together after each call, this is too much by one context: better so
    than too little.
    """

    def __init__(self) -> None:
        self._last = incoming.Usage()
        self._repeats = False
        self._complete = False
        self._called = False

    def take(self, event: incoming.ServerEvent) -> bool | None:
        """What an event does to the bill.

        Returns:
            None: nothing. False: it is the first count of a generation. True: it takes
            the place of the one before.
        """
        match event:
            case incoming.Usage():
                return self._count(event)
            case incoming.TurnComplete():
                # Two without a word between them: the second turn had not begun.
                self._repeats = self._repeats and not self._complete
                self._complete = True
            case incoming.Audio() | incoming.Progress() | incoming.ToolCall():
                self._repeats = self._repeats and not self._complete
                earlier = self._called and not self._complete
                self._called = earlier or isinstance(event, incoming.ToolCall)
                self._complete = False
            case incoming.SetupComplete():
                self._last, self._repeats = incoming.Usage(), False
                self._complete = self._called = False
            case _:
                pass
        return None

    def _count(self, usage: incoming.Usage) -> bool | None:
        last, self._last = self._last, usage
        if usage == last:
            return None
        same = 0 < usage.prompt == last.prompt
        another = self._called and usage.prompt > last.prompt
        repeats = same or (self._repeats and not another)
        self._repeats = True
        return repeats
