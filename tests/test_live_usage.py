"""Tokens to money, and which count stands for which turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.live import incoming
from edgevoice.live.incoming import Audio, SetupComplete, ToolCall, TurnComplete, Usage
from edgevoice.live.usage import (
    FAMILIES,
    KINDS,
    OnceATurn,
    Prices,
    Sum,
    bill,
    dearest,
    most_for_next,
    prices_of,
)

PRICES = Prices(
    input_text=1, input_audio=3, input_image=2, output_text=5, output_audio=12
)
COUNTS = st.integers(0, 200_000)
MODALITIES = st.sampled_from(("TEXT", "AUDIO", "IMAGE", "VIDEO", "DOCUMENT", "SMELL"))
DETAILS = st.dictionaries(MODALITIES, COUNTS)
USAGES = st.builds(
    Usage,
    prompt=COUNTS,
    cached=COUNTS,
    response=COUNTS,
    thoughts=COUNTS,
    tools=COUNTS,
    prompt_details=DETAILS,
    cached_details=DETAILS,
    response_details=DETAILS,
    tools_details=DETAILS,
)


def test_every_kind_has_its_price() -> None:
    usage = Usage(
        prompt=60,
        response=30,
        thoughts=7,
        tools=5,
        prompt_details={"TEXT": 10, "AUDIO": 20, "IMAGE": 30},
        response_details={"TEXT": 10, "AUDIO": 20},
        tools_details={"TEXT": 5},
    )

    turn = bill(usage, PRICES)

    assert turn.tokens == {
        "input_text": 15,
        "input_audio": 20,
        "input_image": 30,
        "output_text": 10,
        "output_audio": 20,
        "thoughts": 7,
    }
    dollars = 15 * 1 + 20 * 3 + 30 * 2 + 10 * 5 + 20 * 12 + 7 * 5
    assert turn.money == pytest.approx(dollars / 1e6)
    assert turn.turns == 1


def test_what_the_details_leave_out_counts_as_the_dearest() -> None:
    # discuss.ai.google.dev/t/188765: 25 tokens of the prompt are of no kind
    details = {"TEXT": 332, "AUDIO": 165}
    usage = Usage(prompt=522, response=42, thoughts=136, prompt_details=details)

    assert bill(usage, PRICES).tokens == {
        "input_text": 332,
        "input_audio": 190,
        "output_audio": 42,
        "thoughts": 136,
    }


def test_what_the_server_had_kept_may_cost_less() -> None:
    usage = Usage(
        prompt=100,
        prompt_details={"AUDIO": 100},
        cached=40,
        cached_details={"AUDIO": 40},
    )
    cheaper = Prices(
        input_text=1,
        input_audio=3,
        input_image=2,
        output_text=5,
        output_audio=12,
        cached=0.25,
    )

    assert bill(usage, PRICES).money == pytest.approx(300 / 1e6)
    assert bill(usage, cheaper).money == pytest.approx((180 + 30) / 1e6)


@given(USAGES, st.floats(0, 1))
def test_nothing_is_lost_and_nothing_is_negative(usage: Usage, cached: float) -> None:
    prices = Prices(
        input_text=1,
        input_audio=3,
        input_image=2,
        output_text=5,
        output_audio=12,
        cached=cached,
    )

    turn, full = bill(usage, prices), bill(usage, PRICES)

    assert 0 <= turn.money <= full.money + 1e-9
    assert set(turn.tokens) <= {*KINDS}
    assert turn.total >= usage.prompt + usage.response + usage.thoughts + usage.tools
    assert full.money <= turn.total * 12 / 1e6 + 1e-9
    assert full.plus(turn).plus(turn, -1).tokens == full.tokens


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gemini-3.8-live", "gemini-3.8-live"),
        ("models/gemini-3.8-live-extended-thinking", "gemini-3.8-live"),
        ("gemini-3.1-flash-live-preview", "gemini-3.1-flash-live"),
        (
            "gemini-2.5-flash-native-audio-preview-12-2025",
            "gemini-2.5-flash-native-audio",
        ),
    ],
)
def test_a_model_has_the_prices_of_its_family(model: str, family: str) -> None:
    assert prices_of(model) == FAMILIES[family]


def test_a_model_that_is_not_known_costs_no_less_than_any_other() -> None:
    assert prices_of("gemini-9-live") is None
    for prices in FAMILIES.values():
        assert all(dearest().of(kind) >= prices.of(kind) for kind in KINDS)


def test_the_next_turn_costs_its_context_a_question_and_an_answer() -> None:
    context = Sum(tokens={"input_text": 100, "output_audio": 50, "thoughts": 999})

    most = most_for_next(context, PRICES, hold_s=10)

    # what was said is heard again, and thoughts are not kept
    assert most == pytest.approx(
        (100 * 1 + 50 * 3 + 10 * 32 * 3 + 60 * 32 * 12) / 1e6, abs=1e-9
    )


# -- once a turn -----------------------------------------------------------------

SOUND, END, LINK = Audio(b"\0\0"), TurnComplete(), SetupComplete()


def counted(*events: incoming.ServerEvent) -> list[int]:
    """What the bill comes to: the prompts of the counts that stand."""
    once = OnceATurn()
    standing: list[int] = []
    for event in events:
        corrects = once.take(event)
        if isinstance(event, Usage) and corrects is not None:
            standing[len(standing) - corrects :] = [event.prompt]
    return standing


def tokens(prompt: int) -> Usage:
    return Usage(prompt=prompt, total=prompt)


def more(prompt: int) -> Usage:
    """Of the same generation, later."""
    return Usage(prompt=prompt, response=5, total=prompt + 5)


@pytest.mark.parametrize(
    "events",
    [
        (SOUND, END, tokens(9)),
        (SOUND, tokens(9), END, tokens(9)),  # the same again
        (SOUND, tokens(3), SOUND, tokens(6), END, tokens(9)),  # more and more
        (SOUND, END, tokens(3), tokens(9)),  # after the end
        (SOUND, tokens(9), LINK),  # the link was lost
        (SOUND, tokens(9), incoming.Interrupted(), END),  # talked over
        (END, tokens(9)),  # it had nothing to say
    ],
)
def test_a_turn_counts_once_whatever_it_tells(
    events: tuple[incoming.ServerEvent, ...],
) -> None:
    assert counted(*events) == [9]
    assert counted(*events, SOUND, END, tokens(20)) == [9, 20]


def test_turns_without_a_word_count_each() -> None:
    assert counted(END, tokens(1), END, tokens(2), END, tokens(3)) == [1, 2, 3]


def test_a_turn_that_is_closed_twice_counts_once() -> None:
    assert counted(SOUND, END, tokens(9), END, tokens(9)) == [9]


def test_after_a_lost_link_the_same_count_is_another_turn() -> None:
    assert counted(SOUND, tokens(9), LINK, SOUND, tokens(9)) == [9, 9]


CALL = ToolCall("id", "name")


@pytest.mark.parametrize(
    ("events", "standing"),
    [
        # One count at the end, as the Developer API was recorded to send it.
        ((CALL, SOUND, END, tokens(9)), [9]),
        # A turn for each generation, as a gateway to Vertex.
        ((CALL, END, tokens(24), SOUND, END, tokens(44)), [24, 44]),
        # A count with the call, before or behind it.
        ((CALL, tokens(24), SOUND, END, tokens(44)), [24, 44]),
        ((tokens(24), CALL, SOUND, END, tokens(44)), [24, 44]),
        ((CALL, tokens(24), SOUND, tokens(44), END, tokens(44)), [24, 44]),
        ((CALL, tokens(2), CALL, tokens(4), SOUND, END, tokens(6)), [2, 4, 6]),
        # The same prompt is the same generation: the model did not wait.
        ((CALL, tokens(24), SOUND, END, more(24)), [24]),
        # Counted again and again; the call was in an earlier turn.
        ((CALL, END, SOUND, tokens(3), SOUND, tokens(6), END), [6]),
    ],
)
def test_what_is_generated_after_a_call_is_billed_beside_what_was_before(
    events: tuple[incoming.ServerEvent, ...], standing: list[int]
) -> None:
    assert counted(*events) == standing
    assert counted(*events, SOUND, END, tokens(90)) == [*standing, 90]


def test_of_several_turns_with_one_prompt_the_last_count_stands() -> None:
    """Extended thinking closes several turns for one question."""
    assert counted(SOUND, END, tokens(24), SOUND, END, more(24)) == [24]
    assert counted(SOUND, END, tokens(24), SOUND, END, tokens(31)) == [24, 31]


@given(st.lists(st.tuples(st.sampled_from((SOUND, CALL, END)), st.integers(0, 9))))
def test_counts_that_grow_are_never_billed_in_full_twice(
    history: list[tuple[incoming.ServerEvent, int]],
) -> None:
    """As many stand as there were longer prompts, at most."""
    prompt, events, most = 1, [], set()
    for event, grows in history:
        prompt += grows
        most.add(prompt)
        events += [event, tokens(prompt), tokens(prompt)]

    standing = counted(*events)

    assert len(standing) == len(set(standing)) <= len(most)
    assert standing[-1:] == [prompt][: len(history)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.booleans())))
def test_as_many_counts_stand_as_there_were_turns(
    turns: list[tuple[int, int, bool]],
) -> None:
    events: list[incoming.ServerEvent] = []
    for number, (sounds, told, late) in enumerate(turns, 1):
        events += [SOUND] * (sounds + 1)
        events += [tokens(number * 100 + n) for n in range(told)]
        events += [END, tokens(number * 100 + 50)] if late else [END]

    standing = counted(*events)

    assert [prompt // 100 for prompt in standing] == [*range(1, len(turns) + 1)]
    assert all(
        prompt % 100 == (50 if late else told - 1)
        for prompt, (_, told, late) in zip(standing, turns, strict=True)
    )
