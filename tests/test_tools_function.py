import asyncio
import importlib.metadata
import sys
import threading
from collections.abc import AsyncIterator
from functools import cache, partial
from importlib.metadata import EntryPoint
from typing import Any, Literal, Optional

import pytest

from edgevoice.errors import ConfigError
from edgevoice.tools import function
from edgevoice.tools.function import installed, plain, tool_of
from edgevoice.tools.signature import Function, parameters_of
from edgevoice.tools.tool import Result


def weather(
    place: str,
    days: int = 1,
    unit: Literal["celsius", "fahrenheit"] = "celsius",
    hours: list[int] | None = None,
    fine: Optional[bool] = None,  # noqa: UP045  older code has it
) -> dict[str, Any]:
    """Forecast the weather
    of a place.

    Longer words that cost tokens.

    Args:
        place: Town or village,
            in any language.
        days (int): How many.

    Returns:
        A forecast.
    """
    return {"place": place, "days": days, "unit": unit, "hours": hours, "fine": fine}


async def results(called: Function, timeout_s: float = 5, **given: Any) -> list[Result]:
    tool = tool_of(called, "it", timeout_s=timeout_s)
    return [result async for result in tool.call(given)]


async def response(called: Function, timeout_s: float = 5, **given: Any) -> Any:
    [result] = await results(called, timeout_s, **given)
    return result.response


def test_signature_and_docstring_are_the_declaration() -> None:
    tool = tool_of(weather, "forecast")

    assert tool.name == "forecast"
    assert tool.description == "Forecast the weather of a place."
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "place": {
                "type": "string",
                "description": "Town or village, in any language.",
            },
            "days": {"type": "integer", "description": "How many."},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "hours": {"type": "array", "items": {"type": "integer"}},
            "fine": {"type": "boolean"},
        },
        "required": ["place"],
        "additionalProperties": False,
    }


def test_what_takes_nothing_has_no_parameters() -> None:
    def nothing() -> None:
        pass

    assert parameters_of(nothing) is None


def _untyped(a) -> None:  # type: ignore[no-untyped-def]  # that is the point
    pass


def _bytes(a: bytes) -> None:
    pass


def _any_number(*a: int) -> None:
    pass


def _either(a: int | str) -> None:
    pass


@pytest.mark.parametrize(
    ("called", "words"),
    [
        (_untyped, "parameter a: needs a type, such as a: str"),
        (_bytes, "parameter a: <class 'bytes'> has no schema"),
        (_either, "parameter a: int | str has no schema"),
        (_any_number, "parameter a: must be one that can be given by name"),
    ],
)
def test_a_signature_that_makes_no_schema_is_a_mistake(
    called: Function, words: str
) -> None:
    with pytest.raises(ConfigError, match="parameter a: ") as caught:
        tool_of(called, "it")
    assert str(caught.value).startswith(words)


def _unseen(a: "OnlyForTheChecker") -> None:  # type: ignore[name-defined]  # noqa: F821  the point
    pass


class _Callable:
    def __call__(self, place: str) -> str:
        return place


