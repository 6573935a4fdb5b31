"""The pure parts of scripts/bench: what its numbers are made of, and its verdicts."""

import pytest
from benchmarks.figures import fit, percentile, ratio
from benchmarks.goals import GOALS, Goal
from benchmarks.report import columns, figures, growth, verdicts
from benchmarks.turns import capture_to_wire

LENGTHS = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0)


def test_a_ratio_is_that_of_each_round_and_not_of_the_medians() -> None:
    assert ratio([1.0, 10.0, 3.0], [2.0, 40.0, 30.0]) == 0.25


def test_rounds_that_one_program_missed_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="argument"):
        ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == value


def test_a_percentile_between_two_values_is_the_larger_one() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 60) == 3.0


def test_the_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 1) == 7.0


def test_a_cost_that_stays_is_flat() -> None:
    noisy = [(x, 5.0 + 0.1 * (-1) ** n) for n, x in enumerate(LENGTHS)]
    assert fit(noisy).verdict == "flat"


def test_a_cost_that_falls_is_flat() -> None:
    found = fit([(x, 10.0 - x / 60) for x in LENGTHS])
    assert found.verdict == "flat"
    assert found.growth == 0.0


def test_nothing_costs_less_than_nothing_at_once() -> None:
    assert fit([(x, 2.0 * x - 1.5) for x in LENGTHS]).constant >= 0.0


@pytest.mark.parametrize("constant", [0.0, 3.0, 50.0])
def test_a_cost_for_every_second_is_linear_whatever_it_costs_at_once(
    constant: float,
) -> None:
    found = fit([(x, constant + 2.0 * x) for x in LENGTHS])
    assert found.verdict == "linear"
    assert found.exponent == pytest.approx(1.0, abs=0.02)
    assert found.constant == pytest.approx(constant, abs=0.1)


def test_a_cost_that_grows_with_the_square_is_worse_than_linear() -> None:
    found = fit([(x, 100.0 + x**2) for x in LENGTHS])
    assert found.verdict == "worse than linear"
    assert found.exponent == pytest.approx(2.0, abs=0.02)


def test_a_fit_gives_back_what_it_was_made_from() -> None:
    found = fit([(x, 4.0 + 3.0 * x) for x in LENGTHS])
    assert [found.at(x) for x in LENGTHS] == pytest.approx(
        [4.0 + 3.0 * x for x in LENGTHS], rel=0.01
    )
    assert found.growth == pytest.approx(119 * 3 / 7, rel=0.01)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (1.5, "stretch"),
        (2.0, "stretch"),
        (2.1, "met"),
        (5.0, "met"),
        (5.1, "MISSED"),
        (None, "not measured"),
    ],
)
def test_a_goal_is_met_up_to_its_limit(value: float | None, verdict: str) -> None:
    assert Goal("a figure", "ms", 5.0, 2.0).verdict(value) == verdict


def test_a_goal_without_a_better_one_is_met_at_best() -> None:
    assert Goal("a figure", "ms", 5.0).verdict(0.0) == "met"


def test_where_only_a_better_limit_is_set_nothing_is_missed() -> None:
    goal = Goal("a figure", "of A", None, 0.7)
    assert (goal.verdict(0.6), goal.verdict(0.8)) == ("stretch", "no stretch")


def test_no_goal_is_worse_than_its_stretch() -> None:
    for goal in GOALS.values():
        if goal.goal is not None and goal.stretch is not None:
            assert goal.stretch < goal.goal


def test_the_table_has_a_row_for_every_goal_and_says_what_was_not_measured() -> None:
    head, *rows = verdicts({"start": 0.3, "idle": 100.0})
    assert head == ["figure", "goal", "stretch", "value", "verdict"]
    assert len(rows) == len(GOALS)
    assert rows[0] == [GOALS["start"].figure, "0.35", "0.25", "0.30 of A", "met"]
    assert {row[-1] for row in rows} == {"met", "MISSED", "not measured"}


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns([["a", "b"], ["long", "x"]]) == ["a     b", "----  -", "long  x"]


def test_growth_has_no_exponent_where_there_is_none() -> None:
    flat, steep = (fit([(x, cost(x)) for x in LENGTHS]) for cost in (abs_of, double))
    assert growth({"one": flat, "other": steep})[1:] == [
        ["one", "flat", "-", "x 1"],
        ["other", "linear", "1.00", "x 120"],
    ]


def abs_of(_: float) -> float:
    return 5.0


def double(x: float) -> float:
    return 2.0 * x


def test_figures_keep_three_digits_that_count() -> None:
    assert figures({"a": 0.123, "b": 12.34, "c": 1234.5, "d": 0.0})[1:] == [
        ["a", "0.12"],
        ["b", "12.3"],
        ["c", "1234"],
        ["d", "0"],
    ]


def test_the_last_sample_is_as_late_as_its_message_beyond_the_quickest() -> None:
    # Block n is captured at 10 + n * 0.02; the pre-roll's blocks are of long before.
    late = [(9.9, 290), (10.043, 2), (10.141, 7), (10.161, 8), (10.197, 9)]
    assert capture_to_wire(late) == pytest.approx(0.197 - 9 * 0.02 - 0.001)


def test_a_last_sample_that_is_the_quickest_is_not_late() -> None:
    assert capture_to_wire([(9.9, 0), (10.05, 2), (10.06, 3)]) == 0.0
