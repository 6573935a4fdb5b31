"""Tools that are Python functions, of packages installed beside edgevoice.

A package offers one by an entry point, ``[project.entry-points."edgevoice.tools"]``:
``weather = "my_package:weather"``. The settings name those that are used; no other is
loaded. The schema comes from the signature, the description from the docstring, those
of the parameters from its ``Args:`` (Google style).
"""

import asyncio
import difflib
import inspect
import re
import types
import typing
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Literal, TypeAlias, Union

from edgevoice.errors import ConfigError
from edgevoice.tools.schema import checked
from edgevoice.tools.tool import Arguments, Described, Refused, Result, failed

GROUP: Final = "edgevoice.tools"
"""Of the entry points."""

Function: TypeAlias = Callable[..., Any]
"""What is called: a function, a coroutine function or an async generator function."""

_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


class FunctionTool(Described, kw_only=True):
    """A tool that is a Python function.

    A plain one runs in a thread of its own, where nothing can end it: after a
    cancellation it runs on, and what it returns is dropped. An async one is cancelled.
    An async generator goes on in the background; each of its values is a result.
    """

    function: Function

    async def call(self, arguments: Arguments) -> AsyncGenerator[Result, None]:
        """Run it; see ``Tool.call``."""
        try:
            values = checked(arguments, self.parameters)
            async with asyncio.timeout(self.timeout_s):
                result = await self._begun(values)
        except Refused as error:
            yield failed(error)
        except TimeoutError:
            yield failed(f"took over {self.timeout_s:g} s and was stopped")
        except Exception as error:  # noqa: BLE001  the model is told, nothing else falls
            yield failed(f"{type(error).__name__}: {error}")
        else:
            if not isinstance(result, AsyncIterator):
                yield Result(response={"output": "done" if result is None else result})
                return
            async with aclosing(_in_time(result, self.timeout_s)) as results:
                async for one in results:
                    yield one

    async def _begun(self, values: dict[str, Any]) -> Any:
        if inspect.isasyncgenfunction(self.function):
            return self.function(**values)
        if inspect.iscoroutinefunction(self.function):
            return plain(await self.function(**values))
        return plain(await asyncio.to_thread(self.function, **values))


async def _in_time(
    values: AsyncIterator[Any], timeout_s: float
) -> AsyncGenerator[Result, None]:
    """Each value as a result, and one to end them."""
    end = asyncio.get_running_loop().time() + timeout_s
    try:
        while True:
            async with asyncio.timeout_at(end):
                value = plain(await anext(values))
            yield Result(response={"output": value}, more=True)
    except StopAsyncIteration:
        yield Result(response={"output": "done"})
    except TimeoutError:
        yield failed(f"took over {timeout_s:g} s and was stopped")
    except Exception as error:  # noqa: BLE001  the model is told, nothing else falls
        yield failed(f"{type(error).__name__}: {error}")
    finally:
        if isinstance(values, AsyncGenerator):
            await values.aclose()


def plain(value: Any) -> Any:
    """The value as JSON has it; what JSON has not, as text."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, float) and not -1e308 <= value <= 1e308:
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


# -- from a function to a tool -----------------------------------------------------


def tool_of(function: Function, name: str, **manner: Any) -> FunctionTool:
    """The function as a tool.

    Args:
        function: What is called.
        name: As the model calls it.
        manner: Other attributes of ``Described``.

    Raises:
        ConfigError: A parameter has no type, or one that has no schema.
    """
    documentation = inspect.getdoc(function) or ""
    description, _, rest = documentation.partition("\n\n")
    return FunctionTool(
        name=name,
        description=" ".join(description.split()),
        parameters=parameters_of(function, dict(_told(rest))),
        background=inspect.isasyncgenfunction(function),
        function=function,
        **manner,
    )


def parameters_of(
    function: Function, told: dict[str, str] | None = None
) -> dict[str, Any] | None:
    """JSON schema of what a function takes; None if it takes nothing.

    Args:
        function: Its signature counts.
        told: What is said of each parameter.

    Raises:
        ConfigError: See ``tool_of``.
    """
    hints = typing.get_type_hints(function)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, one in inspect.signature(function).parameters.items():
        if one.kind not in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}:
            raise ConfigError(
                f"parameter {name}: must be one that can be given by name"
            )
        if name not in hints:
            raise ConfigError(f"parameter {name}: needs a type, such as {name}: str")
        properties[name] = _schema(hints[name], name)
        if told and name in told:
            properties[name]["description"] = told[name]
        if one.default is inspect.Parameter.empty:
            required.append(name)
    if not properties:
        return None
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return {**schema, "additionalProperties": False}


def _schema(hint: Any, name: str) -> dict[str, Any]:
    if hint in _TYPES:
        return {"type": _TYPES[hint]}
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _schema(inner[0], name)
    if origin is Literal and all(isinstance(one, str) for one in inner):
        return {"type": "string", "enum": [*inner]}
    if hint is list or origin is list:
        return {
            "type": "array",
            **({"items": _schema(inner[0], name)} if inner else {}),
        }
    if hint is dict or origin is dict:
        return {"type": "object"}
    if origin in {Union, types.UnionType}:
        kinds = [one for one in inner if one is not type(None)]
        if len(kinds) == 1:  # optional: it may be left out, which its default says
            return _schema(kinds[0], name)
    raise ConfigError(
        f"parameter {name}: {hint} has no schema; known are str, int, float, bool, "
        "Literal of texts, list, dict and Optional of these"
    )


def _told(documentation: str) -> Iterator[tuple[str, str]]:
    """What the ``Args:`` of a docstring say of each parameter."""
    found = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)+)", documentation, re.MULTILINE)
    if not found:
        return
    entries = re.split(r"\n(?=[ \t]{1,4}\w)", f"\n{found[1]}")
    for entry in entries:
        if match := re.match(r"\s*\*{0,2}(\w+)(?: ?\([^)]*\))?:\s*(.*)", entry, re.S):
            yield match[1], " ".join(match[2].split())


# -- those that are installed --------------------------------------------------------


def installed(name: str) -> Function:
    """The function that a package offers under this name.

    Raises:
        ConfigError: There is none, or it cannot be loaded.
    """
    known: dict[str, EntryPoint] = {one.name: one for one in entry_points(group=GROUP)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        listed = ", ".join(sorted(known)) or "none"
        meant = f"did you mean {near[0]}?" if near else f"installed: {listed}"
        raise ConfigError(f"no package offers it (entry point {GROUP}); {meant}")
    try:
        function = known[name].load()
    except Exception as error:  # noqa: BLE001  whatever its module does
        raise ConfigError(
            f"cannot be loaded: {type(error).__name__}: {error}"
        ) from None
    if not callable(function):
        raise ConfigError(f"{known[name].value} is no function")
    return typing.cast(Function, function)