@pytest.mark.parametrize(
    ("called", "words"),
    [
        (
            _unseen,
            "name 'OnlyForTheChecker' is not defined; import what its types name",
        ),
        (partial(weather, days=2), "is no plain function; offer a def that calls it"),
        (_Callable(), "is no plain function; offer a def that calls it"),
        (_Callable, "is no plain function; offer a def that calls it"),
        (getattr, "is no plain function; offer a def that calls it"),
    ],
)
def test_what_has_no_signature_to_be_read_is_a_mistake(
    called: Function, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        tool_of(called, "it")
    assert str(caught.value).startswith(words)


def test_a_function_that_is_wrapped_is_read_all_the_same() -> None:
    assert parameters_of(cache(weather)) == parameters_of(weather)


# -- calls -----------------------------------------------------------------------------


async def test_a_plain_function_runs_in_a_thread_of_its_own() -> None:
    def where() -> str:
        return threading.current_thread().name

    assert (await response(where))["output"] != threading.current_thread().name
    assert await response(weather, place="Rom", days=2.0, unit=None) == {
        "output": {
            "place": "Rom",
            "days": 2,
            "unit": "celsius",
            "hours": None,
            "fine": None,
        }
    }


async def test_an_async_function_runs_on_the_loop_and_can_be_cancelled() -> None:
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(response(wait))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert ended.is_set()


async def test_arguments_are_judged_before_the_call() -> None:
    assert await response(weather) == {"error": "Object missing required field place"}
    assert await response(weather, place="Rom", unit="kelvin") == {
        "error": "unit: Invalid enum value 'kelvin'"
    }
    assert await response(weather, place=3) == {"error": "place: Expected str, got int"}
    assert await response(weather, place="Rom", colour=3) == {
        "error": "Object contains unknown field colour"
    }
    assert await response(weather, place="Rom", hours=["x"]) == {
        "error": "hours[0]: Expected int, got str"
    }


def test_what_a_signature_does_not_take_is_known_before_it_runs() -> None:
    tool = tool_of(weather, "forecast")

    assert tool.refusal({"place": 3}) == "place: Expected str, got int"
    assert tool.refusal({"place": "Rom"}) is None


async def test_a_function_that_returns_nothing_is_done() -> None:
    async def act() -> None:
        pass

    assert await response(act) == {"output": "done"}


async def test_an_error_of_the_function_is_one_for_the_model() -> None:
    async def fail() -> None:
        raise ValueError("the cloud\nis away")

    assert await response(fail) == {"error": "ValueError: the cloud is away"}


async def test_a_function_that_would_end_the_program_does_not() -> None:
    def plain_one() -> None:
        sys.exit(3)

    async def async_one() -> None:
        sys.exit(3)

    async def generator() -> AsyncIterator[int]:
        yield 1
        sys.exit(3)

    for one in (plain_one, async_one, generator):
        *_, last = await results(one)
        assert last.response == {"error": "SystemExit: 3"}


async def test_a_function_that_takes_too_long_is_given_up() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    assert await response(wait, 0.05) == {"error": "took over 0.05 s and was stopped"}


async def test_each_value_of_a_generator_is_a_result() -> None:
    async def count(to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    assert tool_of(count, "it").background
    assert await results(count, to=2) == [
        Result(response={"output": 0}, more=True),
        Result(response={"output": 1}, more=True),
        Result(response={"output": "done"}),
    ]


async def test_a_generator_is_closed_with_the_call_and_given_up_in_time() -> None:
    closed = []

    async def count() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    call = tool_of(count, "it", timeout_s=5.0).call({})
    assert (await anext(call)).response == {"output": 1}
    await call.aclose()
    assert closed == [True]
    assert (await results(count, 0.05))[1].response == {
        "error": "took over 0.05 s and was stopped"
    }
    assert closed == [True, True]


def test_what_json_has_not_becomes_text() -> None:
    assert plain({1: {2}, "a": (1.5, None, float("nan"), b"x")}) == {
        "1": [2],
        "a": [1.5, None, "nan", "b'x'"],
    }


# -- entry points ----------------------------------------------------------------------


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages that offer functions."""
    points = [
        EntryPoint("weather", f"{__name__}:weather", function.GROUP),
        EntryPoint("broken", "no_such_package:f", function.GROUP),
        EntryPoint("number", f"{__name__}:NUMBER", function.GROUP),
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)


NUMBER = 3


@pytest.mark.usefixtures("offered")
def test_a_function_comes_from_the_package_that_offers_it() -> None:
    assert installed("weather").__name__ == "weather"


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wether", "no package offers it (entry point edgevoice.tools); did you mean"),
        (
            "xyz",
            "no package offers it (entry point edgevoice.tools); installed: broken",
        ),
        ("broken", "cannot be loaded: ModuleNotFoundError: No module named"),
        ("number", f"{__name__}:NUMBER is no function"),
    ],
)
def test_a_function_that_cannot_be_had_is_a_mistake(name: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        installed(name)
    assert str(caught.value).startswith(words)
