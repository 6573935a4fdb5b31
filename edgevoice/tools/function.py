"""Tools that are Python functions, of packages installed beside edgevoice.

A package offers one by an entry point, ``[project.entry-points."edgevoice.tools"]``:
``weather = "my_package:weather"``. The settings name those that are used; no other is
loaded. The schema comes from the signature, the description from the docstring, those
of the parameters from its ``Args:`` (Google style).
"""

import asyncio
import inspect
import typing
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from edgevoice.errors import ConfigError
from edgevoice.tools.signature import Function, parameters_of, taken_by, told
from edgevoice.tools.tool import Arguments, Described, Refused, Result, failed

GROUP: Final = "edgevoice.tools"
"""Of the entry points."""


class FunctionTool(Described, kw_only=True):
    """A tool that is a Python function.

    A plain one runs in a thread of its own, where nothing can end it: after a
    cancellation it runs on, and what it returns is dropped. An async one is cancelled.
    An async generator goes on in the background; each of its values is a result.
    Whatever it raises is an error for the model, ``sys.exit()`` too.
    """

    function: Function
    taken: type[Struct]

    def refusal(self, arguments: Arguments) -> str | None:
        """What its signature does not take; see ``Tool.refusal``."""
        try:
            self._checked(arguments)
        except Refused as error:
            return str(error)
        return None

    async def call(self, arguments: Arguments) -> AsyncGenerator[Result, None]:
        """Run it; see ``Tool.call``."""
        try:
            values = self._checked(arguments)
            async with asyncio.timeout(self.timeout_s):
                result = await self._begun(values)
        except Refused as error:
            yield failed(error)
        except TimeoutError:
            yield failed(f"took over {self.timeout_s:g} s and was stopped")
        except (Exception, SystemExit) as error:  # noqa: BLE001  nothing else falls
            yield failed(f"{type(error).__name__}: {error}")
        else:
            if not isinstance(result, AsyncIterator):
                yield Result(response={"output": "done" if result is None else result})
                return
            async with aclosing(_in_time(result, self.timeout_s)) as results:
                async for one in results:
                    yield one

    def _checked(self, arguments: Arguments) -> dict[str, Any]:
        """The arguments as the function takes them; jsonschema would be dear for that.

        Raises:
            Refused: They are others than those of its signature.
        """
        needed = (self.parameters or {}).get("required", ())
        # Models write null for what they leave out.
        given = {
            n: one for n, one in arguments.items() if one is not None or n in needed
        }
        try:
            # Not strict: 2.0 is a whole number too, as JSON has it.
            taken = msgspec.convert(given, self.taken, strict=False)
        except msgspec.ValidationError as error:
            words, _, where = str(error).replace("`", "").partition(" - at $.")
            raise Refused(f"{where}: {words}" if where else words) from None
        values = msgspec.structs.asdict(taken)
        return {name: one for name, one in values.items() if one is not UNSET}

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
    except (Exception, SystemExit) as error:  # noqa: BLE001  nothing else falls
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
        ConfigError: A parameter has no type, or one that has no schema; or it is no
            function, but a class, an object that can be called, a ``partial``.
    """
    documentation = inspect.getdoc(function) or ""
    description, _, rest = documentation.partition("\n\n")
    return FunctionTool(
        name=name,
        description=" ".join(description.split()),
        parameters=parameters_of(function, dict(told(rest))),
        background=inspect.isasyncgenfunction(function),
        function=function,
        taken=taken_by(function),
        **manner,
    )


# -- those that are installed --------------------------------------------------------


def installed(name: str) -> Function:
    """The function that a package offers under this name.

    Raises:
        ConfigError: There is none, or it cannot be loaded.
    """
    import difflib
    from importlib.metadata import entry_points

    known = {one.name: one for one in entry_points(group=GROUP)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        listed = ", ".join(sorted(known)) or "none"
        meant = f"did you mean {near[0]}?" if near else f"installed: {listed}"
        raise ConfigError(f"no package offers it (entry point {GROUP}); {meant}")
    try:
        function = known[name].load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever its module does
        raise ConfigError(
            f"cannot be loaded: {type(error).__name__}: {error}"
        ) from None
    if not callable(function):
        raise ConfigError(f"{known[name].value} is no function")
    return typing.cast(Function, function)
